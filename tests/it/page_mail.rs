//! `/api` and `/ui` where they are about mail: mailboxes of others, and what may be done in them at each level.

use crate::server::{Server, run};
use crate::smtp::Talk;
use crate::web::Web;
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
