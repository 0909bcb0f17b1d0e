//! sendMail, answers and forwarding.

use super::{code, deliver, ids, wait_for};
use crate::server::Server;
use crate::web::Web;
use serde_json::{Value, json};

fn to(address: &str) -> Value {
    json!([{"emailAddress": {"address": address}}])
}

fn raw(web: &Web, id: &str) -> String {
    web.get(&format!("/v1.0/me/messages/{id}/$value"))
        .expect(200)
        .text()
}

#[test]
fn what_is_sent_arrives_and_is_kept() {
    let server = Server::start();
    let (anna, ben) = (
        Web::page(&server, "anna@example.test"),
        Web::page(&server, "ben@example.test"),
    );
    let message = json!({
        "Subject": "Größe", "Body": {"ContentType": "HTML", "Content": "<p>Grüße<img src=\"cid:i\">"},
        "ToRecipients": to("ben@example.test"), "BccRecipients": to("anna@example.test"), "Importance": "High",
        "InternetMessageHeaders": [{"Name": "X-Test", "Value": "ja"}],
        "Attachments": [
            {"@odata.type": "#Microsoft.Graph.FileAttachment", "Name": "a.bin", "ContentBytes": "AAEC"},
            {"@odata.type": "#microsoft.graph.fileAttachment", "name": "i.png", "contentType": "image/png", "contentBytes": "AAAA",
             "isInline": true, "contentId": "i"}
        ],
    });
    assert_eq!(
        anna.post("/v1.0/me/sendMail", &json!({"Message": message}))
            .expect(202)
            .body,
        b""
    );
    let id = wait_for(&ben, "inbox", 1);
    let got = ben.get(&format!("/v1.0/me/messages/{id}")).json();
    assert_eq!(
        (&got["subject"], &got["importance"], &got["hasAttachments"]),
        (&json!("Größe"), &json!("high"), &json!(true))
    );
    assert!(
        got["body"]["content"]
            .as_str()
            .unwrap()
            .contains("Grüße<img src=\"cid:i\""),
        "{got}"
    );
    let source = raw(&ben, &id);
    assert!(
        source.contains("X-Test: ja\r\n") && !source.to_lowercase().contains("\r\nbcc:"),
        "{source}"
    );
    wait_for(&anna, "inbox", 1);
    let sent = wait_for(&anna, "sentitems", 1);
    assert_eq!(
        anna.get(&format!("/v1.0/me/messages/{sent}")).json()["isRead"],
        true
    );
    let unsaved = json!({"message": {"subject": "x", "toRecipients": to("ben@example.test")}, "saveToSentItems": false});
    anna.post("/v1.0/me/sendMail", &unsaved).expect(202);
    wait_for(&ben, "inbox", 2);
    assert_eq!(ids(&anna, "sentitems").len(), 1);
}

#[test]
fn a_whole_message_is_sent_as_it_is() {
    let server = Server::start();
    let (anna, ben) = (
        Web::page(&server, "anna@example.test"),
        Web::page(&server, "ben@example.test"),
    );
    let mime = "RnJvbTogYW5uYUBleGFtcGxlLnRlc3QKVG86IGJlbkBleGFtcGxlLnRlc3QKQmNjOiBiZW5AZXhhbXBsZS50ZXN0ClN1YmplY3Q6IG1pbWUKCmhhbGxvCg==";
    anna.send(
        "POST",
        "/v1.0/me/sendMail",
        &["Content-Type: text/plain;charset=utf-8"],
        mime.as_bytes(),
    )
    .expect(202);
    let id = wait_for(&ben, "inbox", 1);
    let source = raw(&ben, &id);
    assert!(
        source.ends_with("From: anna@example.test\r\nTo: ben@example.test\r\nSubject: mime\r\n\r\nhallo\r\n"),
        "{source}"
    );
    assert!(
        source.contains("\r\nMessage-ID: <") && source.contains("Date: "),
        "{source}"
    );
    let bad = anna
        .send("POST", "/v1.0/me/sendMail", &["Content-Type: text/plain"], b"!!")
        .expect(400)
        .json();
    assert_eq!(bad["error"]["message"], "Invalid base64 string for MIME content.");
    let foreign = "RnJvbTogYmVuQGV4YW1wbGUudGVzdApUbzogYmVuQGV4YW1wbGUudGVzdAoKeAo=";
    let foreign = anna
        .send(
            "POST",
            "/v1.0/me/sendMail",
            &["Content-Type: text/plain"],
            foreign.as_bytes(),
        )
        .expect(403);
    assert_eq!(code(&foreign.json()), "ErrorSendAsDenied");
}

