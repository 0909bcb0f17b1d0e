//! Collecting from a provider: Dovecot by IMAP and POP3.

use crate::counterparts::{Dovecot, PROVIDER_PASSWORD};
use crate::mailbox::{Mailbox, wait_for_messages};
use crate::server::{Folder, Server, run_with, set_up, wait_until};
use std::time::Duration;

fn message(n: usize, header: &str) -> Vec<u8> {
    format!(
        "{header}From: x@other.test\r\nTo: office@provider.test\r\nSubject: number {n}\r\n\r\nbody {n}\r\n"
    )
    .into_bytes()
}

fn start(dovecot: &Dovecot, url: &str) -> Server {
    let data = Folder::new();
    set_up(data.path(), &["--collect", url]);
    Server::serve(data, &["--extra-ca", dovecot.ca.to_str().unwrap()])
}

fn imaps(dovecot: &Dovecot, user: &str, options: &str) -> String {
    format!(
        "imaps://{user}:{PROVIDER_PASSWORD}@localhost:{}/{options}",
        dovecot.imaps
    )
}

#[test]
fn by_imap_what_was_there_and_what_comes_is_here_and_gone_there() {
    let dovecot = Dovecot::start();
    for n in 0..3 {
        dovecot.deliver("office", &message(n, ""));
    }
    let server = start(&dovecot, &imaps(&dovecot, "office", ""));
    let got = wait_for_messages(server.imap, "anna@example.test", "INBOX", 3);
    assert_eq!(got[0], message(0, ""), "as it was there, to the byte");
    wait_until("the provider's mailbox is empty", Duration::from_secs(20), || {
        dovecot.count("office") == 0
    });
    // IDLE tells of what comes now.
    dovecot.deliver("office", &message(3, ""));
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 4);
    wait_until("the provider's mailbox is empty", Duration::from_secs(20), || {
        dovecot.count("office") == 0
    });
}

#[test]
fn by_imap_with_keep_everything_stays_there_and_comes_once() {
    let dovecot = Dovecot::start();
    for n in 0..3 {
        dovecot.deliver("office", &message(n, ""));
    }
    let mut server = start(&dovecot, &imaps(&dovecot, "office", "?keep=true"));
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 3);
    assert_eq!(dovecot.count("office"), 3);
    server.stop();
    server.start_again();
    dovecot.deliver("office", &message(3, ""));
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 4);
    assert_eq!(dovecot.count("office"), 4);
}

#[test]
fn by_pop3_messages_come_and_are_gone_there() {
    let dovecot = Dovecot::start();
    dovecot.deliver("office", b"From: x@other.test\nSubject: dots\n\n.\n..two\n");
    dovecot.deliver("office", &message(1, ""));
    let url = format!("pop3s://office:{PROVIDER_PASSWORD}@localhost:{}", dovecot.pop3s);
    let server = start(&dovecot, &url);
    let got = wait_for_messages(server.imap, "anna@example.test", "INBOX", 2);
    assert!(
        got.iter()
            .any(|m| m == b"From: x@other.test\r\nSubject: dots\r\n\r\n.\r\n..two\r\n"),
        "dots survive"
    );
    wait_until("the provider's mailbox is empty", Duration::from_secs(20), || {
        dovecot.count("office") == 0
    });
}

#[test]
fn one_mailbox_of_a_domain_is_split_to_people() {
    let dovecot = Dovecot::start();
    dovecot.deliver("all", &message(0, "Envelope-To: ben@example.test\r\n"));
    dovecot.deliver("all", &message(1, "X-Original-To: anna@example.test\r\n"));
    dovecot.deliver("all", &message(2, "Delivered-To: all@provider.test\r\nReceived: from a by b\r\n\tfor <ben@example.test>; Sun, 22 Nov 2026 10:00:00 +0000\r\n"));
    dovecot.deliver("all", &message(3, "Envelope-To: nobody@example.test\r\n"));
    let server = start(&dovecot, &imaps(&dovecot, "all", "?split=true"));
    // What is for nobody goes to the one whose collection account it is.
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 2);
    let ben = wait_for_messages(server.imap, "ben@example.test", "INBOX", 2);
    assert!(String::from_utf8_lossy(&ben[0]).contains("number 0"));
}

#[test]
fn a_power_cut_between_fetch_and_delete_doubles_nothing() {
    let dovecot = Dovecot::start();
    let rounds = 3;
    let mut server = start(&dovecot, &imaps(&dovecot, "office", ""));
    let mut sent = 0;
    for round in 0..rounds {
        for _ in 0..10 {
            dovecot.deliver("office", &message(sent, ""));
            sent += 1;
        }
        // Somewhere in the middle of it.
        let some = sent - 10 + 1 + round;
        let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
        wait_until("some are here", Duration::from_secs(30), || {
            mailbox.count("INBOX") >= some
        });
        server.kill();
        server.start_again();
    }
    let got = wait_for_messages(server.imap, "anna@example.test", "INBOX", sent);
    for n in 0..sent {
        assert_eq!(
            got.iter().filter(|m| **m == message(n, "")).count(),
            1,
            "number {n}"
        );
    }
    wait_until("the provider's mailbox is empty", Duration::from_secs(20), || {
        dovecot.count("office") == 0
    });
}

#[test]
fn a_wrong_password_is_told_and_does_not_stop_the_server() {
    let dovecot = Dovecot::start();
    let server = start(
        &dovecot,
        &format!("imaps://office:wrong-wrong@localhost:{}", dovecot.imaps),
    );
    wait_until("the failure is in the log", Duration::from_secs(30), || {
        server.log().contains("does not accept the login")
    });
    assert!(!server.log().contains("wrong-wrong"), "no secret in the log");
    let out = run_with(server.data.path(), &["account", "list"], "");
    assert!(out.status.success());
}
