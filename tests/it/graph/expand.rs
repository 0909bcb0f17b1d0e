//! $expand and extended properties.

use super::{code, deliver, wait_for};
use crate::server::Server;
use crate::web::{Web, encode};
use serde_json::{Value, json};

const GUID: &str = "{00020329-0000-0000-C000-000000000046}";

#[test]
fn what_belongs_to_a_message_comes_along() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    deliver(
        &server,
        "From: a@other.test\nSubject: outer\nX-Test: 1\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n\
         Content-Type: message/rfc822\n\nFrom: b@other.test\nSubject: inner\n\nhello\n--b--\n",
    );
    let id = wait_for(&web, "inbox", 1);
    let path = format!("/v1.0/me/messages/{id}");
    let with = web
        .get(&format!(
            "{path}?$expand=attachments($select=name)&$select=subject"
        ))
        .expect(200)
        .json();
    let name = &with["attachments"][0];
    assert_eq!(
        (&name["name"], &name["@odata.type"], name.get("size")),
        (
            &json!("message.eml"),
            &json!("#microsoft.graph.itemAttachment"),
            None
        )
    );
    let list = web
        .get("/v1.0/me/messages?expand=Attachments&$select=id")
        .expect(200)
        .json();
    assert_eq!(list["value"][0]["attachments"].as_array().unwrap().len(), 1);
    let attachment = name["id"].as_str().unwrap();
    let inner = web
        .get(&format!(
            "{path}/attachments/{attachment}?$expand=microsoft.graph.itemattachment/item"
        ))
        .expect(200)
        .json();
    let item = &inner["item"];
    assert_eq!(
        (
            &item["subject"],
            &item["from"]["emailAddress"]["address"],
            &item["@odata.type"]
        ),
        (
            &json!("inner"),
            &json!("b@other.test"),
            &json!("#microsoft.graph.message")
        )
    );
    // As Zammad, Thunderbird and Evolution ask.
    for (filter, want) in [
        ("Id eq 'LONG 0x0E08'", "Long 0xe08"),
        ("id eq 'Integer 0x0E08'", "Integer 0xe08"),
    ] {
        let got = web
            .get(&format!(
                "{path}/?expand=singleValueExtendedProperties($filter={})&$select=id",
                encode(filter)
            ))
            .expect(200)
            .json();
        let size = &got["singleValueExtendedProperties"][0];
        let real = web.get(&format!("{path}/$value")).body.len().to_string();
        assert_eq!((&size["id"], &size["value"]), (&json!(want), &json!(real)));
    }
    let expand = encode(
        "singleValueExtendedProperties($filter=id eq 'String 0x007D' or id eq 'Integer 0xe23' or id eq 'String 0x9999')",
    );
    let got = web.get(&format!("{path}?$expand={expand}")).expect(200).json();
    let all = got["singleValueExtendedProperties"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0]["value"].as_str().unwrap().contains("X-Test: 1\r\n"));
    assert_eq!(all[1], json!({"id": "Integer 0xe23", "value": "1"}));
    for wrong in ["foo", "attachments($foo=1)", "singleValueExtendedProperties"] {
        web.get(&format!("{path}?$expand={wrong}")).expect(400);
    }
    let bad = encode("singleValueExtendedProperties($filter=id eq 'Foo 0x1')");
    assert_eq!(
        code(&web.get(&format!("{path}?$expand={bad}")).expect(400).json()),
        "ErrorInvalidProperty"
    );
}

