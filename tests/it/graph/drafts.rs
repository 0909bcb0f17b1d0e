//! Drafts: made, answered as, sent.

use super::{code, deliver, ids, wait_for};
use crate::server::Server;
use crate::web::Web;
use serde_json::json;

#[test]
fn a_draft_is_kept_until_it_is_sent() {
    let server = Server::start();
    let (anna, ben) = (
        Web::page(&server, "anna@example.test"),
        Web::page(&server, "ben@example.test"),
    );
    let ben_only = json!([{"emailAddress": {"address": "ben@example.test"}}]);
    let made = anna
        .post(
            "/v1.0/me/messages",
            &json!({"subject": "Entwurf", "bccRecipients": ben_only}),
        )
        .expect(201);
    let draft = made.json();
    assert_eq!(
        (&draft["isDraft"], &draft["isRead"], &draft["subject"]),
        (&json!(true), &json!(true), &json!("Entwurf"))
    );
    assert_eq!(
        draft["bccRecipients"][0]["emailAddress"]["address"],
        "ben@example.test"
    );
    let id = draft["id"].as_str().unwrap();
    assert_eq!(
        made.header("location"),
        format!("{}/v1.0/me/messages/{id}", anna.base)
    );
    assert_eq!(ids(&anna, "drafts"), [id]);
    anna.send("POST", &format!("/v1.0/me/messages/{id}/send"), &[], b"")
        .expect(202);
    let got = wait_for(&ben, "inbox", 1);
    let source = ben.get(&format!("/v1.0/me/messages/{got}/$value")).text();
    assert!(
        !source.contains("Bcc") && source.matches("\r\nDate: ").count() <= 1,
        "{source}"
    );
    assert_eq!(
        (ids(&anna, "drafts").len(), ids(&anna, "sentitems").len()),
        (0, 1)
    );
    let sent = ids(&anna, "sentitems")[0].clone();
    let again = anna
        .send("POST", &format!("/v1.0/me/messages/{sent}/send"), &[], b"")
        .expect(400);
    assert_eq!(code(&again.json()), "ErrorInvalidRequest");
}

#[test]
fn a_whole_message_is_put_into_a_folder_as_it_is() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let mime = "U3ViamVjdDogYQ0KDQpiDQo=";
    let made = anna
        .send(
            "POST",
            "/v1.0/me/mailFolders/archive/messages",
            &["Content-Type: text/plain"],
            mime.as_bytes(),
        )
        .expect(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        anna.get(&format!("/v1.0/me/messages/{id}/$value")).text(),
        "Subject: a\r\n\r\nb\r\n"
    );
    // As Thunderbird puts away what it sent.
    let kept = anna
        .patch(
            &format!("/v1.0/me/messages/{id}"),
            &json!({"isDraft": false, "isRead": true}),
        )
        .expect(200);
    assert_eq!(kept.json()["isDraft"], false);
}

#[test]
fn an_answer_can_be_a_draft_first() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    deliver(
        &server,
        "From: x@other.test\nTo: anna@example.test\nSubject: Frage\nMessage-ID: <1@other.test>\n\nText\n",
    );
    let id = wait_for(&anna, "inbox", 1);
    let draft = anna
        .post(
            &format!("/v1.0/me/messages/{id}/createReply"),
            &json!({"comment": "Antwort"}),
        )
        .expect(201)
        .json();
    assert_eq!(
        (&draft["subject"], &draft["isDraft"]),
        (&json!("RE: Frage"), &json!(true))
    );
    assert_eq!(
        draft["toRecipients"][0]["emailAddress"]["address"],
        "x@other.test"
    );
    let forward = anna
        .send("POST", &format!("/v1.0/me/messages/{id}/createForward"), &[], b"")
        .expect(201)
        .json();
    assert_eq!(
        (&forward["subject"], &forward["toRecipients"]),
        (&json!("FW: Frage"), &json!([]))
    );
}
