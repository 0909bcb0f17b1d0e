//! Collecting from a provider: Dovecot by IMAP and POP3.

use crate::counterparts::{Dovecot, PROVIDER_PASSWORD};
use crate::mailbox::{Mailbox, wait_for_messages};
use crate::server::{Folder, Server, run, run_with, set_up, wait_until};
use serde_json::Value;
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

fn sources(server: &Server) -> Vec<Value> {
    serde_json::from_str(&server.cli(&["collect", "list", "--json"])).unwrap()
}

/// Why messages wait at the provider, and for whom.
fn waiting(server: &Server) -> Vec<(String, String)> {
    let all = sources(server).remove(0)["waiting"].take();
    let text = |w: &Value, key: &str| w[key].as_str().unwrap().to_owned();
    let all = all.as_array().unwrap();
    all.iter()
        .map(|w| (text(w, "reason"), text(w, "account")))
        .collect()
}

fn large(n: usize, header: &str) -> Vec<u8> {
    [message(n, header), b"0123456789\r\n".repeat(2000)].concat()
}

fn full_mailbox_holds_up_nothing(url: impl Fn(&Dovecot) -> String) {
    let dovecot = Dovecot::start();
    dovecot.deliver("all", &large(0, "Envelope-To: ben@example.test\r\n"));
    dovecot.deliver("all", &message(1, "Envelope-To: anna@example.test\r\n"));
    dovecot.deliver(
        "all",
        &large(2, "Envelope-To: ben@example.test, anna@example.test\r\n"),
    );
    dovecot.deliver("all", &message(3, "Envelope-To: ben@example.test\r\n"));
    let data = Folder::new();
    set_up(data.path(), &["--collect", &url(&dovecot)]);
    run(
        data.path(),
        &["account", "set", "ben@example.test", "--quota", "4K"],
    );
    let server = Server::serve(data, &["--extra-ca", dovecot.ca.to_str().unwrap()]);
    // Anna has hers, and ben what fits.
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 2);
    wait_for_messages(server.imap, "ben@example.test", "INBOX", 1);
    let for_ben = || ("full".to_owned(), "ben@example.test".to_owned());
    wait_until("two wait", Duration::from_secs(30), || {
        waiting(&server).len() == 2
    });
    assert_eq!(waiting(&server), [for_ben(), for_ben()]);
    // What comes later is not held up either.
    dovecot.deliver("all", &message(4, "Envelope-To: anna@example.test\r\n"));
    server.cli(&["collect", "run"]);
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 3);
    assert_eq!(waiting(&server).len(), 2);
    server.cli(&["account", "set", "ben@example.test", "--quota", "1M"]);
    let got = wait_for_messages(server.imap, "ben@example.test", "INBOX", 3);
    for n in [0, 2, 3] {
        let subject = format!("Subject: number {n}\r\n");
        let count = got
            .iter()
            .filter(|m| String::from_utf8_lossy(m).contains(&subject))
            .count();
        assert_eq!(count, 1, "number {n}");
    }
    wait_until("nothing waits", Duration::from_secs(30), || {
        waiting(&server).is_empty()
    });
    assert_eq!(
        Mailbox::open(server.imap, "anna@example.test").count("INBOX"),
        3,
        "and nothing came twice to her"
    );
}

#[test]
fn by_imap_a_full_mailbox_holds_up_nothing_and_is_served_when_there_is_room() {
    full_mailbox_holds_up_nothing(|d| imaps(d, "all", "?split=true"));
}

#[test]
fn by_imap_with_keep_a_full_mailbox_holds_up_nothing() {
    full_mailbox_holds_up_nothing(|d| imaps(d, "all", "?split=true&keep=true"));
}

#[test]
fn by_pop3_a_full_mailbox_holds_up_nothing() {
    full_mailbox_holds_up_nothing(|d| {
        format!(
            "pop3s://all:{PROVIDER_PASSWORD}@localhost:{}/?split=true",
            d.pop3s
        )
    });
}

#[test]
fn room_made_by_the_person_lets_what_waits_come() {
    let dovecot = Dovecot::start();
    let data = Folder::new();
    set_up(data.path(), &["--collect", &imaps(&dovecot, "office", "")]);
    run(
        data.path(),
        &["account", "set", "anna@example.test", "--quota", "30K"],
    );
    let server = Server::serve(data, &["--extra-ca", dovecot.ca.to_str().unwrap()]);
    dovecot.deliver("office", &large(0, ""));
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 1);
    dovecot.deliver("office", &large(1, ""));
    wait_until("one waits", Duration::from_secs(30), || {
        waiting(&server).len() == 1
    });
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    anna.ok("SELECT INBOX");
    anna.ok("STORE 1 +FLAGS.SILENT (\\Deleted)");
    anna.ok("EXPUNGE");
    let got = wait_for_messages(server.imap, "anna@example.test", "INBOX", 1);
    assert_eq!(got[0], large(1, ""));
}

