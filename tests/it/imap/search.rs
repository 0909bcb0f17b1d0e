//! SEARCH.

use super::client::{Client, MESSAGE, MULTIPART};
use crate::server::Server;

fn prepared(server: &Server) -> Client {
    let mut c = Client::in_inbox(server.imap);
    c.append("INBOX", MESSAGE);
    c.append("INBOX (\\Seen) \"01-Feb-2026 03:04:05 +0000\"", MULTIPART);
    c.append(
        "INBOX (Rot)",
        "Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\nX-Art: Rechnung\r\n\r\nSumme 100",
    );
    c
}

#[test]
fn keys_find_what_they_say() {
    let server = Server::start();
    let mut c = prepared(&server);
    for (keys, found) in [
        ("ALL", " 1 2 3"),
        ("UNSEEN", " 1 3"),
        ("SEEN", " 2"),
        ("KEYWORD rot", " 3"),
        ("UNKEYWORD Rot", " 1 2"),
        ("TEXT guten", " 1"),
        ("BODY \"guten tag\"", " 1"),
        ("SUBJECT hallo", " 1"),
        ("SUBJECT \"Größe\"", " 3"),
        ("FROM anna", " 1"),
        ("TO ben", " 1"),
        ("HEADER X-Art rechnung", " 3"),
        ("HEADER X-Art \"\"", " 3"),
        ("HEADER Message-ID 1@example", " 1"),
        ("ON 1-Feb-2026", " 2"),
        ("BEFORE 2-Feb-2026", " 2"),
        ("SINCE 2-Feb-2026", " 1 3"),
        ("SENTON 22-Nov-2026 SUBJECT hallo", " 1"),
        ("LARGER 150", " 1 2"),
        ("SMALLER 100", " 3"),
        ("NOT SEEN SUBJECT hallo", " 1"),
        ("OR SEEN KEYWORD Rot", " 2 3"),
        ("UID 2:*", " 2 3"),
        ("2:3 UNSEEN", " 3"),
        ("NOT 1:2", " 3"),
        ("OLDER 86400", " 2"),
        ("YOUNGER 86400", " 1 3"),
        ("RECENT", ""),
        ("TEXT nirgends", ""),
    ] {
        assert_eq!(
            c.ask(&format!("SEARCH {keys}")),
            [format!("* SEARCH{found}"), "OK done".to_owned()],
            "{keys}"
        );
    }
}

/// RFC 9051 §6.4.4: Date counts as it is written there, without time and zone.
#[test]
fn the_day_of_sending_is_that_of_the_writer() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    for date in [
        "Sun, 22 Nov 2026 00:10:00 +0200",
        "Sun, 22 Nov 2026 23:50:00 -0800",
        "Mon, 23 Nov 2026 00:10:00 +1400",
        "Sat, 21 Nov 2026 23:50:00 -1200",
        "Sun, 22 Nov 2026 12:00:00 +0000",
    ] {
        c.append("INBOX", &format!("Date: {date}\r\nSubject: s\r\n\r\nText"));
    }
    c.append(
        "INBOX \"22-Nov-2026 23:30:00 +0000\"",
        "Subject: ohne Datum\r\n\r\nText",
    );
    for (keys, found) in [
        ("SENTON 22-Nov-2026", " 1 2 5 6"),
        ("SENTBEFORE 22-Nov-2026", " 4"),
        ("SENTSINCE 23-Nov-2026", " 3"),
        ("SENTSINCE 22-Nov-2026", " 1 2 3 5 6"),
        ("NOT SENTON 22-Nov-2026", " 3 4"),
    ] {
        assert_eq!(
            c.ask(&format!("SEARCH {keys}")),
            [format!("* SEARCH{found}"), "OK done".to_owned()],
            "{keys}"
        );
    }
}

#[test]
fn results_come_in_the_form_that_was_asked_for_and_can_be_kept() {
    let server = Server::start();
    let mut c = prepared(&server);
    assert_eq!(
        c.ask("UID SEARCH RETURN (MIN MAX COUNT ALL) UNSEEN"),
        [
            "* ESEARCH (TAG \"a6\") UID MIN 1 MAX 3 ALL 1,3 COUNT 2",
            "OK done"
        ]
    );
    assert_eq!(c.ask("SEARCH RETURN (SAVE) UNSEEN"), ["OK done"]);
    assert_eq!(
        c.ask("FETCH $ UID"),
        ["* 1 FETCH (UID 1)", "* 3 FETCH (UID 3)", "OK done"]
    );
    assert_eq!(c.ask("UID SEARCH $ KEYWORD Rot"), ["* SEARCH 3", "OK done"]);
    assert_eq!(
        c.ask("SEARCH RETURN () TEXT nirgends"),
        ["* ESEARCH (TAG \"a10\")", "OK done"]
    );
    assert_eq!(
        c.ask("SEARCH CHARSET KLINGON TEXT x"),
        ["NO [BADCHARSET (UTF-8)] That charset is not known, use UTF-8"]
    );
}

#[test]
fn those_addressed_and_those_copied_are_told_apart() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    c.append(
        "INBOX",
        "From: a@x.test\r\nTo: Ben <ben@x.test>\r\nCc: Carla <carla@x.test>\r\nBcc: dora@x.test\r\nSubject: s\r\n\r\nText",
    );
    for (key, person) in [("TO", "ben"), ("CC", "carla"), ("BCC", "dora")] {
        for other in ["TO", "CC", "BCC"] {
            let found = if key == other { " 1" } else { "" };
            assert_eq!(
                c.ask(&format!("SEARCH {other} {person}")),
                [format!("* SEARCH{found}"), "OK done".to_owned()],
                "{other} {person}"
            );
        }
    }
}
