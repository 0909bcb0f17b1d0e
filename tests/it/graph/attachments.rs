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
