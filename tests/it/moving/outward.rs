//! To other servers: a real Dovecot and a real Radicale, killed, caught up with, compared, and back again.

use crate::counterparts::{Dovecot, PROVIDER_PASSWORD, Radicale};
use crate::dav::{self, put};
use crate::export::{filled, filled_collections};
use crate::mailbox::Mailbox;
use crate::server::{Server, run_with, wait_until};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn run(server: &Server, what: &[&str], ca: &Path, more: &[&str]) -> Value {
    let common = ["--account", "anna@example.test", "--password-stdin", "--json"];
    let ca = ["--extra-ca", ca.to_str().unwrap()];
    let all = [what, &common[..], &ca[..], more].concat();
    let out = run_with(server.data.path(), &all, &format!("{PROVIDER_PASSWORD}\n"));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stderr)))
}

fn sum(report: &Value, what: &str) -> i64 {
    let report = report.get("exported").or(report.get("imported")).unwrap();
    let folders = report[0]["folders"].as_array().unwrap();
    folders.iter().map(|f| f[what].as_i64().unwrap()).sum()
}

fn assert_whole(report: &Value) {
    let all = report.get("exported").or(report.get("imported")).unwrap();
    assert_eq!(all[0]["problems"], serde_json::json!([]));
    assert_eq!(all[0]["differences"], serde_json::json!([]));
}

fn url(dovecot: &Dovecot) -> String {
    format!("imaps://office@localhost:{}", dovecot.imaps)
}

fn there(dovecot: &Dovecot) -> Mailbox {
    Mailbox::open_with(
        SocketAddr::from(([127, 0, 0, 1], dovecot.imap)),
        "office",
        PROVIDER_PASSWORD,
    )
}

#[test]
fn an_office_goes_to_dovecot_is_caught_up_with_and_comes_back() {
    let server = filled();
    let dovecot = Dovecot::start();
    let to = ["export-to", "imap", &url(&dovecot)];
    let count = ["INBOX", "Kunden/M&APw-ller v1.2", "Leer"]
        .iter()
        .map(|f| Mailbox::open(server.imap, "anna@example.test").count(f))
        .sum::<usize>() as i64;
    let dry = run(&server, &to, &dovecot.ca, &["--dry-run"]);
    assert_eq!((sum(&dry, "new"), sum(&dry, "stored")), (count, 0));
    let report = run(&server, &to, &dovecot.ca, &["--verify"]);
    assert_whole(&report);
    assert_eq!(
        (sum(&report, "stored"), report["exported"][0]["compared"].as_i64()),
        (count, Some(count))
    );
    let again = run(&server, &to, &dovecot.ca, &["--verify"]);
    assert_whole(&again);
    assert_eq!((sum(&again, "stored"), sum(&again, "known")), (0, count));
    // Work goes on here: marked, arrived, removed.
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    anna.ok("SELECT INBOX");
    anna.ok("UID STORE 1 -FLAGS (\\Answered)");
    anna.ok("UID STORE 1 +FLAGS (\\Flagged Neu)");
    anna.ok("UID STORE 4 +FLAGS (\\Deleted)");
    anna.ok("EXPUNGE");
    assert!(anna.append("Leer", b"Subject: later\r\n\r\nx\r\n"));
    let report = run(&server, &to, &dovecot.ca, &["--verify", "--follow-deletions"]);
    assert_whole(&report);
    assert_eq!(
        (sum(&report, "stored"), sum(&report, "changed")),
        (1, 1),
        "{report}"
    );
    assert_eq!(report["exported"][0]["removed"], 1);
    let mut office = there(&dovecot);
    assert_eq!(office.count("INBOX"), anna.count("INBOX"));
    office.ok("SELECT INBOX");
    let flags = String::from_utf8_lossy(&office.ok("UID FETCH 1 (FLAGS)").lines.concat()).into_owned();
    assert!(
        flags.contains("Neu") && flags.contains("\\Flagged") && !flags.contains("\\Answered"),
        "{flags}"
    );
    // And back, into another office.
    let back = Server::start();
    let report = run(
        &back,
        &["import", "imap", &url(&dovecot)],
        &dovecot.ca,
        &["--verify"],
    );
    assert_whole(&report);
    assert_eq!(sum(&report, "stored"), count);
}

