//! From another server by IMAP: a real Dovecot, with folders, flags and dates; caught up with, killed, and compared.

use super::{assert_proven, sum};
use crate::counterparts::{Dovecot, PROVIDER_PASSWORD};
use crate::mailbox::Mailbox;
use crate::server::{Server, run_with, wait_until};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

fn there(dovecot: &Dovecot) -> Mailbox {
    let address = SocketAddr::from(([127, 0, 0, 1], dovecot.imap));
    Mailbox::open_with(address, "office", PROVIDER_PASSWORD)
}

fn append(mailbox: &mut Mailbox, folder: &str, flags: &str, date: &str, message: &str) {
    let mut command = format!(
        "APPEND \"{folder}\" ({flags}) \"{date}\" {{{}+}}\r\n",
        message.len()
    )
    .into_bytes();
    command.extend_from_slice(message.as_bytes());
    let done = mailbox.try_command(&command).unwrap();
    assert!(done.tagged.starts_with("OK"), "{}", done.tagged);
}

fn message(n: usize) -> String {
    format!("From: x@other.test\r\nMessage-ID: <{n}@other.test>\r\nSubject: number {n}\r\n\r\nbody {n}\r\n")
}

fn arguments(dovecot: &Dovecot) -> Vec<String> {
    [
        "import",
        "imap",
        &format!("imaps://office@localhost:{}", dovecot.imaps),
        "--account",
        "anna@example.test",
        "--extra-ca",
        dovecot.ca.to_str().unwrap(),
        "--password-stdin",
        "--json",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn import(server: &Server, dovecot: &Dovecot, more: &[&str]) -> Value {
    let all = arguments(dovecot);
    let all: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    let out = run_with(server.data.path(), &all, &format!("{PROVIDER_PASSWORD}\n"));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        !said.contains(PROVIDER_PASSWORD)
            && !String::from_utf8_lossy(&out.stdout).contains(PROVIDER_PASSWORD)
    );
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{said}"))
}

/// Folders in a foreign language, a nested one, one nobody looks at; five messages, one of them large.
fn filled() -> Dovecot {
    let dovecot = Dovecot::start();
    let mut office = there(&dovecot);
    for folder in ["Gesendet", "Kunden.M&APw-ller", "Alt"] {
        office.ok(&format!("CREATE \"{folder}\""));
    }
    office.ok("SUBSCRIBE \"Kunden.M&APw-ller\"");
    let date = "22-Nov-2020 19:41:05 +0100";
    append(&mut office, "INBOX", "\\Seen \\Answered", date, &message(1));
    append(&mut office, "INBOX", "", date, &message(2));
    append(
        &mut office,
        "Gesendet",
        "\\Seen $Forwarded Wichtig",
        date,
        &message(3),
    );
    append(&mut office, "Kunden.M&APw-ller", "\\Flagged", date, &message(4));
    let large = format!(
        "Subject: large\r\n\r\n{}",
        "x".repeat(70).as_str().to_owned() + "\r\n"
    )
    .replacen(
        "\r\n\r\n",
        &format!("\r\n\r\n{}", format!("{}\r\n", "y".repeat(70)).repeat(20_000)),
        1,
    );
    append(&mut office, "Alt", "\\Draft", date, &large);
    dovecot
}

#[test]
fn a_mailbox_comes_with_folders_flags_and_dates_and_is_caught_up_with() {
    let dovecot = filled();
    let server = Server::start();
    let dry = import(&server, &dovecot, &["--dry-run"]);
    assert_eq!((sum(&dry, "new"), sum(&dry, "stored")), (5, 0));
    assert_proven(&import(&server, &dovecot, &["--verify"]), 5);
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    let mut office = there(&dovecot);
    for (ours, theirs) in [
        ("INBOX", "INBOX"),
        ("Sent", "Gesendet"),
        ("Kunden/M&APw-ller", "Kunden.M&APw-ller"),
        ("Alt", "Alt"),
    ] {
        assert!(anna.messages(ours) == office.messages(theirs), "{ours}");
        let facts = |mailbox: &mut Mailbox| {
            let lines = mailbox.ok("FETCH 1:* (FLAGS INTERNALDATE)").lines;
            let text = String::from_utf8_lossy(&lines.concat()).replace("\\Recent", "");
            let mut words: Vec<String> = text
                .split([' ', '(', ')', '\r', '\n'])
                .map(str::to_owned)
                .collect();
            words.retain(|w| w.starts_with(['\\', '$', 'W']));
            words.sort();
            words
        };
        assert_eq!(facts(&mut anna), facts(&mut office), "{ours}");
    }
    anna.ok("EXAMINE INBOX");
    let date = String::from_utf8_lossy(&anna.ok("FETCH 1 INTERNALDATE").lines.concat()).into_owned();
    assert!(date.contains("22-Nov-2020 18:41:05 +0000"), "{date}");
    let subscribed = String::from_utf8_lossy(&anna.ok("LSUB \"\" *").lines.concat()).into_owned();
    assert!(
        subscribed.contains("Kunden/M&APw-ller") && !subscribed.contains("Alt"),
        "{subscribed}"
    );

    // People go on working there until the day of the switch: read, moved, arrived, deleted.
    office.ok("SELECT INBOX");
    office.ok("UID STORE 2 +FLAGS (\\Seen)");
    office.ok("UID MOVE 1 \"Kunden.M&APw-ller\"");
    append(
        &mut office,
        "INBOX",
        "",
        "22-Nov-2021 19:41:05 +0100",
        &message(6),
    );
    office.ok("SELECT Alt");
    office.ok("STORE 1 +FLAGS (\\Deleted)");
    office.ok("EXPUNGE");
    // And here: what is marked here stays marked.
    anna.ok("SELECT INBOX");
    anna.ok("UID STORE 2 +FLAGS (\\Flagged)");
    let report = import(&server, &dovecot, &["--follow-deletions"]);
    assert_eq!(
        (
            sum(&report, "stored"),
            sum(&report, "moved"),
            sum(&report, "changed")
        ),
        (1, 1, 1)
    );
    assert_eq!(report["imported"][0]["removed"], 1);
    let counts: Vec<usize> = ["INBOX", "Sent", "Kunden/M&APw-ller", "Alt"]
        .iter()
        .map(|f| anna.count(f))
        .collect();
    assert_eq!(counts, [2, 1, 2, 0]);
    anna.ok("SELECT INBOX");
    let flags = String::from_utf8_lossy(&anna.ok("UID FETCH 2 (FLAGS)").lines.concat()).into_owned();
    assert!(flags.contains("\\Seen") && flags.contains("\\Flagged"), "{flags}");
    let last = import(&server, &dovecot, &["--check"]);
    let differences = last["imported"][0]["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{last}");
    assert_eq!(differences[0]["what"], "has other flags");
}

#[test]
fn mailboxes_with_new_numbers_bring_nothing_twice() {
    let dovecot = filled();
    let server = Server::start();
    import(&server, &dovecot, &[]);
    // Renamed there, and made anew with other UIDs.
    let mut office = there(&dovecot);
    office.ok("RENAME Gesendet Sent");
    office.ok("RENAME Alt Alt2");
    office.ok("CREATE Alt");
    office.ok("SELECT Alt2");
    office.ok("MOVE 1 Alt");
    office.ok("SELECT INBOX");
    office.ok("DELETE Alt2");
    let report = import(&server, &dovecot, &["--verify"]);
    assert_eq!(sum(&report, "stored"), 0, "{report}");
    assert_proven(&report, 5);
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    let counts: Vec<usize> = ["INBOX", "Sent", "Kunden/M&APw-ller", "Alt"]
        .iter()
        .map(|f| anna.count(f))
        .collect();
    assert_eq!(counts, [2, 1, 1, 1]);
}

#[test]
fn a_move_that_is_killed_again_and_again_ends_as_one_that_was_not() {
    let dovecot = Dovecot::start();
    let count = 2_000;
    let mut office = there(&dovecot);
    for n in 0..count {
        append(
            &mut office,
            "INBOX",
            "\\Seen",
            "22-Nov-2020 19:41:05 +0100",
            &message(n),
        );
    }
    let server = Server::start();
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    let mut rounds = 0;
    while anna.count("INBOX") < count && rounds < 8 {
        rounds += 1;
        let before = anna.count("INBOX");
        let mut child = Command::new(env!("CARGO_BIN_EXE_hauspost"))
            .args(arguments(&dovecot).iter().filter(|a| *a != "--password-stdin"))
            .env("HAUSPOST_DATA", server.data.path())
            .env("HAUSPOST_MOVE_PASSWORD", PROVIDER_PASSWORD)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("some more have come", Duration::from_secs(60), || {
            anna.count("INBOX") > before || child.try_wait().unwrap().is_some()
        });
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let report = import(&server, &dovecot, &["--verify"]);
    assert_proven(&report, count);
    assert_eq!(anna.count("INBOX"), count, "each once");
    assert!(rounds > 1, "it was never killed in the middle");
}

#[test]
fn wrong_logins_and_servers_say_what_is_wrong() {
    let dovecot = Dovecot::start();
    let server = Server::start();
    let try_it = |url: &str, password: &str, ca: bool| {
        let ca = if ca {
            vec!["--extra-ca", dovecot.ca.to_str().unwrap()]
        } else {
            vec![]
        };
        let all = [
            &[
                "import",
                "imap",
                url,
                "--account",
                "anna@example.test",
                "--password-stdin",
            ],
            &ca[..],
        ]
        .concat();
        let out = run_with(server.data.path(), &all, &format!("{password}\n"));
        (out.status.code().unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let url = format!("imaps://office@localhost:{}", dovecot.imaps);
    let (code, said) = try_it(&url, "wrong", true);
    assert!(code == 5 && said.contains("login"), "{code} {said}");
    let (code, said) = try_it(&url, PROVIDER_PASSWORD, false);
    assert!(code == 1 && said.contains("no safe connection"), "{code} {said}");
    let (code, said) = try_it(&url.replace("office@", "office:secret@"), PROVIDER_PASSWORD, true);
    assert!(code == 2 && said.contains("--password-stdin"), "{code} {said}");
    let (code, said) = try_it("imaps://office@localhost:1", PROVIDER_PASSWORD, true);
    assert!(code == 1 && said.contains("no connection"), "{code} {said}");
}
