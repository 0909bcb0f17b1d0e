//! FETCH: every item, sections, partial ranges, reading marks, large messages.

use super::client::{Client, MESSAGE, MULTIPART};
use crate::server::Server;

#[test]
fn envelope_and_structure_are_told() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    c.append("INBOX", MESSAGE);
    let anna = "((\"Anna\" NIL \"anna\" \"example.test\"))";
    assert_eq!(
        c.ask("UID FETCH 1:* (ENVELOPE BODYSTRUCTURE BODY PREVIEW)"),
        [
            &format!(
                "* 1 FETCH (UID 1 ENVELOPE (\"Sun, 22 Nov 2026 10:00:00 +0000\" \"Hallo\" {anna} {anna} {anna} \
                 ((NIL NIL \"ben\" \"example.test\")) NIL NIL NIL \"<1@example.test>\") BODYSTRUCTURE (\"text\" \"plain\" \
                 (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 11 1 NIL NIL NIL NIL) BODY (\"text\" \"plain\" \
                 (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 11 1) PREVIEW \"Guten Tag\")"
            ),
            "OK done"
        ]
    );
}

#[test]
fn sections_are_cut_out_of_the_message() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    c.append("INBOX", MULTIPART);
    assert_eq!(
        c.ask("FETCH 1 (BODY.PEEK[1] BODY.PEEK[2.MIME] BODY.PEEK[3] BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[1]<1.2>)"),
        [
            "* 1 FETCH (BODY[1] {4}\r\nText BODY[2.MIME] {77}\r\nContent-Type: application/octet-stream\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n BODY[3] NIL BODY[HEADER.FIELDS (SUBJECT)] {18}\r\nSubject: Datei\r\n\r\n \
             BODY[1]<1> {2}\r\nex)",
            "OK done"
        ]
    );
    assert_eq!(
        c.ask("FETCH 1 (BINARY.PEEK[2] BINARY.SIZE[2] BINARY.PEEK[2]<1.2>)"),
        [
            "* 1 FETCH (BINARY[2] ~{5}\r\n\0\u{1}\u{2}\u{3}\u{4} BINARY.SIZE[2] 5 BINARY[2]<1> {2}\r\n\u{1}\u{2})",
            "OK done"
        ]
    );
}

#[test]
fn reading_marks_as_seen_and_peeking_does_not() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    c.append("INBOX", "A: b\r\n\r\ntext");
    c.append("INBOX", "A: b\r\n\r\ntext");
    assert_eq!(
        c.ask("FETCH 1 BODY.PEEK[TEXT]"),
        ["* 1 FETCH (BODY[TEXT] {4}\r\ntext)", "OK done"]
    );
    assert_eq!(
        c.ask("FETCH 1 BODY[TEXT]"),
        ["* 1 FETCH (BODY[TEXT] {4}\r\ntext FLAGS (\\Seen))", "OK done"]
    );
    assert_eq!(
        c.ask("FETCH 1 BODY[TEXT]"),
        ["* 1 FETCH (BODY[TEXT] {4}\r\ntext)", "OK done"]
    );
    assert_eq!(
        c.ask("FETCH 1:2 (RFC822.HEADER FLAGS)"),
        [
            "* 1 FETCH (RFC822.HEADER {8}\r\nA: b\r\n\r\n FLAGS (\\Seen))",
            "* 2 FETCH (RFC822.HEADER {8}\r\nA: b\r\n\r\n FLAGS ())",
            "OK done"
        ]
    );
    c.ask("EXAMINE INBOX");
    assert_eq!(
        c.ask("FETCH 2 RFC822.TEXT"),
        ["* 2 FETCH (RFC822.TEXT {4}\r\ntext)", "OK done"]
    );
    assert_eq!(c.ask("SEARCH UNSEEN"), ["* SEARCH 2", "OK done"]);
}

#[test]
fn large_messages_come_whole_and_in_ranges() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    let mut big = String::from("Subject: big\r\n\r\n");
    for i in 0..100_000 {
        big.push_str(&format!("line {i}\r\n"));
    }
    assert_eq!(
        c.append("INBOX", &big),
        ["* 1 EXISTS", "OK [APPENDUID V 1] stored"]
    );
    c.append("INBOX", MESSAGE);
    assert_eq!(
        c.ask("FETCH 1:2 (BODY.PEEK[] UID)"),
        [
            format!("* 1 FETCH (BODY[] {{{}}}\r\n{big} UID 1)", big.len()),
            format!("* 2 FETCH (BODY[] {{{}}}\r\n{MESSAGE} UID 2)", MESSAGE.len()),
            "OK done".to_owned()
        ]
    );
    let (from, to) = (700_000, 1_000_000);
    assert_eq!(
        c.ask(&format!("FETCH 1 BODY.PEEK[]<{from}.{}>", to - from)),
        [
            format!(
                "* 1 FETCH (BODY[]<{from}> {{{}}}\r\n{})",
                to - from,
                &big[from..to]
            ),
            "OK done".to_owned()
        ]
    );
    assert_eq!(
        c.ask("FETCH 1 BODY.PEEK[]<99999999.10>"),
        ["* 1 FETCH (BODY[]<99999999> {0}\r\n)", "OK done"]
    );
}

#[test]
fn numbers_beyond_the_folder_are_a_mistake_and_uids_are_not() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    assert_eq!(c.ask("FETCH 1:* FLAGS"), ["OK done"]);
    c.append("INBOX", MESSAGE);
    assert_eq!(c.ask("FETCH 2 FLAGS"), ["BAD there is no such message number"]);
    assert_eq!(c.ask("UID FETCH 7:9 FLAGS"), ["OK done"]);
    // RFC 9051 §9: 5:* always holds the last message.
    assert_eq!(
        c.ask("UID FETCH 5:* FLAGS"),
        ["* 1 FETCH (UID 1 FLAGS ())", "OK done"]
    );
}

#[test]
fn many_messages_come_in_order() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    let text = format!("Subject: x\r\n\r\n{}", "some words ".repeat(500));
    for _ in 0..150 {
        c.append("INBOX", &text);
    }
    let answer = c.ask("FETCH 1:* (UID BODY.PEEK[])");
    assert_eq!(answer.len(), 151);
    for (i, line) in answer[..150].iter().enumerate() {
        let n = i + 1;
        assert_eq!(
            *line,
            format!("* {n} FETCH (UID {n} BODY[] {{{}}}\r\n{text})", text.len())
        );
    }
}
