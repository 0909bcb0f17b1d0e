//! Mail that leaves: through Postfix as the smarthost; the queue; reports.

use crate::counterparts::{Dovecot, PROVIDER_PASSWORD, Postfix};
use crate::mailbox::wait_for_messages;
use crate::server::{Folder, Server, free_port, set_up, wait_until};
use crate::smtp::Talk;
use serde_json::Value;
use std::time::Duration;

/// base64 of "\0anna@example.test\0geheim-geheim"
pub const AUTH_ANNA: &str = "AUTH PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbS1nZWhlaW0=";

fn message(subject: &str) -> Vec<u8> {
    format!("From: Anna <anna@example.test>\r\nTo: x@other.test\r\nBcc: secret@other.test\r\nSubject: {subject}\r\n\r\nhello\r\n").into_bytes()
}

fn submit(server: &Server, to: &[&str], message: &[u8]) {
    let mut talk = Talk::hello(server.submission);
    assert_eq!(talk.ask(AUTH_ANNA), "235 2.7.0 welcome");
    let reply = talk.deliver("anna@example.test", to, message);
    assert!(reply.starts_with("250 2.0.0 OK"), "{reply}");
}

pub fn queue(server: &Server) -> Vec<Value> {
    serde_json::from_str(&server.cli(&["queue", "list", "--json"])).unwrap()
}

pub struct Office {
    pub server: Server,
    pub postfix: Postfix,
    _dovecot: Dovecot,
}

/// With Postfix as the smarthost.
pub fn start() -> Office {
    let dovecot = Dovecot::start();
    let data = Folder::new();
    // The smarthost's port is known before our own, and Postfix has to know ours.
    let office = free_port();
    let postfix = Postfix::start(&dovecot, office);
    let url = format!("smtps://office:{PROVIDER_PASSWORD}@localhost:{}", postfix.smtps);
    set_up(data.path(), &["--smarthost", &url]);
    let own = format!("127.0.0.1:{office}");
    let server = Server::serve(
        data,
        &["--extra-ca", dovecot.ca.to_str().unwrap(), "--smtp", &own],
    );
    Office {
        server,
        postfix,
        _dovecot: dovecot,
    }
}

#[test]
fn a_message_leaves_through_the_smarthost_signed_and_without_bcc() {
    let office = start();
    submit(
        &office.server,
        &["x@other.test", "secret@other.test"],
        &message("out"),
    );
    wait_until("both have it", Duration::from_secs(30), || {
        office.postfix.received().len() == 2
    });
    let got = &office.postfix.received()[0];
    assert!(got.contains("DKIM-Signature: v=1; a=rsa-sha256;"), "{got}");
    assert!(got.contains("d=example.test;"), "{got}");
    assert!(!got.contains("Bcc"), "{got}");
    assert!(
        got.contains("Message-ID: <") && got.contains("\nDate: "),
        "completed: {got}"
    );
    wait_until("the queue is empty", Duration::from_secs(10), || {
        queue(&office.server).is_empty()
    });
}

#[test]
fn who_is_refused_there_comes_back_as_a_report() {
    let office = start();
    submit(
        &office.server,
        &["refused@other.test", "x@other.test"],
        &message("half"),
    );
    let inbox = wait_for_messages(office.server.imap, "anna@example.test", "INBOX", 1);
    let report = String::from_utf8_lossy(&inbox[0]).into_owned();
    assert!(report.contains("multipart/report"), "{report}");
    assert!(
        report.contains("Final-Recipient: rfc822;refused@other.test")
            || report.contains("Final-Recipient: rfc822; refused@other.test"),
        "{report}"
    );
    assert!(report.contains("Action: failed"), "{report}");
    assert!(report.contains("Status: 5."), "{report}");
    wait_until("the other one has it", Duration::from_secs(20), || {
        office.postfix.received().len() == 1
    });
}

#[test]
fn people_of_ours_get_it_at_once_and_nobody_of_ours_comes_back() {
    let office = start();
    submit(&office.server, &["ben@example.test"], &message("inside"));
    wait_for_messages(office.server.imap, "ben@example.test", "INBOX", 1);
    assert!(office.postfix.received().is_empty());
}

