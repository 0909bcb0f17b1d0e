//! A folder by conversations, as the page lists it: `/api/conversations`, and deeds to whole conversations.

use crate::server::{Server, run, wait_until};
use crate::smtp::Talk;
use crate::web::Web;
use serde_json::{Value, json};
use std::time::Duration;

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";

/// `id`: of the message; `root`: of the one that began its conversation. Empty ones are left out.
fn deliver(server: &Server, to: &str, from: &str, subject: &str, (id, root): (&str, &str)) {
    let field = |name: &str, value: &str| match value {
        "" => String::new(),
        _ => format!("{name}: <{value}>\r\n"),
    };
    let message = format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\n{}{}\r\nText of {subject}.\r\n",
        field("Message-ID", id),
        field("References", root)
    );
    let reply = Talk::hello(server.smtp).deliver("x@other.test", &[to], message.as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
}

/// Three conversations: an offer with two answers, a question of two messages, and something without any id.
fn mailbox() -> (Server, Web) {
    let server = Server::start();
    let offer = ("Angebot", "a1@other.test");
    deliver(
        &server,
        BEN,
        "Lena Voss <lena@other.test>",
        offer.0,
        (offer.1, ""),
    );
    deliver(
        &server,
        BEN,
        "Mia <mia@other.test>",
        "Frage",
        ("b1@other.test", ""),
    );
    deliver(&server, BEN, "x@other.test", "Ohne Nummer", ("", ""));
    deliver(
        &server,
        BEN,
        "Karl <karl@other.test>",
        "Re: Angebot",
        ("a2@other.test", offer.1),
    );
    deliver(
        &server,
        BEN,
        "Mia <mia@other.test>",
        "Re: Frage",
        ("b2@other.test", "b1@other.test"),
    );
    deliver(
        &server,
        BEN,
        "LENA@other.test",
        "Re: Angebot",
        ("a3@other.test", offer.1),
    );
    let ben = Web::page(&server, BEN);
    (server, ben)
}

fn list(web: &Web, query: &str) -> Value {
    web.get(&format!("/api/conversations?{query}")).expect(200).json()
}

fn rows(listed: &Value) -> Vec<(&str, u64, u64, u64)> {
    let all = listed["conversations"].as_array().unwrap().iter();
    all.map(|c| {
        let number = |name: &str| c[name].as_u64().unwrap();
        let subject = c["message"]["subject"].as_str().unwrap();
        (subject, number("count"), number("here"), number("unread"))
    })
    .collect()
}

fn messages(web: &Web, folder: &str) -> Vec<Value> {
    let path = format!("/v1.0/me/mailFolders/{folder}/messages?$top=50");
    web.get(&path).expect(200).json()["value"]
        .as_array()
        .unwrap()
        .clone()
}

fn folder(web: &Web, name: &str) -> String {
    let found = web
        .get(&format!("/v1.0/me/mailFolders/{name}"))
        .expect(200)
        .json();
    found["id"].as_str().unwrap().to_owned()
}

fn outcome(web: &Web, begun: &Value) -> Value {
    let path = format!("/api/bulk/{}", begun["id"].as_str().unwrap());
    let mut last = begun.clone();
    wait_until("the job is over", Duration::from_secs(30), || {
        last = web.get(&path).expect(200).json();
        last["state"] != "running"
    });
    last
}

