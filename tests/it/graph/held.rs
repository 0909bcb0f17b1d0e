//! Messages that are held back: they leave at their time, and not when their author thinks better of it.

use super::{deliver, ids, wait_for};
use crate::server::{Server, wait_until};
use crate::web::Web;
use serde_json::{Value, json};
use std::time::Duration;

fn people(server: &Server) -> (Web, Web) {
    (
        Web::page(server, "anna@example.test"),
        Web::page(server, "ben@example.test"),
    )
}

/// A draft to ben, and whether it leaves so many seconds from now.
fn draft(anna: &Web, subject: &str) -> String {
    let to = json!([{"emailAddress": {"address": "ben@example.test"}}]);
    let made = anna.post(
        "/v1.0/me/messages",
        &json!({"subject": subject, "toRecipients": to}),
    );
    made.expect(201).json()["id"].as_str().unwrap().to_owned()
}

fn hold(anna: &Web, id: &str, seconds: i64) {
    let at = jiff::Timestamp::now() + jiff::Span::new().seconds(seconds);
    let when = json!([{"id": "SystemTime 0x3FEF", "value": at.to_string()}]);
    let path = format!("/v1.0/me/messages/{id}");
    anna.patch(&path, &json!({"singleValueExtendedProperties": when}))
        .expect(200);
    anna.send("POST", &format!("{path}/send"), &[], b"").expect(202);
}

fn held(anna: &Web) -> Vec<Value> {
    anna.get("/api/held").expect(200).json()["held"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn a_message_leaves_at_its_time_and_not_when_it_is_taken_back() {
    let server = Server::start();
    let (anna, ben) = people(&server);
    let id = draft(&anna, "Bedacht");
    hold(&anna, &id, 30);
    assert_eq!(held(&anna)[0]["draft"], id);
    assert_eq!(
        (ids(&anna, "drafts"), ids(&anna, "sentitems").len()),
        (vec![id.clone()], 0)
    );
    anna.delete(&format!("/api/held/{id}")).expect(204);
    assert!(held(&anna).is_empty());
    hold(&anna, &id, 1);
    wait_for(&ben, "inbox", 1);
    assert_eq!(
        (ids(&anna, "drafts").len(), ids(&anna, "sentitems").len()),
        (0, 1)
    );
    anna.delete(&format!("/api/held/{id}")).expect(404);
    let doctor = server.cli(&["doctor"]);
    assert!(!doctor.contains("wrong"), "{doctor}");
}

#[test]
fn what_is_held_back_leaves_after_a_restart_too_and_leaves_once() {
    let mut server = Server::start();
    let (anna, _) = people(&server);
    let id = draft(&anna, "Über Nacht");
    hold(&anna, &id, 2);
    server.kill();
    std::thread::sleep(Duration::from_secs(3));
    server.start_again();
    let (anna, ben) = people(&server);
    wait_for(&ben, "inbox", 1);
    server.kill();
    server.start_again();
    let (_, ben) = people(&server);
    assert_eq!(ids(&ben, "inbox").len(), 1);
    drop(anna);
}

#[test]
fn a_draft_that_is_changed_or_removed_meanwhile_does_not_leave() {
    let server = Server::start();
    let (anna, ben) = people(&server);
    let (changed, removed, kept) = (draft(&anna, "eins"), draft(&anna, "zwei"), draft(&anna, "drei"));
    for id in [&changed, &removed, &kept] {
        hold(&anna, id, 3);
    }
    let path = format!("/v1.0/me/messages/{changed}");
    anna.patch(&path, &json!({"subject": "eins, aber anders"}))
        .expect(200);
    anna.delete(&format!("/v1.0/me/messages/{removed}")).expect(204);
    wait_for(&ben, "inbox", 1);
    wait_until("nothing is held any more", Duration::from_secs(10), || {
        held(&anna).is_empty()
    });
    assert_eq!(ids(&ben, "inbox").len(), 1);
    assert_eq!(ids(&anna, "drafts"), [changed]);
}

#[test]
fn an_answer_that_was_a_draft_marks_what_it_answers() {
    let server = Server::start();
    let (anna, ben) = people(&server);
    deliver(
        &server,
        "Message-ID: <frage@other.test>\nFrom: ben@other.test\nSubject: Frage\n\n?\n",
    );
    let asked = wait_for(&anna, "inbox", 1);
    let made = anna.post(
        &format!("/v1.0/me/messages/{asked}/createReply"),
        &json!({"comment": "Ja."}),
    );
    let answer = made.expect(201).json()["id"].as_str().unwrap().to_owned();
    let to = json!([{"emailAddress": {"address": "ben@example.test"}}]);
    anna.patch(
        &format!("/v1.0/me/messages/{answer}"),
        &json!({"toRecipients": to}),
    )
    .expect(200);
    hold(&anna, &answer, 0);
    wait_for(&ben, "inbox", 1);
    // What MAPI says: 102 is answered.
    let expand = "singleValueExtendedProperties($filter=id%20eq%20'Integer%200x1081')";
    let shown = anna
        .get(&format!("/v1.0/me/messages/{asked}?$expand={expand}"))
        .expect(200)
        .json();
    assert_eq!(
        shown["singleValueExtendedProperties"][0]["value"], "102",
        "{shown}"
    );
}