#[test]
fn a_server_that_is_away_means_waiting_then_a_notice_then_a_report() {
    let data = Folder::new();
    let away = free_port();
    set_up(
        data.path(),
        &["--smarthost", &format!("smtp://127.0.0.1:{away}?security=none")],
    );
    let server = Server::serve(
        data,
        &[
            "--retry-after",
            "1",
            "--tell-delay-after",
            "1",
            "--give-up-after",
            "6",
        ],
    );
    submit(&server, &["x@other.test"], &message("waiting"));
    wait_until(
        "it is in the queue with a reason",
        Duration::from_secs(20),
        || {
            queue(&server).first().is_some_and(|q| {
                q["recipients"][0]["lastReply"]
                    .as_str()
                    .is_some_and(|r| r.contains("no connection"))
            })
        },
    );
    let inbox = wait_for_messages(server.imap, "anna@example.test", "INBOX", 1);
    assert!(String::from_utf8_lossy(&inbox[0]).contains("Action: delayed"));
    let mut mailbox = crate::mailbox::Mailbox::open(server.imap, "anna@example.test");
    wait_until("it is given up", Duration::from_secs(30), || {
        mailbox.count("INBOX") == 2
    });
    let inbox = mailbox.messages("INBOX");
    assert!(String::from_utf8_lossy(&inbox[1]).contains("Action: failed"));
    // The report is on its way before the message leaves the queue: nothing gets lost between the two.
    wait_until("it has left the queue", Duration::from_secs(20), || {
        queue(&server).is_empty()
    });
}

#[test]
fn the_queue_is_retried_and_dropped_by_hand() {
    let data = Folder::new();
    let port = free_port();
    set_up(
        data.path(),
        &["--smarthost", &format!("smtp://127.0.0.1:{port}?security=none")],
    );
    let server = Server::serve(data, &[]);
    submit(&server, &["x@other.test"], &message("one"));
    submit(&server, &["y@other.test"], &message("two"));
    wait_until("both have been tried", Duration::from_secs(20), || {
        let all = queue(&server);
        all.len() == 2 && all.iter().all(|q| q["recipients"][0]["attempts"] == 1)
    });
    let id = queue(&server)[0]["id"].to_string();
    server.cli(&["queue", "drop", &id]);
    assert_eq!(queue(&server).len(), 1);
    server.cli(&["queue", "retry"]);
    wait_until("it has been tried again", Duration::from_secs(20), || {
        queue(&server)[0]["recipients"][0]["attempts"] == 2
    });
}

#[test]
fn postfix_hands_mail_over_to_us() {
    let office = start();
    let mut talk = {
        // Postfix greets in its own words.
        let stream = std::net::TcpStream::connect(("127.0.0.1", office.postfix.smtp)).unwrap();
        Talk::from_stream(stream)
    };
    talk.ask("EHLO peer.test");
    let mut body = b"From: x@other.test\r\nSubject: from postfix\r\n\r\n".to_vec();
    body.extend("Gr\u{fc}\u{df}e, and a line.\r\n.dot\r\n".repeat(5000).as_bytes());
    assert!(
        talk.ask("MAIL FROM:<x@other.test> BODY=8BITMIME")
            .starts_with("250")
    );
    assert!(talk.ask("RCPT TO:<anna@example.test>").starts_with("250"));
    assert!(talk.ask("DATA").starts_with("354"));
    for line in body.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b".") {
            talk.send(b".");
        }
        talk.send(line);
    }
    assert!(talk.ask(".").starts_with("250"));
    let inbox = wait_for_messages(office.server.imap, "anna@example.test", "INBOX", 1);
    assert!(
        inbox[0].ends_with(&body[body.len() - 1000..]),
        "{}",
        office.postfix.log()
    );
    assert!(
        String::from_utf8_lossy(&inbox[0])
            .starts_with("Return-Path: <x@other.test>\r\nReceived: from mx.provider.test")
    );
}

/// How often a subject is in a list of messages.
fn times(all: &[String], subject: &str) -> usize {
    all.iter()
        .filter(|m| m.contains(&format!("Subject: {subject}\n")))
        .count()
}

#[test]
fn power_cuts_while_sending_lose_nothing() {
    let mut office = start();
    let mut sent = Vec::new();
    let rounds = 3;
    for round in 0..rounds {
        let mut talk = Talk::hello(office.server.submission);
        assert_eq!(talk.ask(AUTH_ANNA), "235 2.7.0 welcome");
        for n in 0..20 {
            let subject = format!("cut {round} {n}.");
            let reply = talk.deliver("anna@example.test", &["x@other.test"], &message(&subject));
            assert!(reply.starts_with("250"), "{reply}");
            sent.push(subject);
            if n == 12 + round {
                break;
            }
        }
        // In the middle of handing them to the smarthost.
        office.server.kill();
        office.server.start_again();
    }
    wait_until(
        "everything that was acknowledged is there",
        Duration::from_secs(60),
        || {
            let got = office.postfix.received();
            sent.iter().all(|s| times(&got, s) > 0)
        },
    );
    wait_until("the queue is empty", Duration::from_secs(30), || {
        queue(&office.server).is_empty()
    });
    let got = office.postfix.received();
    // Twice only where the answer was lost: at most what was in hand at each cut.
    let twice: usize = sent.iter().map(|s| times(&got, s) - 1).sum();
    assert!(twice <= rounds * 8, "{twice} came twice");
    println!("{} sent, {twice} of them twice", sent.len());
}