#[test]
fn programs_keep_properties_of_their_own_and_find_messages_by_them() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let one = format!("String {GUID} Name Ticket");
    let many = format!("StringArray {GUID} Name Tags");
    let draft = web
        .post(
            "/v1.0/me/messages",
            &json!({"subject": "x",
                "singleValueExtendedProperties": [{"id": one, "value": "T-1"}],
                "multiValueExtendedProperties": [{"id": many, "value": ["a", "b"]}]}),
        )
        .expect(201)
        .json();
    let id = draft["id"].as_str().unwrap();
    let path = format!("/v1.0/me/messages/{id}");
    let read = |path: &str| {
        let expand = format!(
            "singleValueExtendedProperties($filter=id eq '{}'),multiValueExtendedProperties($filter=id eq '{many}')",
            one.to_lowercase()
        );
        let got = web
            .get(&format!("{path}?$expand={}&$select=id", encode(&expand)))
            .expect(200)
            .json();
        let value = |name: &str| got[name][0]["value"].clone();
        (
            value("singleValueExtendedProperties"),
            value("multiValueExtendedProperties"),
        )
    };
    assert_eq!(read(&path), (json!("T-1"), json!(["a", "b"])));
    let find = |condition: &str| {
        let filter = format!("singleValueExtendedProperties/Any(ep: ep/id eq '{one}' and {condition})");
        let page = web
            .get(&format!(
                "/v1.0/me/messages?$filter={}&$select=id",
                encode(&filter)
            ))
            .expect(200)
            .json();
        page["value"].as_array().unwrap().len()
    };
    assert_eq!(
        (
            find("ep/value eq 'T-1'"),
            find("contains(ep/value,'-1')"),
            find("ep/value eq 'T-2'")
        ),
        (1, 1, 0)
    );
    // A change is a change: the etag is another one, and copies take everything along.
    let changed = web
        .patch(
            &path,
            &json!({"singleValueExtendedProperties": [{"id": one, "value": "T-2"}]}),
        )
        .expect(200)
        .json();
    assert_ne!(changed["@odata.etag"], draft["@odata.etag"]);
    let copy = web
        .post(&format!("{path}/copy"), &json!({"destinationId": "archive"}))
        .expect(201)
        .json();
    assert_eq!(
        read(&format!("/v1.0/me/messages/{}", copy["id"].as_str().unwrap())).0,
        "T-2"
    );
    web.patch(
        &path,
        &json!({"singleValueExtendedProperties": [{"id": one, "value": null}]}),
    )
    .expect(200);
    assert_eq!(read(&path).0, Value::Null);
    // DavMail says with it that a message is no draft.
    let kept = web
        .patch(
            &path,
            &json!({"singleValueExtendedProperties": [{"id": "Integer 0x0E07", "value": "1"}]}),
        )
        .expect(200)
        .json();
    assert_eq!((&kept["isDraft"], &kept["isRead"]), (&json!(false), &json!(true)));
}

#[test]
fn folders_bring_what_is_in_them() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    for name in ["A", "B"] {
        web.post(
            "/v1.0/me/mailFolders/inbox/childFolders",
            &json!({"displayName": name}),
        )
        .expect(201);
    }
    // As Zammad asks.
    let list = web
        .get("/v1.0/me/mailFolders?$expand=childFolders($top=9999)&$top=9999")
        .expect(200)
        .json();
    let children = list["value"][0]["childFolders"].as_array().unwrap();
    assert_eq!((&children[0]["displayName"], children.len()), (&json!("A"), 2));
    assert_eq!(list["value"][1]["childFolders"], json!([]));
    let few = web
        .get("/v1.0/me/mailFolders/inbox?$select=id&$expand=childFolders($top=1;$select=displayName;$filter=displayName%20ne%20'A')")
        .expect(200)
        .json();
    assert_eq!(
        (
            few["childFolders"].as_array().unwrap().len(),
            &few["childFolders"][0]["displayName"]
        ),
        (1, &json!("B"))
    );
    let properties =
        encode("singleValueExtendedProperties($filter=id eq 'Integer 0x6751' or id eq 'String 0x3613')");
    let got = web
        .get(&format!("/v1.0/me/mailFolders/inbox?$expand={properties}"))
        .expect(200)
        .json();
    assert_eq!(
        got["singleValueExtendedProperties"],
        json!([{"id": "Integer 0x6751", "value": "1"}, {"id": "String 0x3613", "value": "IPF.Note"}])
    );
}
