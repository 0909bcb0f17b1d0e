//! Attachments of messages.

use super::{code, deliver, wait_for};
use crate::server::Server;
use crate::web::Web;
use serde_json::json;

const MESSAGE: &str = "From: a@other.test\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n\
    --m\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<p>a<img src=\"cid:p@x\"><script>x</script>\n\
    --r\nContent-Type: image/png\nContent-ID: <p@x>\nContent-Transfer-Encoding: base64\n\nAAAA\n--r--\n\
    --m\nContent-Type: text/plain; name=\"Notiz.txt\"\nContent-Disposition: attachment; filename=\"Notiz.txt\"\n\nhallo\n\
    --m\nContent-Type: message/rfc822\n\nSubject: inner\n\ninner\n--m--\n";

#[test]
fn attachments_are_listed_and_read() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    deliver(&server, MESSAGE);
    let id = wait_for(&web, "inbox", 1);
    let message = web.get(&format!("/v1.0/me/messages/{id}")).json();
    assert_eq!(message["hasAttachments"], true);
    let html = message["body"]["content"].as_str().unwrap();
    assert!(html.contains("cid:p@x") && !html.contains("script"), "{html}");
    let path = format!("/v1.0/me/messages/{id}/attachments");
    let list = web.get(&path).expect(200).json();
    let (all, at) = (&list["value"], &message["receivedDateTime"]);
    assert_eq!(
        all,
        &json!([
            {"@odata.type": "#microsoft.graph.fileAttachment", "id": all[0]["id"], "lastModifiedDateTime": at,
             "name": "attachment-1-2.png", "contentType": "image/png", "size": 3, "isInline": true, "contentId": "p@x",
             "contentLocation": null, "contentBytes": "AAAA"},
            {"@odata.type": "#microsoft.graph.fileAttachment", "id": all[1]["id"], "lastModifiedDateTime": at,
             "name": "Notiz.txt", "contentType": "text/plain", "size": 5, "isInline": false, "contentId": null,
             "contentLocation": null, "contentBytes": "aGFsbG8="},
            {"@odata.type": "#microsoft.graph.itemAttachment", "id": all[2]["id"], "lastModifiedDateTime": at,
             "name": "message.eml", "contentType": "message/rfc822", "size": 23, "isInline": false},
        ])
    );
    let one = format!("{path}('{}')", all[1]["id"].as_str().unwrap());
    assert_eq!(web.get(&one).expect(200).json()["name"], "Notiz.txt");
    let value = web.get(&format!("{one}/$value")).expect(200);
    assert_eq!(
        (value.text().as_str(), value.header("content-type")),
        ("hallo", "text/plain")
    );
    let inner = web
        .get(&format!("{path}/{}/$value", all[2]["id"].as_str().unwrap()))
        .expect(200);
    assert_eq!(inner.text(), "Subject: inner\r\n\r\ninner");
    // The page's question reads no content.
    let few = web.get(&format!("{path}?$select=name,size")).json();
    let keys: Vec<_> = few["value"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["@odata.type", "id", "name", "size"]);
    assert_eq!(
        code(&web.get(&format!("{path}/A99")).expect(404).json()),
        "ErrorItemNotFound"
    );
}

