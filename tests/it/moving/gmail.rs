//! Gmail cannot be had in a test: a server that answers as Gmail's documentation of its extensions says (X-GM-EXT-1), with labels
//! instead of folders.

use super::sum;
use crate::mailbox::Mailbox;
use crate::server::{Server, run_with};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Labels of each message; its place is its UID and its number.
type Labels = Arc<Mutex<Vec<&'static str>>>;

fn body(uid: usize) -> String {
    format!("Message-ID: <{uid}@gmail.test>\r\nSubject: {uid}\r\n\r\nbody\r\n")
}

fn answer(out: &mut TcpStream, line: &str, mailbox: &mut String, labels: &Labels) -> std::io::Result<()> {
    let (tag, command) = line.split_once(' ').unwrap_or((line, ""));
    let all = labels.lock().unwrap().clone();
    let is_all = mailbox.contains("All Mail");
    if command.starts_with("CAPABILITY") {
        write!(
            out,
            "* CAPABILITY IMAP4rev1 X-GM-EXT-1 SPECIAL-USE NAMESPACE UIDPLUS\r\n"
        )?;
    } else if command.starts_with("NAMESPACE") {
        write!(out, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n")?;
    } else if command.starts_with("LIST") {
        for mailbox in [
            "(\\HasNoChildren) \"/\" \"INBOX\"",
            "(\\HasNoChildren) \"/\" \"B&APw-ro\"",
            "(\\HasChildren \\Noselect) \"/\" \"[Gmail]\"",
            "(\\All \\HasNoChildren) \"/\" \"[Gmail]/All Mail\"",
            "(\\HasNoChildren \\Trash) \"/\" \"[Gmail]/Trash\"",
        ] {
            write!(out, "* LIST {mailbox}\r\n")?;
        }
    } else if command.starts_with("EXAMINE") {
        *mailbox = command.to_owned();
        write!(out, "* {} EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n", all.len())?;
    } else if command.starts_with("UID FETCH") && is_all {
        let wants_body = command.contains("BODY.PEEK[]");
        for (at, labels) in all.iter().enumerate() {
            let uid = at + 1;
            let raw = body(uid);
            if wants_body {
                write!(
                    out,
                    "* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{raw})\r\n",
                    raw.len()
                )?;
            } else {
                write!(
                    out,
                    "* {uid} FETCH (X-GM-MSGID 90{uid} X-GM-LABELS ({labels}) UID {uid} RFC822.SIZE {} \
                     INTERNALDATE \"22-Nov-2020 19:41:05 +0000\" FLAGS (\\Seen))\r\n",
                    raw.len()
                )?;
            }
        }
    }
    write!(out, "{tag} OK done\r\n")
}

fn serve(labels: Labels) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut out = stream.unwrap();
            let reader = BufReader::new(out.try_clone().unwrap());
            let mut mailbox = String::new();
            if write!(out, "* OK Gimap\r\n").is_err() {
                continue;
            }
            for line in reader.lines().map_while(Result::ok) {
                if answer(&mut out, &line, &mut mailbox, &labels).is_err() {
                    break;
                }
            }
        }
    });
    port
}

fn import(server: &Server, port: u16) -> Value {
    let url = format!("imap://anna%40gmail.test@127.0.0.1:{port}/?security=none");
    let arguments = [
        "import",
        "imap",
        &url,
        "--account",
        "anna@example.test",
        "--password-stdin",
        "--verify",
        "--json",
    ];
    let out = run_with(server.data.path(), &arguments, "app-password\n");
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stderr)))
}

#[test]
fn labels_of_gmail_become_a_folder_and_categories_and_each_message_comes_once() {
    let labels: Labels = Arc::new(Mutex::new(vec![
        "\"\\\\Inbox\" \"\\\\Important\" \"B&APw-ro\"",
        "\"\\\\Sent\"",
        "\"\\\\Starred\" \"B&APw-ro\"",
    ]));
    let port = serve(labels.clone());
    let server = Server::start();
    let report = import(&server, port);
    assert_eq!(
        (sum(&report, "stored"), report["imported"][0]["compared"].as_i64()),
        (3, Some(3)),
        "{report}"
    );
    assert_eq!(report["imported"][0]["differences"], serde_json::json!([]));
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    let counts = |anna: &mut Mailbox| ["INBOX", "Sent", "Archive"].map(|f| anna.count(f));
    assert_eq!(counts(&mut anna), [1, 1, 1]);
    anna.ok("EXAMINE Archive");
    let flags = String::from_utf8_lossy(&anna.ok("FETCH 1 (FLAGS)").lines.concat()).into_owned();
    for flag in ["\\Flagged", "\\Seen", "B=C3=BCro"] {
        assert!(flags.contains(flag), "{flags}");
    }
    // Archived there: it moves here, and is the same message.
    labels.lock().unwrap()[0] = "\"B&APw-ro\"";
    let report = import(&server, port);
    assert_eq!(
        (sum(&report, "stored"), sum(&report, "moved")),
        (0, 1),
        "{report}"
    );
    assert_eq!(counts(&mut anna), [0, 1, 2]);
}