#[test]
fn a_run_to_another_server_that_is_killed_leaves_each_message_once() {
    let server = Server::start();
    let count = 600;
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    for n in 0..count {
        let message = format!("Subject: {n}\r\nMessage-ID: <{n}@x>\r\n\r\nbody {n}\r\n");
        assert!(anna.append("INBOX", message.as_bytes()));
    }
    let dovecot = Dovecot::start();
    let to = ["export-to", "imap", &url(&dovecot)];
    let mut office = there(&dovecot);
    let mut rounds = 0;
    while office.count("INBOX") < count && rounds < 6 {
        rounds += 1;
        let before = office.count("INBOX");
        let mut child = Command::new(env!("CARGO_BIN_EXE_hauspost"))
            .args(to)
            .args([
                "--account",
                "anna@example.test",
                "--extra-ca",
                dovecot.ca.to_str().unwrap(),
            ])
            .env("HAUSPOST_DATA", server.data.path())
            .env("HAUSPOST_MOVE_PASSWORD", PROVIDER_PASSWORD)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("some more are there", Duration::from_secs(60), || {
            office.count("INBOX") > before || child.try_wait().unwrap().is_some()
        });
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let report = run(&server, &to, &dovecot.ca, &["--verify"]);
    assert_whole(&report);
    assert_eq!(office.count("INBOX"), count, "each once");
    assert!(rounds > 1, "it was never killed in the middle");
}

#[test]
fn what_was_changed_there_is_named() {
    let server = Server::start();
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    for n in 0..3 {
        assert!(anna.append("INBOX", format!("Subject: {n}\r\n\r\nbody {n}\r\n").as_bytes()));
    }
    let dovecot = Dovecot::start();
    let to = ["export-to", "imap", &url(&dovecot)];
    assert_whole(&run(&server, &to, &dovecot.ca, &["--verify"]));
    let mut office = there(&dovecot);
    office.ok("SELECT INBOX");
    office.ok("UID STORE 1 +FLAGS (\\Seen)");
    office.ok("UID STORE 2 +FLAGS (\\Deleted)");
    office.ok("EXPUNGE");
    let report = run(&server, &to, &dovecot.ca, &["--verify"]);
    let differences = report["exported"][0]["differences"].as_array().unwrap();
    let what: Vec<&str> = differences.iter().map(|d| d["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["has other flags there", "is not there"], "{report}");
    assert_eq!(differences[1]["title"], "1");
}

#[test]
fn calendars_tasks_and_contacts_go_to_radicale_and_come_back() {
    let server = Server::start();
    filled_collections(&server);
    let anna = dav::anna(&server);
    let task = dav::event("t1", "STATUS:NEEDS-ACTION").replace("VEVENT", "VTODO");
    let at = "/dav/calendars/anna@example.test/tasks/t1.ics";
    put(&anna, at, &task).expect(201);
    // Others cannot read a file here: it goes along in the event.
    let with_file = format!("{}b.ics", dav::CALENDAR);
    dav::attachments::attach(&anna, &with_file, "action=attachment-add", "b.txt", b"the file").expect(201);
    let radicale = Radicale::start();
    // Its person's home is made with the first collection.
    radicale.make("old", "MKCALENDAR", "Old");
    let url = format!("https://office@localhost:{}", radicale.port);
    for (what, count) in [("caldav", 4), ("carddav", 1)] {
        let to = ["export-to", what, &url];
        let dry = run(&server, &to, &radicale.ca, &["--dry-run"]);
        assert_eq!((sum(&dry, "new"), sum(&dry, "stored")), (count, 0), "{what}");
        let report = run(&server, &to, &radicale.ca, &["--verify"]);
        assert_whole(&report);
        assert_eq!(
            (sum(&report, "stored"), report["exported"][0]["compared"].as_i64()),
            (count, Some(count))
        );
        let again = run(&server, &to, &radicale.ca, &["--verify"]);
        assert_whole(&again);
        assert_eq!((sum(&again, "stored"), sum(&again, "changed")), (0, 0), "{what}");
    }
    // Changed and gone here.
    let path = format!("{}a.ics", dav::CALENDAR);
    let event = anna.get(&path).expect(200).text().replace("Event a", "Event A");
    put(&anna, &path, &event).expect(204);
    anna.send("DELETE", at, &[], b"").expect(204);
    let to = ["export-to", "caldav", &url];
    let report = run(&server, &to, &radicale.ca, &["--verify", "--follow-deletions"]);
    assert_whole(&report);
    assert_eq!(
        (sum(&report, "changed"), report["exported"][0]["removed"].as_i64()),
        (1, Some(1)),
        "{report}"
    );
    let back = Server::start();
    let report = run(&back, &["import", "caldav", &url], &radicale.ca, &["--verify"]);
    assert_whole(&report);
    assert_eq!(sum(&report, "stored"), 3);
    let there = dav::anna(&back)
        .get(&with_file)
        .expect(200)
        .text()
        .replace("\r\n ", "");
    assert!(
        there.contains("dGhlIGZpbGU=") && !there.contains("MANAGED-ID"),
        "{there}"
    );
}
