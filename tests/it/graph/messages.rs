//! messages: listing, reading, changing, moving, removing.

use super::{code, deliver, ids, wait_for};
use crate::server::Server;
use crate::web::{Web, register};
use serde_json::{Value, json};

const MESSAGE: &str = "From: =?utf-8?Q?J=C3=B6rg?= <joerg@other.test>\nTo: Anna <anna@example.test>, info@example.test\n\
    Cc: c@other.test\nReply-To: answer@other.test\nSubject: =?utf-8?Q?Gr=C3=B6=C3=9Fe?=\nMessage-ID: <2@other.test>\n\
    References: <1@other.test>\nDate: Sun, 22 Nov 2026 10:00:00 +0100\nImportance: high\n\nGuten Tag,\n\nhier ist es.\n";

fn person(name: &str, address: &str) -> Value {
    json!({"emailAddress": {"name": name, "address": address}})
}

#[test]
fn a_message_has_all_its_properties() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    deliver(&server, MESSAGE);
    let id = wait_for(&web, "inbox", 1);
    let got = web.get(&format!("/v1.0/me/messages/{id}")).expect(200).json();
    let folder = web.get("/v1.0/me/mailFolders/inbox").json();
    let oid = web.get("/v1.0/me").json()["id"].as_str().unwrap().to_owned();
    // What depends on the time of the test.
    let (received, key, conversation) = (
        &got["receivedDateTime"],
        &got["changeKey"],
        &got["conversationId"],
    );
    assert!(received.as_str().unwrap().ends_with('Z'));
    assert_eq!(
        got,
        json!({
            "@odata.context": format!("{}/v1.0/$metadata#users('{oid}')/messages/$entity", web.base),
            "@odata.etag": format!("W/\"{}\"", key.as_str().unwrap()),
            "id": id, "changeKey": key, "parentFolderId": folder["id"], "conversationId": conversation,
            "createdDateTime": received, "lastModifiedDateTime": got["lastModifiedDateTime"], "receivedDateTime": received,
            "sentDateTime": "2026-11-22T09:00:00Z", "subject": "Größe", "bodyPreview": "Guten Tag, hier ist es.",
            "body": {"contentType": "html", "content": "Guten Tag,<br>\n<br>\nhier ist es."},
            "from": person("Jörg", "joerg@other.test"), "sender": person("Jörg", "joerg@other.test"),
            "toRecipients": [person("Anna", "anna@example.test"), person("info@example.test", "info@example.test")],
            "ccRecipients": [person("c@other.test", "c@other.test")], "bccRecipients": [],
            "replyTo": [person("answer@other.test", "answer@other.test")],
            "internetMessageId": "<2@other.test>", "importance": "high", "hasAttachments": false, "categories": [],
            "isRead": false, "isDraft": false, "flag": {"flagStatus": "notFlagged"}, "inferenceClassification": "focused",
            "isDeliveryReceiptRequested": false, "isReadReceiptRequested": false, "webLink": null, "conversationIndex": null,
        })
    );
    let text = web.send(
        "GET",
        &format!("/v1.0/me/messages/{id}?$select=body"),
        &["Prefer: outlook.body-content-type=\"text\""],
        b"",
    );
    assert_eq!(
        text.header("preference-applied"),
        "outlook.body-content-type=\"text\""
    );
    assert_eq!(
        text.json()["body"],
        json!({"contentType": "text", "content": "Guten Tag,\n\nhier ist es.\n"})
    );
    let raw = web
        .get(&format!("/v1.0/me/messages/{id}/$value"))
        .expect(200)
        .text();
    assert!(raw.ends_with(&MESSAGE.replace('\n', "\r\n")), "{raw}");
    // The beginning of the thread is found, and its answers stay in it.
    deliver(
        &server,
        "From: x@other.test\nMessage-ID: <1@other.test>\nSubject: y\n\nz\n",
    );
    let first = wait_for(&web, "inbox", 2);
    assert_eq!(
        &web.get(&format!("/v1.0/me/messages/{first}")).json()["conversationId"],
        conversation
    );
}