#[test]
fn what_cannot_be_sent_is_told() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    for (body, status, want) in [
        (json!({}), 400, "BadRequest"),
        (
            json!({"message": {"subject": "x"}}),
            400,
            "ErrorInvalidRecipients",
        ),
        (
            json!({"message": {"toRecipients": to("nobody")}}),
            400,
            "ErrorInvalidRecipients",
        ),
        (
            json!({"message": {"toRecipients": to("a@b.de"), "from": {"emailAddress": {"address": "ben@example.test"}}}}),
            403,
            "ErrorSendAsDenied",
        ),
        (
            json!({"message": {"toRecipients": to("a@b.de"), "internetMessageHeaders": [{"name": "Received", "value": "x"}]}}),
            400,
            "InvalidInternetMessageHeader",
        ),
        (
            json!({"message": {"toRecipients": to("a@b.de"), "attachments": [{"name": "x", "contentBytes": "!"}]}}),
            400,
            "BadRequest",
        ),
    ] {
        let reply = anna.post("/v1.0/me/sendMail", &body).expect(status);
        assert_eq!(code(&reply.json()), want, "{body}");
    }
    let broken = anna
        .send(
            "POST",
            "/v1.0/me/sendMail",
            &["Content-Type: application/json"],
            b"{",
        )
        .expect(400);
    assert_eq!(code(&broken.json()), "RequestBodyRead");
    assert_eq!(ids(&anna, "sentitems").len(), 0);
}

#[test]
fn answers_go_to_whom_they_should_and_stay_in_the_thread() {
    let server = Server::start();
    let (anna, ben) = (
        Web::page(&server, "anna@example.test"),
        Web::page(&server, "ben@example.test"),
    );
    deliver(
        &server,
        "From: x@other.test\nReply-To: Ben <ben@example.test>\nTo: anna@example.test, ben@example.test\nSubject: Angebot\n\
         Message-ID: <2@other.test>\nReferences: <1@other.test>\n\nZwei Zeilen\n",
    );
    let id = wait_for(&anna, "inbox", 1);
    anna.post(
        &format!("/v1.0/me/messages/{id}/replyAll"),
        &json!({"Comment": "Danke"}),
    )
    .expect(202);
    let answer = wait_for(&ben, "inbox", 1);
    let source = raw(&ben, &answer);
    assert!(source.contains("In-Reply-To: <2@other.test>\r\n"), "{source}");
    assert!(
        source.contains("References: <1@other.test>") && source.contains("<2@other.test>"),
        "{source}"
    );
    let got = ben.get(&format!("/v1.0/me/messages/{answer}")).json();
    assert_eq!(got["subject"], "RE: Angebot");
    assert_eq!(
        got["toRecipients"],
        json!([{"emailAddress": {"name": "Ben", "address": "ben@example.test"}}])
    );
    assert!(got["bodyPreview"].as_str().unwrap().starts_with("Danke"), "{got}");
    assert!(
        got["body"]["content"].as_str().unwrap().contains("Zwei Zeilen"),
        "{got}"
    );
    let original = anna.get(&format!("/v1.0/me/messages/{id}")).json();
    assert_eq!(original["conversationId"], got["conversationId"]);
    // A given text is the whole text.
    let whole = json!({"message": {"body": {"contentType": "text", "content": "nur das"}, "subject": "neu"}});
    anna.post(&format!("/v1.0/me/messages/{id}/reply"), &whole)
        .expect(202);
    let answer = wait_for(&ben, "inbox", 2);
    let got = ben.get(&format!("/v1.0/me/messages/{answer}")).json();
    assert_eq!(
        (&got["subject"], &got["bodyPreview"]),
        (&json!("neu"), &json!("nur das"))
    );
}

#[test]
fn forwarding_takes_the_files_along() {
    let server = Server::start();
    let (anna, ben) = (
        Web::page(&server, "anna@example.test"),
        Web::page(&server, "ben@example.test"),
    );
    deliver(
        &server,
        "From: x@other.test\nTo: anna@example.test\nSubject: Plan\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nText\n\
         --m\nContent-Type: application/pdf; name=p.pdf\nContent-Transfer-Encoding: base64\n\nAAEC\n--m--\n",
    );
    let id = wait_for(&anna, "inbox", 1);
    let body = json!({"toRecipients": to("ben@example.test"), "message": {"body": {"contentType": "text", "content": "siehe unten"}}});
    anna.post(&format!("/v1.0/me/messages/{id}/forward"), &body)
        .expect(202);
    let got = wait_for(&ben, "inbox", 1);
    let files = ben.get(&format!("/v1.0/me/messages/{got}/attachments")).json();
    assert_eq!(
        (&files["value"][0]["name"], &files["value"][0]["contentBytes"]),
        (&json!("p.pdf"), &json!("AAEC"))
    );
    assert_eq!(
        ben.get(&format!("/v1.0/me/messages/{got}")).json()["subject"],
        "FW: Plan"
    );
    let nobody = anna
        .post(
            &format!("/v1.0/me/messages/{id}/forward"),
            &json!({"comment": "x"}),
        )
        .expect(400);
    assert_eq!(code(&nobody.json()), "ErrorInvalidRecipients");
}