fn too_large_stays_there_and_is_told_once(url: impl Fn(&Dovecot) -> String) {
    let dovecot = Dovecot::start();
    let header = "Subject: =?utf-8?q?Pl=C3=A4ne?=\r\nFrom: Bau <bau@other.test>\r\n";
    dovecot.deliver("office", &[header.as_bytes(), &large(0, "")].concat());
    dovecot.deliver("office", &message(1, ""));
    let data = Folder::new();
    set_up(data.path(), &["--collect", &url(&dovecot)]);
    let ca = dovecot.ca.to_str().unwrap();
    let mut server = Server::serve(data, &["--extra-ca", ca, "--max-collected-size", "10K"]);
    let got = wait_for_messages(server.imap, "anna@example.test", "INBOX", 2);
    let notice = String::from_utf8_lossy(got.iter().find(|m| **m != message(1, "")).unwrap()).into_owned();
    assert!(
        notice.contains("Subject: Not collected: a message is too large"),
        "{notice}"
    );
    assert!(notice.contains("Bau <bau@other.test>"), "{notice}");
    wait_until("it is listed", Duration::from_secs(30), || {
        waiting(&server).len() == 1
    });
    assert_eq!(waiting(&server)[0].0, "tooLarge");
    server.cli(&["collect", "run"]);
    server.stop();
    server.start_again();
    server.cli(&["collect", "run"]);
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 2);
    assert_eq!(dovecot.count("office"), 1);
}

#[test]
fn by_imap_what_is_too_large_stays_there_and_the_owner_is_told_once() {
    too_large_stays_there_and_is_told_once(|d| imaps(d, "office", ""));
}

#[test]
fn by_pop3_what_is_too_large_stays_there_and_the_owner_is_told_once() {
    too_large_stays_there_and_is_told_once(|d| {
        format!("pop3s://office:{PROVIDER_PASSWORD}@localhost:{}", d.pop3s)
    });
}

#[test]
fn collections_are_managed_on_the_command_line_while_the_server_runs() {
    let dovecot = Dovecot::start();
    let server = Server::start_with(&["--extra-ca", dovecot.ca.to_str().unwrap()]);
    let url = format!("imaps://office@localhost:{}", dovecot.imaps);
    let add = |more: &[&str], password: &str| {
        let arguments = [
            &[
                "collect",
                "add",
                &url,
                "--account",
                "ben@example.test",
                "--password-stdin",
            ],
            more,
        ]
        .concat();
        let out = run_with(server.data.path(), &arguments, &format!("{password}\n"));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    add(&[], "wrong-wrong");
    assert_eq!(sources(&server).len(), 1);
    let failed = run_with(server.data.path(), &["collect", "run", "1"], "");
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stdout).contains("does not accept the login"));
    // The same again is the same one, with its new settings.
    add(&["--keep"], PROVIDER_PASSWORD);
    dovecot.deliver("office", &message(0, ""));
    server.cli(&["collect", "run", "1"]);
    wait_for_messages(server.imap, "ben@example.test", "INBOX", 1);
    let list = sources(&server);
    assert_eq!(list.len(), 1);
    assert_eq!(
        (&list[0]["keep"], &list[0]["lastError"]),
        (&Value::Bool(true), &Value::Null)
    );
    assert!(!list[0].to_string().contains(PROVIDER_PASSWORD), "no password");
    server.cli(&[
        "collect",
        "set",
        "1",
        "--account",
        "anna@example.test",
        "--enabled",
        "no",
    ]);
    let refused = run_with(server.data.path(), &["collect", "run", "1"], "");
    assert_eq!(refused.status.code(), Some(4));
    server.cli(&["collect", "set", "1", "--enabled", "yes"]);
    assert!(
        server
            .cli(&["collect", "show", "1"])
            .contains("for       anna@example.test")
    );
    server.cli(&["collect", "remove", "1"]);
    assert!(sources(&server).is_empty());
    let gone = run_with(server.data.path(), &["collect", "show", "1"], "");
    assert_eq!(gone.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("hauspost collect list"));
}

#[test]
fn without_a_server_the_command_collects_itself() {
    let dovecot = Dovecot::start();
    for n in 0..3 {
        dovecot.deliver("office", &message(n, ""));
    }
    let data = Folder::new();
    set_up(data.path(), &["--collect", &imaps(&dovecot, "office", "")]);
    let ca = ["--extra-ca", dovecot.ca.to_str().unwrap()];
    run(data.path(), &[&["collect", "run"], &ca[..]].concat());
    assert_eq!(dovecot.count("office"), 0);
    let server = Server::serve(data, &ca);
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 3);
}