#[test]
fn lists_are_paged_filtered_and_hold_what_is_selected() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    for n in 0..5 {
        deliver(&server, &format!("From: a@other.test\nSubject: {n}\n\n{n}\n"));
        wait_for(&web, "inbox", n + 1);
    }
    let all = ids(&web, "inbox");
    web.patch(&format!("/v1.0/me/messages/{}", all[0]), &json!({"isRead": true}))
        .expect(200);
    let list = "/v1.0/me/mailFolders/inbox/messages?$orderby=receivedDateTime%20desc&$count=true&$top=2&$select=subject&$skip=";
    let subjects = |page: &Value| {
        page["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["subject"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let page = web.get(&format!("{list}0")).expect(200).json();
    assert_eq!(
        (subjects(&page), &page["@odata.count"]),
        (vec!["4".to_owned(), "3".to_owned()], &json!(5))
    );
    let keys: Vec<_> = page["value"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["@odata.etag", "id", "subject"]);
    let next = page["@odata.nextLink"].as_str().unwrap();
    assert_eq!(
        next,
        format!(
            "{}/v1.0/me/mailFolders/inbox/messages?$orderby=receivedDateTime%20desc&$count=true&$top=2&$select=subject&$skip=2",
            web.base
        )
    );
    assert_eq!(subjects(&web.get(next).json()), ["2", "1"]);
    let last = web.get(&format!("{list}4")).json();
    assert_eq!(
        (subjects(&last), &last["@odata.nextLink"]),
        (vec!["0".to_owned()], &Value::Null)
    );
    let unread = web
        .get("/v1.0/me/messages?$filter=isRead%20eq%20false&$count=true&select=id")
        .expect(200)
        .json();
    assert_eq!(
        (unread["value"].as_array().unwrap().len(), &unread["@odata.count"]),
        (4, &json!(4))
    );
    let ascending = web
        .get("/v1.0/me/messages?$orderby=receivedDateTime&$top=1&$select=subject")
        .json();
    assert_eq!(subjects(&ascending), ["0"]);
    for (wrong, want) in [
        ("$select=nothing", "RequestBroker--ParseUri"),
        ("$top=0", "BadRequest"),
        ("$foo=1", "BadRequest"),
    ] {
        let reply = web.get(&format!("/v1.0/me/messages?{wrong}")).expect(400);
        assert_eq!(code(&reply.json()), want, "{wrong}");
    }
}

#[test]
fn a_change_is_kept_and_an_old_etag_is_refused() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    deliver(&server, MESSAGE);
    let id = wait_for(&web, "inbox", 1);
    let path = format!("/v1.0/me/messages/{id}");
    let before = web.get(&path).json()["@odata.etag"].as_str().unwrap().to_owned();
    let change = json!({"IsRead": true, "flag": {"flagStatus": "flagged"}, "categories": ["Rote Kategorie", "Büro"], "isDraft": false});
    let after = web.patch(&path, &change).expect(200).json();
    assert_eq!(after["isRead"], true);
    assert_eq!(after["flag"], json!({"flagStatus": "flagged"}));
    assert_eq!(after["categories"], json!(["Rote Kategorie", "Büro"]));
    let complete = web
        .patch(
            &path,
            &json!({"flag": {"flagStatus": "complete"}, "categories": ["Büro"]}),
        )
        .json();
    assert_eq!(
        (&complete["flag"], &complete["categories"]),
        (&json!({"flagStatus": "complete"}), &json!(["Büro"]))
    );
    let condition = format!("If-Match: {before}");
    for (method, body) in [("PATCH", &b"{\"isRead\":false}"[..]), ("DELETE", b"")] {
        let refused = web.send(method, &path, &[&condition], body).expect(412);
        assert_eq!(code(&refused.json()), "ErrorIrresolvableConflict");
    }
    let minimal = web.send("PATCH", &path, &["Prefer: return=minimal"], b"{\"isRead\":false}");
    assert_eq!(minimal.expect(204).header("preference-applied"), "return=minimal");
    assert_eq!(web.get("/v1.0/me/mailFolders/inbox").json()["unreadItemCount"], 1);
    assert_eq!(
        code(&web.patch(&path, &json!({"isRead": "yes"})).expect(400).json()),
        "BadRequest"
    );
}