#[test]
fn messages_events_and_contacts_are_attached_as_what_they_are() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let moment =
        |hour: &str| json!({"dateTime": format!("2026-12-01T{hour}:00:00"), "timeZone": "Europe/Berlin"});
    let item = |name: &str, item: serde_json::Value| json!({"@odata.type": "#microsoft.graph.itemAttachment", "name": name, "item": item});
    let event = json!({"@odata.type": "microsoft.graph.event", "subject": "Umzug", "start": moment("10"), "end": moment("11")});
    let contact = json!({"@odata.type": "microsoft.graph.contact", "givenName": "Jörg", "surname": "Größe",
        "emailAddresses": [{"address": "joerg@other.test", "name": "Jörg"}]});
    let inner = json!({"@odata.type": "#microsoft.graph.message", "subject": "innen ä", "sentDateTime": "2026-10-01T08:00:00Z", "body": {"contentType": "html", "content": "<p>drin</p>"},
        "toRecipients": [{"emailAddress": {"address": "b@other.test"}}],
        "attachments": [item("Karte", contact.clone()), {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGFsbG8="}]});
    let draft = json!({"subject": "außen", "body": {"contentType": "text", "content": "x"},
        "attachments": [item("Termin.ics", event.clone()), item("Brief", inner.clone())]});
    let made = web.post("/v1.0/me/messages", &draft).expect(201).json();
    let path = format!("/v1.0/me/messages/{}/attachments", made["id"].as_str().unwrap());
    // Behind those that are there, in a draft that has a multipart already and in one that has none.
    let added = web
        .post(&path, &item("Brief 2", inner.clone()))
        .expect(201)
        .json();
    assert_eq!(added["@odata.type"], "#microsoft.graph.itemAttachment", "{added}");
    let bare = web
        .post("/v1.0/me/messages", &json!({"subject": "s"}))
        .expect(201)
        .json();
    let bare = format!("/v1.0/me/messages/{}/attachments", bare["id"].as_str().unwrap());
    web.post(&bare, &item("Brief 3", inner.clone())).expect(201);
    web.post(&bare, &item("Karte", contact)).expect(201);

    let read = |path: &str| {
        web.get(path).expect(200).json()["value"]
            .as_array()
            .unwrap()
            .clone()
    };
    let names = |path: &str| -> Vec<String> {
        let all = read(path);
        all.iter()
            .map(|a| {
                format!(
                    "{} {}",
                    a["name"].as_str().unwrap(),
                    a["contentType"].as_str().unwrap()
                )
            })
            .collect()
    };
    assert_eq!(
        names(&path),
        [
            "Termin.ics text/calendar",
            "Brief message/rfc822",
            "Brief 2 message/rfc822"
        ]
    );
    assert_eq!(names(&bare), ["Brief 3 message/rfc822", "Karte.vcf text/vcard"]);
    for (path, at) in [(&path, 1), (&path, 2), (&bare, 0)] {
        let id = read(path)[at]["id"].as_str().unwrap().to_owned();
        let whole = web
            .get(&format!(
                "{path}/{id}?$expand=microsoft.graph.itemattachment/item"
            ))
            .expect(200)
            .json();
        let item = &whole["item"];
        assert_eq!(item["subject"], "innen ä", "{whole}");
        assert_eq!(item["sentDateTime"], "2026-10-01T08:00:00Z");
        assert_eq!(item["toRecipients"][0]["emailAddress"]["address"], "b@other.test");
        let raw = web.get(&format!("{path}/{id}/$value")).expect(200).text();
        assert!(
            raw.contains("From: ") && raw.contains("drin") && raw.contains("Karte.vcf"),
            "{raw}"
        );
    }
    let value = |path: &str, at: usize| {
        let id = read(path)[at]["id"].as_str().unwrap().to_owned();
        web.get(&format!("{path}/{id}/$value")).expect(200).text()
    };
    let calendar = value(&path, 0);
    assert!(
        calendar.contains("SUMMARY:Umzug") && calendar.contains("DTSTART;TZID=Europe/Berlin:20261201T100000"),
        "{calendar}"
    );
    assert!(value(&bare, 1).contains("Größe;Jörg"));
}

#[test]
fn an_item_that_cannot_be_is_refused_by_its_name() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let item = |item: serde_json::Value| json!({"@odata.type": "#microsoft.graph.itemAttachment", "name": "Ding", "item": item});
    let mut deep = json!({"@odata.type": "microsoft.graph.message", "subject": "s"});
    for _ in 0..5 {
        deep = json!({"@odata.type": "microsoft.graph.message", "subject": "s", "attachments": [item(deep)]});
    }
    for (item, what) in [
        (item(json!(null)), "has no item"),
        (item(json!({"@odata.type": "microsoft.graph.post"})), "»post«"),
        (
            item(json!({"@odata.type": "microsoft.graph.event", "subject": "ohne Zeit"})),
            "»start«",
        ),
        (item(deep), "too deep"),
        (
            json!({"@odata.type": "#microsoft.graph.referenceAttachment", "name": "Ding"}),
            "referenceAttachment",
        ),
    ] {
        let answer = web
            .post(
                "/v1.0/me/messages",
                &json!({"subject": "s", "attachments": [item]}),
            )
            .expect(400);
        assert!(answer.text().contains(what), "{what}: {}", answer.text());
    }
    assert_eq!(
        web.get("/v1.0/me/mailFolders/drafts/messages").json()["value"],
        json!([])
    );
}
