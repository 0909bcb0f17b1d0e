//! `/api` and `/ui` where they are about mail: mailboxes of others, and what may be done in them at each level;
//! one deed to many messages; rules tried on what is there; pictures
//! from elsewhere.

use crate::pictures::Pictures;
use crate::server::{Server, run, wait_until};
use crate::smtp::Talk;
use crate::web::{Web, register};
use serde_json::{Value, json};

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";
const INFO: &str = "info@example.test";

fn deliver(server: &Server, to: &str, message: &str) {
    let reply = Talk::hello(server.smtp).deliver("x@other.test", &[to], message.as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
}

fn first_message(web: &Web, root: &str) -> String {
    let all = web.get(&format!("{root}/messages?$select=id")).expect(200).json();
    all["value"][0]["id"].as_str().unwrap().to_owned()
}

const WITH_PICTURE: &str = "From: Lena <x@other.test>\r\nSubject: Bild\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
    <p>Hallo</p><img src=\"cid:p1\">\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <p1>\r\n\
    Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n";

#[test]
fn each_level_of_access_to_a_mailbox_means_the_same_for_what_graph_has_no_word_for() {
    let server = Server::start();
    run(server.data.path(), &["account", "add", INFO, "--kind", "shared"]);
    let ben = Web::page(&server, BEN);
    let nothing: Value = json!({"mailboxes": []});
    assert_eq!(ben.get("/api/mailboxes").expect(200).json(), nothing);
    Web::new(&server).get("/api/mailboxes").expect(401);
    deliver(&server, INFO, WITH_PICTURE);
    let set = |level: &str| {
        run(
            server.data.path(),
            &["access", "set", INFO, BEN, "--level", level],
        )
    };

    let id = {
        run(
            server.data.path(),
            &["access", "set", INFO, ANNA, "--level", "read"],
        );
        first_message(&Web::page(&server, ANNA), &format!("/v1.0/users/{INFO}"))
    };
    let (render, held) = (
        format!("/ui/render/{id}?mailbox={INFO}"),
        format!("/api/held/{id}?mailbox={INFO}"),
    );
    ben.get(&render).expect(404);
    ben.delete(&held).expect(404);

    set("read");
    let listed = ben.get("/api/mailboxes").expect(200).json();
    assert_eq!(
        listed["mailboxes"],
        json!([{"address": INFO, "name": "info", "kind": "shared", "level": "read"}])
    );
    let shown = ben.get(&render).expect(200).text();
    let part = shown
        .split("/ui/part/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(part.ends_with("?mailbox=info%40example.test"), "{part}");
    let picture = ben.get(&format!("/ui/part/{part}")).expect(200);
    assert_eq!(picture.header("content-type"), "image/png");
    // The same number in one's own mailbox is another message, or none.
    ben.get(&format!("/ui/render/{id}")).expect(404);
    ben.delete(&held).expect(403);
    let signature = json!({"text": "Ihr Team", "inReplies": true});
    let path = format!("/api/preferences/signatures/{INFO}");
    let put = |body: &Value| {
        ben.send(
            "PUT",
            &path,
            &["Content-Type: application/json"],
            body.to_string().as_bytes(),
        )
    };
    put(&signature).expect(404);

    set("full");
    put(&signature).expect(200);
    // Nothing is held for it; that one may ask is what counts here.
    ben.delete(&held).expect(404);
    run(server.data.path(), &["access", "remove", INFO, BEN]);
    ben.get(&render).expect(404);
    assert_eq!(ben.get("/api/mailboxes").expect(200).json(), nothing);
}

#[test]
fn an_answer_takes_along_the_pictures_that_its_quote_shows() {
    let server = Server::start();
    deliver(&server, BEN, WITH_PICTURE);
    let ben = Web::page(&server, BEN);
    let id = first_message(&ben, "/v1.0/me");
    let answer = |html: &str| {
        let body = json!({"message": {"body": {"contentType": "html", "content": html}}});
        let draft = ben
            .post(&format!("/v1.0/me/messages/{id}/createReply"), &body)
            .expect(201)
            .json();
        let id = draft["id"].as_str().unwrap().to_owned();
        let files = ben
            .get(&format!("/v1.0/me/messages/{id}/attachments"))
            .expect(200)
            .json();
        files["value"].as_array().unwrap().len()
    };
    assert_eq!(answer("<p>Danke</p><img src=\"cid:p1\">"), 1);
    assert_eq!(answer("<p>Danke</p>"), 0);
}

/// What a job has come to.
fn outcome(web: &Web, begun: &Value) -> Value {
    let path = format!("/api/bulk/{}", begun["id"].as_str().unwrap());
    let mut last = begun.clone();
    wait_until("the job is over", std::time::Duration::from_secs(30), || {
        last = web.get(&path).expect(200).json();
        last["state"] != "running"
    });
    last
}

fn subjects(web: &Web, root: &str, folder: &str) -> Vec<String> {
    let path = format!("{root}/mailFolders/{folder}/messages?$select=subject&$top=100");
    let all = web.get(&path).expect(200).json();
    let mut out: Vec<String> = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["subject"].as_str().unwrap().to_owned())
        .collect();
    out.sort();
    out
}

#[test]
fn one_deed_is_done_to_all_that_a_search_finds_and_taken_back() {
    let server = Server::start();
    let ben = Web::page(&server, BEN);
    for n in 0..6 {
        let kind = if n % 2 == 0 { "Rechnung" } else { "Einladung" };
        deliver(
            &server,
            BEN,
            &format!("From: x@other.test\r\nSubject: {kind} {n}\r\n\r\nText.\r\n"),
        );
    }
    let folder = |name: &str| {
        let found = ben
            .get(&format!("/v1.0/me/mailFolders/{name}"))
            .expect(200)
            .json();
        found["id"].as_str().unwrap().to_owned()
    };
    let (inbox, archive) = (folder("inbox"), folder("archive"));
    let begin = |body: Value| ben.post("/api/bulk", &body);
    let moved =
        json!({"action": "move", "destination": archive, "folder": inbox, "search": "subject:rechnung"});
    let begun = begin(moved).expect(201).json();
    let over = outcome(&ben, &begun);
    assert_eq!(
        (&over["state"], &over["done"], &over["changed"], &over["canUndo"]),
        (&json!("done"), &json!(3), &json!(3), &json!(true))
    );
    assert_eq!(
        subjects(&ben, "/v1.0/me", "archive"),
        ["Rechnung 0", "Rechnung 2", "Rechnung 4"]
    );
    // Somebody takes one further meanwhile: that stays where it was put.
    let one = first_message(&ben, "/v1.0/me/mailFolders/archive");
    ben.post(
        &format!("/v1.0/me/messages/{one}/move"),
        &json!({"destinationId": "junkemail"}),
    )
    .expect(201);
    let path = format!("/api/bulk/{}/undo", begun["id"].as_str().unwrap());
    Web::page(&server, ANNA).post(&path, &json!({})).expect(404);
    let back = ben.post(&path, &json!({})).expect(201).json();
    assert_eq!(outcome(&ben, &back)["state"], "done");
    assert_eq!(subjects(&ben, "/v1.0/me", "inbox").len(), 5);
    assert_eq!(subjects(&ben, "/v1.0/me", "junkemail").len(), 1);
    ben.post(&path, &json!({})).expect(409);

    // Reading all of the account, then only what was unread comes back as unread.
    let first = first_message(&ben, "/v1.0/me/mailFolders/inbox");
    ben.patch(&format!("/v1.0/me/messages/{first}"), &json!({"isRead": true}))
        .expect(200);
    let read = begin(json!({"action": "read", "search": "kind:email"}))
        .expect(201)
        .json();
    assert_eq!(outcome(&ben, &read)["changed"], 5);
    let path = format!("/api/bulk/{}/undo", read["id"].as_str().unwrap());
    let back = ben.post(&path, &json!({})).expect(201).json();
    outcome(&ben, &back);
    let unread = ben
        .get("/v1.0/me/messages/$count?$filter=isRead%20eq%20false")
        .expect(200)
        .text();
    assert_eq!(unread.trim_start_matches('\u{feff}'), "5");

    // Nothing but what lies in the trash is destroyed, whatever was named.
    let destroyed = begin(json!({"action": "destroy", "folder": inbox}))
        .expect(201)
        .json();
    assert_eq!(outcome(&ben, &destroyed)["changed"], 0);
    for wrong in [
        json!({"action": "move", "ids": [first]}),
        json!({"action": "read"}),
        json!({"action": "read", "ids": [first], "folder": inbox}),
        json!({"action": "read", "folder": inbox, "search": ""}),
        json!({"action": "burn", "folder": inbox}),
    ] {
        begin(wrong).expect(400);
    }
    begin(json!({"action": "move", "ids": [first], "destination": "F999"})).expect(404);
    Web::new(&server)
        .post("/api/bulk", &json!({"action": "read", "folder": inbox}))
        .expect(401);
}

#[test]
fn a_message_that_is_named_twice_is_changed_and_counted_once() {
    let server = Server::start();
    let ben = Web::page(&server, BEN);
    for subject in ["eins", "zwei"] {
        let mail = format!("From: x@other.test\r\nSubject: {subject}\r\n\r\nText.\r\n");
        deliver(&server, BEN, &mail);
    }
    let folder = |name: &str| {
        ben.get(&format!("/v1.0/me/mailFolders/{name}"))
            .expect(200)
            .json()
    };
    let counts = |name: &str| {
        let found = folder(name);
        (
            found["totalItemCount"].as_i64().unwrap(),
            found["unreadItemCount"].as_i64().unwrap(),
        )
    };
    let id = first_message(&ben, "/v1.0/me/mailFolders/inbox");
    let act = |wanted: Value| {
        let begun = ben.post("/api/bulk", &wanted).expect(201).json();
        let over = outcome(&ben, &begun);
        assert_eq!(
            (&over["state"], &over["all"], &over["changed"]),
            (&json!("done"), &json!(1), &json!(1)),
            "{wanted}"
        );
        // Sizes, and what counts against the quota, are compared with what is there.
        server.cli(&["doctor"]);
    };
    let twice = json!([id, id]);
    act(json!({"action": "read", "ids": twice}));
    act(json!({"action": "unread", "ids": twice}));
    act(json!({"action": "move", "ids": twice, "destination": folder("deleteditems")["id"]}));
    assert_eq!((counts("inbox"), counts("deleteditems")), ((1, 1), (1, 1)));
    act(json!({"action": "destroy", "ids": twice}));
    assert_eq!((counts("inbox"), counts("deleteditems")), ((1, 1), (0, 0)));
}

#[test]
fn a_mailbox_that_may_only_be_read_is_not_changed_in_bulk() {
    let server = Server::start();
    run(server.data.path(), &["account", "add", INFO, "--kind", "shared"]);
    let set = |level: &str| {
        run(
            server.data.path(),
            &["access", "set", INFO, BEN, "--level", level],
        )
    };
    set("read");
    deliver(&server, INFO, "From: x@other.test\r\nSubject: a\r\n\r\nText.\r\n");
    let ben = Web::page(&server, BEN);
    let begin = || {
        ben.post(
            &format!("/api/bulk?mailbox={INFO}"),
            &json!({"action": "read", "search": "kind:email"}),
        )
    };
    begin().expect(403);
    set("edit");
    let begun = begin().expect(201).json();
    assert_eq!(outcome(&ben, &begun)["changed"], 1);
    run(server.data.path(), &["access", "remove", INFO, BEN]);
    let path = format!("/api/bulk/{}/undo?mailbox={INFO}", begun["id"].as_str().unwrap());
    ben.post(&path, &json!({})).expect(404);
}

#[test]
fn a_rule_is_tried_without_changing_anything() {
    let server = Server::start();
    let ben = Web::page(&server, BEN);
    for subject in ["Rechnung", "Einladung", "Noch eine Rechnung"] {
        deliver(
            &server,
            BEN,
            &format!("From: x@other.test\r\nSubject: {subject}\r\n\r\nAnbei.\r\n"),
        );
    }
    let rule = json!({"displayName": "r", "sequence": 1, "isEnabled": false,
        "conditions": {"subjectContains": ["rechnung"], "bodyContains": ["anbei"]}, "actions": {"delete": true}});
    let made = ben
        .post("/v1.0/me/mailFolders/inbox/messageRules", &rule)
        .expect(201)
        .json();
    let path = format!("/api/rules/{}/rehearsal", made["id"].as_str().unwrap());
    let found = ben.get(&path).expect(200).json();
    assert_eq!((&found["lookedAt"], &found["hits"]), (&json!(3), &json!(2)));
    assert_eq!(found["messages"][0]["subject"], "Noch eine Rechnung");
    assert_eq!(subjects(&ben, "/v1.0/me", "inbox").len(), 3);
    Web::page(&server, ANNA).get(&path).expect(404);
    ben.get("/api/rules/x/rehearsal").expect(404);
}

#[test]
fn pictures_from_elsewhere_come_through_the_server_and_only_those_of_a_message() {
    let pictures = Pictures::start();
    let ca = pictures.ca();
    let server = Server::start_with(&["--extra-ca", &ca, "--notify-to", "localhost"]);
    let names = [
        "/ok.png", "/to", "/inside", "/around", "/page", "/drawing", "/large",
    ];
    let mut html: String = names
        .iter()
        .map(|n| format!("<img src=\"{}\">", pictures.url(n)))
        .collect();
    html.push_str("<img src=\"https://127.0.0.1:1/x.png\"><img src=\"http://10.0.0.1/x.png\">");
    let mail = format!("From: x@other.test\r\nSubject: Bilder\r\nContent-Type: text/html\r\n\r\n{html}\r\n");
    deliver(&server, BEN, &mail);
    let ben = Web::page(&server, BEN);
    let id = first_message(&ben, "/v1.0/me");
    let blocked = ben.get(&format!("/ui/render/{id}?images=0")).expect(200);
    assert_eq!(blocked.header("x-remote-images"), "9");
    assert!(!blocked.text().contains("/ui/image/") && pictures.calls().is_empty());
    let shown = ben.get(&format!("/ui/render/{id}?images=1")).expect(200);
    assert!(
        shown
            .header("content-security-policy")
            .contains("img-src 'self' data:;")
    );
    let shown = shown.text();
    let places: Vec<String> = shown
        .split("src=\"")
        .skip(1)
        .map(|s| s.split('"').next().unwrap().replace("&amp;", "&"))
        .collect();
    assert_eq!(places.len(), 9);
    assert!(
        places
            .iter()
            .all(|p| p.starts_with(&format!("/ui/image/{id}?url=")))
    );
    let picture = ben.get(&places[0]).expect(200);
    assert_eq!(picture.header("content-type"), "image/png");
    assert_eq!(picture.header("set-cookie"), "");
    ben.get(&places[1]).expect(200);
    // Inside of the office, however it is reached; around and around; no picture; too large.
    for place in &places[2..] {
        let reply = ben.get(place);
        assert!([403, 503].contains(&reply.status), "{place}: {}", reply.status);
    }
    let calls = pictures.calls();
    assert!(
        calls
            .iter()
            .all(|c| !c.contains("cookie") && !c.contains("referer")),
        "{calls:?}"
    );
    ben.get(&places[0]).expect(200);
    assert_eq!(
        pictures.calls().len(),
        calls.len(),
        "what was fetched is not fetched again"
    );
    // What stands in no message of theirs is not fetched, and nobody fetches through another's message.
    let foreign = crate::web::encode(&pictures.url("/ok.png?other"));
    ben.get(&format!("/ui/image/{id}?url={foreign}")).expect(404);
    Web::page(&server, ANNA).get(&places[0]).expect(404);
    Web::new(&server).get(&places[0]).expect(401);
    let list = json!({"imageSenders": ["X@Other.test"]});
    let kept = ben.patch("/api/preferences", &list).expect(200).json();
    assert_eq!(kept["imageSenders"], json!(["x@other.test"]));
}

#[test]
fn a_program_hears_nothing_that_its_permissions_do_not_speak_of() {
    let server = Server::start();
    register(&server);
    deliver(&server, BEN, WITH_PICTURE);
    let id = first_message(&Web::page(&server, BEN), "/v1.0/me");
    let program = Web::program(&server, BEN, "openid");
    for path in [
        format!("/ui/render/{id}"),
        format!("/ui/part/{id}/1"),
        format!("/ui/image/{id}?url=https://x.test/"),
        "/api/events".to_owned(),
        "/api/mailboxes".to_owned(),
        "/api/app-passwords".to_owned(),
    ] {
        program.get(&path).expect(403);
    }
    program.get(&format!("/v1.0/me/messages/{id}")).expect(403);
}