#[test]
fn moving_copying_and_removing_go_where_they_should() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    deliver(&server, MESSAGE);
    let id = wait_for(&web, "inbox", 1);
    let moved = web
        .post(
            &format!("/v1.0/me/messages/{id}/move"),
            &json!({"DestinationId": "Archive"}),
        )
        .expect(201);
    let archive = web.get("/v1.0/me/mailFolders/archive").json()["id"].clone();
    assert_eq!(moved.json()["parentFolderId"], archive);
    let id = moved.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        moved.header("location"),
        format!("{}/v1.0/me/messages/{id}", web.base)
    );
    let copy = web
        .post(
            &format!("/v1.0/me/messages/{id}/copy"),
            &json!({"destinationId": "inbox"}),
        )
        .expect(201)
        .json();
    let copy = copy["id"].as_str().unwrap().to_owned();
    assert_ne!(copy, id);
    web.delete(&format!("/v1.0/me/messages/{id}")).expect(204);
    assert_eq!(ids(&web, "deleteditems"), std::slice::from_ref(&id));
    web.delete(&format!("/v1.0/me/messages/{id}")).expect(204);
    assert_eq!(
        code(&web.get(&format!("/v1.0/me/messages/{id}")).expect(404).json()),
        "ErrorItemNotFound"
    );
    web.post(&format!("/v1.0/me/messages/{copy}/permanentDelete"), &json!({}))
        .expect(204);
    assert_eq!(ids(&web, "deleteditems").len() + ids(&web, "inbox").len(), 0);
    assert_eq!(
        code(&web.get("/v1.0/me/messages/AAMk=").expect(400).json()),
        "ErrorInvalidIdMalformed"
    );
}

#[test]
fn a_program_may_do_what_its_token_says_and_nobody_sees_others() {
    let server = Server::start();
    register(&server);
    deliver(&server, MESSAGE);
    let reader = Web::program(
        &server,
        "anna@example.test",
        "https://graph.microsoft.com/mail.read",
    );
    let id = wait_for(&reader, "inbox", 1);
    let path = format!("/v1.0/me/messages/{id}");
    for (method, path, body) in [
        ("PATCH", path.as_str(), &b"{\"isRead\":true}"[..]),
        ("DELETE", path.as_str(), b""),
        ("POST", "/v1.0/me/sendMail", b"{}"),
        ("GET", "/v1.0/me", b""),
    ] {
        let refused = reader.send(method, path, &[], body).expect(403);
        assert_eq!(code(&refused.json()), "ErrorAccessDenied", "{method} {path}");
    }
    let writer = Web::program(&server, "anna@example.test", "User.Read Mail.ReadWrite");
    assert_eq!(
        writer.get("/v1.0/me").expect(200).json()["mail"],
        "anna@example.test"
    );
    writer.patch(&path, &json!({"isRead": true})).expect(200);
    let ben = Web::program(&server, "ben@example.test", "Mail.ReadWrite User.Read");
    assert_eq!(code(&ben.get(&path).expect(404).json()), "ErrorItemNotFound");
    for other in ["anna@example.test", "nobody@example.test"] {
        let reply = ben
            .get(&format!("/v1.0/users/{other}/messages"))
            .expect(404)
            .json();
        assert_eq!(code(&reply), "ErrorInvalidUser");
        ben.get(&format!("/v1.0/users/{other}")).expect(404);
    }
    let nobody = Web::new(&server)
        .send("GET", "/beta/me", &["client-request-id: abc"], b"")
        .expect(401);
    assert_eq!(code(&nobody.json()), "InvalidAuthenticationToken");
    assert_eq!(nobody.json()["error"]["innerError"]["client-request-id"], "abc");
    assert_eq!(nobody.header("client-request-id"), "abc");
    assert_eq!(
        nobody.json()["error"]["innerError"]["request-id"],
        nobody.header("request-id")
    );
    assert_eq!(
        nobody.header("www-authenticate"),
        format!(
            "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"",
            reader.base
        )
    );
    let garbled = Web::new(&server)
        .with("Authorization: Bearer abc")
        .get("/v1.0/me")
        .expect(401);
    assert_eq!(code(&garbled.json()), "InvalidAuthenticationToken");
    // Links are built from the name that the client used, unless it is none.
    let other = reader
        .send(
            "GET",
            "/v1.0/me/mailFolders/inbox",
            &["Host: box.example.test:8443"],
            b"",
        )
        .json();
    assert!(
        other["@odata.context"]
            .as_str()
            .unwrap()
            .starts_with("https://box.example.test:8443/v1.0/$metadata#")
    );
    let evil = reader.send("GET", "/v1.0/me/mailFolders/inbox", &["Host: a\"b"], b"");
    assert!(
        evil.status == 400
            || evil.json()["@odata.context"]
                .as_str()
                .unwrap()
                .starts_with("https://mail.example.test/")
    );
}
