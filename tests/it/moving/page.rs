//! Moving that is asked for at the page: begun by form, watched, broken off by a restart, gone on with, tried again, files dropped.

use crate::counterparts::{Dovecot, PROVIDER_PASSWORD};
use crate::mailbox::Mailbox;
use crate::server::{Server, wait_until};
use crate::web::Web;
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

const MOVES: &str = "/api/admin/moves";

fn there(dovecot: &Dovecot) -> Mailbox {
    let address = SocketAddr::from(([127, 0, 0, 1], dovecot.imap));
    Mailbox::open_with(address, "office", PROVIDER_PASSWORD)
}

fn wanted(dovecot: &Dovecot, kind: &str) -> Value {
    let server = json!({"protocol": "imap", "host": "localhost", "port": dovecot.imaps, "security": "tls", "user": "office"});
    json!({"password": PROVIDER_PASSWORD, "wanted": {"kind": kind, "account": "anna@example.test", "server": server}})
}

fn job(web: &Web, id: &Value) -> Value {
    let all = web.get(MOVES).expect(200).json();
    let found = all["moves"].as_array().unwrap().iter().find(|j| j["id"] == *id);
    found.unwrap_or_else(|| panic!("{id} is not in {all}")).clone()
}

fn wait_for(web: &Web, id: &Value, state: &str) -> Value {
    let mut seen = Value::Null;
    wait_until(state, Duration::from_secs(60), || {
        seen = job(web, id);
        assert!(seen["state"] != "failed" || state == "failed", "{seen}");
        seen["state"] == state
    });
    seen
}

fn stored(job: &Value) -> i64 {
    let folders = job["report"]["folders"].as_array().unwrap();
    folders.iter().map(|f| f["stored"].as_i64().unwrap()).sum()
}

#[test]
fn a_mailbox_comes_and_goes_by_form_also_over_a_restart() {
    let dovecot = Dovecot::start();
    let mut office = there(&dovecot);
    for n in 0..300 {
        let message = format!(
            "Message-ID: <{n}@o.test>\r\nSubject: number {n}\r\n\r\n{}\r\n",
            "body ".repeat(50)
        );
        assert!(office.append("INBOX", message.as_bytes()));
    }
    let ca = dovecot.ca.to_str().unwrap().to_owned();
    let mut server = Server::start_with(&["--extra-ca", &ca]);
    let anna = Web::page(&server, "anna@example.test");
    let mut dry = wanted(&dovecot, "import-imap");
    dry["wanted"]["isDryRun"] = json!(true);
    let id = anna.post(MOVES, &dry).expect(202).json()["id"].clone();
    let looked = wait_for(&anna, &id, "done");
    assert_eq!(
        (stored(&looked), &looked["report"]["folders"][0]["new"]),
        (0, &json!(300)),
        "{looked}"
    );
    // No password is told, nor kept where a report is.
    assert!(!anna.get(MOVES).text().contains(PROVIDER_PASSWORD));
    // For real, killed at once: it goes on by itself when the server is here again.
    anna.post(&format!("{MOVES}/{id}/again"), &json!({"verify": true}))
        .expect(204);
    anna.post(&format!("{MOVES}/{id}/again"), &json!({})).expect(409);
    std::thread::sleep(Duration::from_millis(60));
    server.kill();
    server.start_again();
    let anna = Web::page(&server, "anna@example.test");
    let done = wait_for(&anna, &id, "done");
    assert_eq!(done["report"]["differences"], json!([]), "{done}");
    assert_eq!(done["report"]["compared"], 300, "{done}");
    let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
    assert_eq!(mailbox.count("INBOX"), 300);
    // Out again, what is new here, and what is wrong is told.
    assert!(mailbox.append(
        "INBOX",
        b"Message-ID: <new@o.test>\r\nSubject: new\r\n\r\nhere\r\n"
    ));
    let id = anna
        .post(MOVES, &wanted(&dovecot, "export-imap"))
        .expect(202)
        .json()["id"]
        .clone();
    wait_for(&anna, &id, "done");
    assert_eq!(office.count("INBOX"), 301);
    let mut wrong = wanted(&dovecot, "import-imap");
    wrong["password"] = json!("not this one");
    let id = anna.post(MOVES, &wrong).expect(202).json()["id"].clone();
    let failed = wait_for(&anna, &id, "failed");
    assert!(!failed["error"].as_str().unwrap().is_empty(), "{failed}");
    anna.delete(&format!("{MOVES}/{id}")).expect(204);
    anna.delete(&format!("{MOVES}/{id}")).expect(404);
    anna.post(MOVES, &json!({"password": "x", "wanted": {"kind": "import-caldav", "account": "anna@example.test", "url": "ftp://x", "user": "u"}}))
        .expect(400);
    // A password goes over no line that everybody can read.
    anna.post(MOVES, &json!({"password": "x", "wanted": {"kind": "import-caldav", "account": "anna@example.test", "url": "http://dav.example.test/", "user": "u"}}))
        .expect(400);
    let mut plain = wanted(&dovecot, "import-imap");
    (
        plain["wanted"]["server"]["host"],
        plain["wanted"]["server"]["security"],
    ) = (json!("mail.example.test"), json!("none"));
    anna.post(MOVES, &plain).expect(400);
    // The log says who asked for what, and a number is given once.
    let log = anna.get("/api/admin/audit").expect(200).text();
    assert!(
        log.contains("move.begin") && log.contains("localhost") && !log.contains("not this one"),
        "{log}"
    );
    let next = anna.post(MOVES, &wrong).expect(202).json()["id"].clone();
    assert_ne!(next, id);
}

#[test]
fn what_is_asked_for_is_stopped_and_files_are_dropped_on_the_page() {
    // A server that never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let there = json!({"protocol": "imap", "host": "127.0.0.1", "port": silent.local_addr().unwrap().port(), "security": "none", "user": "u"});
    let body = json!({"password": "x", "wanted": {"kind": "import-imap", "account": "anna@example.test", "server": there}});
    let id = anna.post(MOVES, &body).expect(202).json()["id"].clone();
    wait_for(&anna, &id, "running");
    anna.delete(&format!("{MOVES}/{id}")).expect(409);
    anna.post(&format!("{MOVES}/{id}/stop"), &json!({})).expect(204);
    wait_for(&anna, &id, "stopped");
    wait_until("it has let go", Duration::from_secs(10), || {
        job(&anna, &id)["progress"].is_null()
    });
    anna.delete(&format!("{MOVES}/{id}")).expect(204);
    let message = b"Message-ID: <dropped@o.test>\r\nSubject: dropped\r\n\r\nhere\r\n";
    let to = |name: &str| format!("{MOVES}/files?account=anna%40example.test&name={name}");
    for wrong in ["..%2Fx.eml", ".x", "%20"] {
        anna.send("POST", &to(wrong), &[], message).expect(400);
    }
    anna.send("POST", &to("one.eml"), &[], message).expect(202);
    let ben = Web::page(&server, "ben@example.test");
    ben.send("POST", &to("two.eml"), &[], message).expect(403);
    wait_until("it has come", Duration::from_secs(60), || {
        let all = anna.get("/v1.0/me/messages?$select=subject").expect(200);
        all.text().contains("dropped")
    });
    let left = fs::read_dir(server.data.path().join("tmp")).unwrap().count();
    assert_eq!(left, 0);
}
