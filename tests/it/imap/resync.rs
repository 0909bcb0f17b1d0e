//! QRESYNC (RFC 7162) and IMAP4rev2.

use super::client::{Client, MESSAGE};
use crate::server::Server;

#[test]
fn resynchronizing_tells_what_went_and_what_changed() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    for _ in 0..4 {
        c.append("INBOX", MESSAGE);
    }
    // UID 4.
    let m = c.modseq("INBOX");
    c.ask("STORE 1 +FLAGS.SILENT (\\Seen)");
    c.ask("UID MOVE 3 Archive");
    let validity = c.uid_validity("INBOX");
    let mut c = Client::sign_in(server.imap);
    assert_eq!(
        c.ask(&format!("SELECT INBOX (QRESYNC ({validity} {}))", m - 1)),
        ["BAD QRESYNC needs ENABLE QRESYNC"]
    );
    assert_eq!(c.ask("ENABLE QRESYNC"), ["* ENABLED QRESYNC", "OK done"]);
    let answer = c.ask(&format!("SELECT INBOX (QRESYNC ({validity} {} 1:3))", m - 1));
    assert_eq!(
        answer[7..],
        [
            "* OK [UNSEEN 2] first".into(),
            "* VANISHED (EARLIER) 3".into(),
            format!("* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ ({}))", m + 1),
            format!("* 3 FETCH (UID 4 FLAGS () MODSEQ ({m}))"),
            "OK [READ-WRITE] open".into()
        ]
    );
    // Another UIDVALIDITY: the client starts again by itself.
    let answer = c.ask(&format!("SELECT INBOX (QRESYNC ({} {m}))", validity + 1));
    assert_eq!(answer[8..], ["* OK [UNSEEN 2] first", "OK [READ-WRITE] open"]);
    assert_eq!(
        c.ask(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {m} VANISHED)")),
        [
            "* VANISHED (EARLIER) 3".into(),
            format!("* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ ({}))", m + 1),
            "OK done".to_owned()
        ]
    );
}

#[test]
fn vanished_replaces_expunge() {
    let server = Server::start();
    let mut a = Client::in_inbox(server.imap);
    for _ in 0..3 {
        a.append("INBOX", MESSAGE);
    }
    let mut b = Client::sign_in(server.imap);
    b.ask("ENABLE QRESYNC");
    b.ask("SELECT INBOX");
    let m = b.modseq("INBOX");
    a.ask("STORE 1:2 +FLAGS.SILENT (\\Deleted)");
    assert_eq!(
        b.ask("NOOP"),
        [
            format!("* 1 FETCH (UID 1 FLAGS (\\Deleted) MODSEQ ({}))", m + 1),
            format!("* 2 FETCH (UID 2 FLAGS (\\Deleted) MODSEQ ({}))", m + 2),
            "OK done".to_owned()
        ]
    );
    assert_eq!(
        b.ask("EXPUNGE"),
        [
            "* VANISHED 1:2".to_owned(),
            format!("OK [HIGHESTMODSEQ {}] removed", m + 4)
        ]
    );
    assert_eq!(a.ask("NOOP"), ["* 1 EXPUNGE", "* 1 EXPUNGE", "OK done"]);
}

#[test]
fn rev2_has_no_recent_and_answers_searches_with_esearch() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    assert_eq!(c.ask("ENABLE IMAP4rev2"), ["* ENABLED IMAP4rev2", "OK done"]);
    let m = c.modseq("INBOX");
    let answer = c.ask("SELECT INBOX");
    assert_eq!(
        answer[2..],
        [
            "* 0 EXISTS",
            "* OK [UIDVALIDITY V] UIDs are valid",
            "* OK [UIDNEXT 1] next",
            &format!("* OK [HIGHESTMODSEQ {m}] highest"),
            "* LIST () \"/\" INBOX",
            "OK [READ-WRITE] open"
        ]
    );
    c.append("INBOX", MESSAGE);
    assert_eq!(c.ask("SEARCH ALL"), ["* ESEARCH (TAG \"a6\") ALL 1", "OK done"]);
}
