//! From another server by Microsoft Graph: a second Hauspost, read by a program with its secret and by a person who types a code.

use super::{assert_proven, sum};
use crate::mailbox::Mailbox;
use crate::server::{PASSWORD, Server, run_with};
use crate::web::{Reply, Web, encode, register};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DATE: &str = "22-Nov-2020 19:41:05 +0100";

fn append(mailbox: &mut Mailbox, folder: &str, flags: &str, message: &str) {
    let mut command = format!(
        "APPEND \"{folder}\" ({flags}) \"{DATE}\" {{{}+}}\r\n",
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

/// More than a page of messages, folders in folders, one of them for what is sent.
fn filled(options: &[&str]) -> Server {
    let there = Server::start_with(options);
    let mut anna = Mailbox::open(there.imap, "anna@example.test");
    for folder in ["Kunden", "Kunden/M&APw-ller", "Viele"] {
        anna.ok(&format!("CREATE \"{folder}\""));
    }
    append(&mut anna, "INBOX", "\\Seen", &message(1));
    append(&mut anna, "INBOX", "", &message(2));
    append(&mut anna, "Sent", "\\Seen", &message(3));
    append(&mut anna, "Kunden/M&APw-ller", "\\Flagged Wichtig", &message(4));
    append(&mut anna, "Drafts", "\\Draft \\Seen", &message(5));
    for n in 100..640 {
        append(&mut anna, "Viele", "", &message(n));
    }
    there
}

const FOLDERS: [&str; 5] = ["INBOX", "Sent", "Kunden/M&APw-ller", "Drafts", "Viele"];

fn arguments(there: &Server) -> Vec<String> {
    let place = format!("https://localhost:{}", there.one.port());
    let ca = there.data.path().join("tls/ca.pem");
    [
        "import",
        "graph",
        &format!("{place}/v1.0"),
        "--account",
        "anna@example.test",
        "--extra-ca",
        ca.to_str().unwrap(),
        "--json",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn secret(there: &Server) -> String {
    let made = there.cli(&[
        "app",
        "add",
        "--client-id",
        "mover",
        "--name",
        "Mover",
        "--json",
        "--secret",
        "--app-permission",
        "Mail.Read",
        "--mailbox",
        "anna@example.test",
    ]);
    let made: Value = serde_json::from_str(&made).unwrap();
    made["secret"].as_str().unwrap().to_owned()
}

fn try_import(here: &Server, there: &Server, secret: &str, more: &[&str]) -> std::process::Output {
    let all = arguments(there);
    let program = ["--client-id", "mover", "--secret-stdin"];
    let all: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .chain(program)
        .chain(more.iter().copied())
        .collect();
    let out = run_with(here.data.path(), &all, &format!("{secret}\n"));
    for said in [&out.stdout, &out.stderr] {
        assert!(!String::from_utf8_lossy(said).contains(secret));
    }
    out
}

fn import(here: &Server, there: &Server, secret: &str, more: &[&str]) -> Value {
    let more = [&["--user", "anna@example.test"], more].concat();
    let out = try_import(here, there, secret, &more);
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stderr)))
}

/// Flags and dates of a folder, in the order of its messages.
fn facts(mailbox: &mut Mailbox, folder: &str) -> Vec<String> {
    mailbox.ok(&format!("EXAMINE \"{folder}\""));
    let lines = mailbox.ok("FETCH 1:* (INTERNALDATE FLAGS)").lines;
    let text = |l: Vec<u8>| {
        String::from_utf8_lossy(&l)
            .replace("\\Recent", "")
            .replace(" )", ")")
    };
    lines.into_iter().map(text).collect()
}

#[test]
fn a_mailbox_comes_by_graph_and_is_caught_up_with() {
    let there = filled(&[]);
    let here = Server::start();
    let secret = secret(&there);
    let dry = import(&here, &there, &secret, &["--dry-run"]);
    assert_eq!((sum(&dry, "new"), sum(&dry, "stored")), (545, 0));
    assert_proven(&import(&here, &there, &secret, &["--verify"]), 545);
    let mut ours = Mailbox::open(here.imap, "anna@example.test");
    let mut theirs = Mailbox::open(there.imap, "anna@example.test");
    for folder in FOLDERS {
        let (mut a, mut b) = (ours.messages(folder), theirs.messages(folder));
        a.sort();
        b.sort();
        assert!(a == b, "{folder}");
    }
    for folder in &FOLDERS[1..4] {
        assert_eq!(facts(&mut ours, folder), facts(&mut theirs, folder), "{folder}");
    }
    // Work goes on there until the day of the switch.
    theirs.ok("SELECT INBOX");
    theirs.ok("UID STORE 2 +FLAGS (\\Seen)");
    theirs.ok("UID MOVE 1 Kunden");
    append(&mut theirs, "INBOX", "", &message(6));
    theirs.ok("SELECT Viele");
    theirs.ok("STORE 1:40 +FLAGS (\\Deleted)");
    theirs.ok("EXPUNGE");
    let again = import(&here, &there, &secret, &["--follow-deletions", "--verify"]);
    let counts = ["stored", "moved", "changed"].map(|what| sum(&again, what));
    assert_eq!(
        (counts, &again["imported"][0]["removed"]),
        ([1, 1, 1], &Value::from(40)),
        "{again}"
    );
    assert_proven(&again, 506);
    let last = import(&here, &there, &secret, &[]);
    assert_eq!(
        ["stored", "moved", "changed"].map(|what| sum(&last, what)),
        [0, 0, 0]
    );
}

#[test]
fn a_server_that_asks_for_patience_gets_it_and_one_that_refuses_is_told_of() {
    // About as many requests as it takes, and then one a second.
    let there = filled(&["--max-requests", "540"]);
    let here = Server::start();
    let secret = secret(&there);
    let out = try_import(&here, &there, "another", &["--user", "anna@example.test"]);
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(
        !out.status.success() && said.contains("does not let us in"),
        "{said}"
    );
    let out = try_import(&here, &there, &secret, &["--user", "ben@example.test"]);
    assert!(!out.status.success(), "a mailbox that it is not let into");
    let began = Instant::now();
    let came = import(&here, &there, &secret, &["--folder", "Viele"]);
    assert_eq!(sum(&came, "stored"), 540);
    assert!(began.elapsed() > Duration::from_secs(5), "it was asked to wait");
}

#[test]
fn a_person_signs_in_by_a_code_elsewhere() {
    let there = filled(&[]);
    register(&there);
    let here = Server::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hauspost"))
        .args(arguments(&there))
        .args(["--client-id", "test-app", "--folder", "Kunden"])
        .env("HAUSPOST_DATA", here.data.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let word = |before: &str| {
        let rest = line.split_once(before).unwrap_or_else(|| panic!("{line}")).1;
        rest.split(',').next().unwrap().trim().to_owned()
    };
    approve(&Web::new(&there), &word("open "), &word("type the code "));
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(child.wait().unwrap().success());
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(sum(&report, "stored"), 1, "{report}");
    let mut anna = Mailbox::open(here.imap, "anna@example.test");
    assert_eq!(anna.messages("Kunden/M&APw-ller"), [message(4).into_bytes()]);
}

/// Anna types the code, signs in and agrees.
fn approve(web: &Web, page: &str, code: &str) {
    let field = |reply: &Reply, name: &str| {
        let text = reply.text();
        let rest = text.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    };
    let send = |from: &Reply, values: &[(&str, &str)]| {
        let token = field(from, "form_token");
        let all = [&[("form_token", token.as_str()), ("user_code", code)], values].concat();
        let body: Vec<String> = all.iter().map(|(n, v)| format!("{n}={}", encode(v))).collect();
        let cookie = from.header("set-cookie").split(';').next().unwrap().to_owned();
        let headers = [
            "Content-Type: application/x-www-form-urlencoded",
            &format!("Cookie: {cookie}"),
        ];
        web.send("POST", page, &headers, body.join("&").as_bytes())
            .expect(200)
    };
    let shown = web.get(page).expect(200);
    let named = send(&shown, &[]);
    let asked = send(
        &named,
        &[("username", "anna@example.test"), ("password", PASSWORD)],
    );
    send(&asked, &[("ticket", &field(&asked, "ticket")), ("agree", "yes")]);
}

#[test]
fn addresses_that_tokens_must_not_go_to_are_refused() {
    let here = Server::start();
    let refused = |arguments: &[&str]| {
        let all = [
            &["import", "graph"],
            arguments,
            &["--account", "anna@example.test", "--client-id", "x"],
        ]
        .concat();
        let out = run_with(here.data.path(), &all, "");
        assert!(!out.status.success());
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    assert!(refused(&["http://graph.other.test/v1.0"]).contains("must begin with https"));
    assert!(refused(&["https://anna:pw@graph.other.test/v1.0"]).contains("neither a user"));
    assert!(refused(&["nonsense"]).contains("no address"));
    assert!(refused(&["https://localhost:1/v1.0", "--sign-in-at", "http://other.test"]).contains("https"));
    assert!(refused(&["https://localhost:1/v1.0", "--secret-stdin"]).contains("--user"));
}