#[test]
fn a_folder_has_a_row_for_each_conversation_at_the_place_of_its_newest_message() {
    let (server, ben) = mailbox();
    let all = list(&ben, "folder=inbox");
    assert_eq!(all["total"], 3);
    let want = [
        ("Re: Angebot", 3, 3, 3),
        ("Re: Frage", 2, 2, 2),
        ("Ohne Nummer", 1, 1, 1),
    ];
    assert_eq!(rows(&all), want);
    // Pages are cut out of the same order, and each says how many there are.
    assert_eq!(rows(&list(&ben, "folder=inbox&skip=1&top=1")), want[1..2]);
    let behind = list(&ben, "folder=inbox&skip=3&top=5");
    assert_eq!(behind, json!({"total": 3, "conversations": []}));
    // A row says of its newest message what Graph says.
    for row in all["conversations"].as_array().unwrap() {
        let id = row["message"]["id"].as_str().unwrap();
        let graph = ben.get(&format!("/v1.0/me/messages/{id}")).expect(200).json();
        for (name, value) in row["message"].as_object().unwrap() {
            assert_eq!(value, &graph[name], "{name}");
        }
        assert_eq!(row["id"], graph["conversationId"]);
    }
    // Each writer once, the last at the end, under the name that was given before.
    assert_eq!(
        all["conversations"][0]["people"],
        json!([{"name": "Karl", "address": "karl@other.test", "isUnread": true},
            {"name": "Lena Voss", "address": "LENA@other.test", "isUnread": true}])
    );

    // What is read, flagged and put elsewhere is seen in the row; what lies elsewhere counts on.
    let inbox = messages(&ben, "inbox");
    let id = |n: usize| inbox[n]["id"].as_str().unwrap().to_owned();
    let change = |id: &str, what: Value| ben.patch(&format!("/v1.0/me/messages/{id}"), &what).expect(200);
    change(&id(2), json!({"isRead": true, "flag": {"flagStatus": "flagged"}}));
    let to = json!({"destinationId": "archive"});
    ben.post(&format!("/v1.0/me/messages/{}/move", id(0)), &to)
        .expect(201);
    let all = list(&ben, "folder=inbox");
    assert_eq!(
        rows(&all),
        [
            ("Re: Frage", 2, 2, 2),
            ("Re: Angebot", 3, 2, 1),
            ("Ohne Nummer", 1, 1, 1)
        ]
    );
    let offer = &all["conversations"][1];
    assert_eq!(
        (&offer["isFlagged"], &offer["hasAttachments"]),
        (&json!(true), &json!(false))
    );
    let unread: Vec<&Value> = offer["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["isUnread"])
        .collect();
    // Karl's was read; Lena has written an unread one here, and one elsewhere.
    assert_eq!(unread, [&json!(false), &json!(true)]);
    assert_eq!(rows(&list(&ben, "folder=archive")), [("Re: Angebot", 3, 1, 1)]);
    change(&id(2), json!({"flag": {"flagStatus": "complete"}}));
    assert_eq!(list(&ben, "folder=inbox")["conversations"][1]["isFlagged"], false);

    // A new answer brings its conversation to the top.
    deliver(
        &server,
        BEN,
        "Karl <karl@other.test>",
        "Noch etwas",
        ("a4@other.test", "a1@other.test"),
    );
    assert_eq!(rows(&list(&ben, "folder=inbox"))[0], ("Noch etwas", 4, 3, 2));
}

#[test]
fn a_deed_to_a_conversation_is_done_to_all_of_it_in_this_folder_and_taken_back() {
    let (server, ben) = mailbox();
    let (inbox, archive, trash) = (
        folder(&ben, "inbox"),
        folder(&ben, "archive"),
        folder(&ben, "deleteditems"),
    );
    let newest = messages(&ben, "inbox")[0]["id"].as_str().unwrap().to_owned();
    ben.post(
        &format!("/v1.0/me/messages/{newest}/move"),
        &json!({"destinationId": "archive"}),
    )
    .expect(201);
    let all = list(&ben, "folder=inbox");
    let id = |subject: &str| {
        let mut found = all["conversations"].as_array().unwrap().iter();
        let found = found.find(|c| c["message"]["subject"] == subject).unwrap();
        found["id"].clone()
    };
    let deed = |body: Value| ben.post("/api/bulk", &body);
    let wanted = json!({"action": "move", "destination": trash, "folder": inbox, "conversations": [id("Re: Angebot"), id("Ohne Nummer")]});
    let begun = deed(wanted).expect(201).json();
    assert_eq!(outcome(&ben, &begun)["changed"], 3);
    assert_eq!(rows(&list(&ben, "folder=inbox")), [("Re: Frage", 2, 2, 2)]);
    // What lay in the archive stays there.
    assert_eq!(rows(&list(&ben, "folder=archive")), [("Re: Angebot", 3, 1, 1)]);
    let path = format!("/api/bulk/{}/undo", begun["id"].as_str().unwrap());
    let back = ben.post(&path, &json!({})).expect(201).json();
    assert_eq!(outcome(&ben, &back)["state"], "done");
    assert_eq!(list(&ben, "folder=inbox"), all);

    let read = json!({"action": "read", "folder": inbox, "conversations": [id("Re: Frage")]});
    assert_eq!(outcome(&ben, &deed(read).expect(201).json())["changed"], 2);
    let unread: Vec<u64> = rows(&list(&ben, "folder=inbox")).iter().map(|r| r.3).collect();
    assert_eq!(unread, [0, 2, 1]);

    let one = json!([id("Re: Frage")]);
    for wrong in [
        json!({"action": "read", "conversations": one}),
        json!({"action": "read", "folder": inbox, "conversations": one, "ids": [newest]}),
        json!({"action": "read", "folder": inbox, "conversations": one, "search": "x"}),
    ] {
        deed(wrong).expect(400);
    }
    for (folder, conversation) in [
        ("F999", &one[0]),
        (archive.as_str(), &json!("M1")),
        (archive.as_str(), &json!("C12")),
    ] {
        deed(json!({"action": "read", "folder": folder, "conversations": [conversation]})).expect(404);
    }
    ben.get("/api/conversations?folder=F999").expect(404);
    ben.get("/api/conversations?folder=nowhere").expect(404);
    ben.get("/api/conversations").expect(400);
    ben.get("/api/conversations?folder=inbox&top=101").expect(400);
    ben.get("/api/conversations?folder=inbox&skip=18446744073709551615")
        .expect(200);
    Web::new(&server)
        .get("/api/conversations?folder=inbox")
        .expect(401);
}

#[test]
fn conversations_of_another_mailbox_are_for_who_was_let_in() {
    let (server, _) = mailbox();
    let path = format!("/api/conversations?folder=inbox&mailbox={BEN}");
    let anna = Web::page(&server, ANNA);
    anna.get(&path).expect(404);
    run(
        server.data.path(),
        &["access", "set", BEN, ANNA, "--level", "read"],
    );
    assert_eq!(anna.get(&path).expect(200).json()["total"], 3);
    // Deeds need more than reading.
    let deed = json!({"action": "read", "folder": "F1", "conversations": []});
    anna.post(&format!("/api/bulk?mailbox={BEN}"), &deed).expect(403);
}
