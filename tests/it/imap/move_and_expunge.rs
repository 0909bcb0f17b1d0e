//! COPY, MOVE, EXPUNGE, CLOSE.

use super::client::{Client, MESSAGE};
use crate::server::Server;

fn with_messages(server: &Server, count: usize) -> Client {
    let mut c = Client::in_inbox(server.imap);
    for _ in 0..count {
        c.append("INBOX", MESSAGE);
    }
    c
}

#[test]
fn copy_tells_the_pairs() {
    let server = Server::start();
    let mut c = with_messages(&server, 3);
    c.ask("STORE 3 +FLAGS (\\Seen Rot)");
    assert_eq!(c.ask("COPY 1,3 Archive"), ["OK [COPYUID V 1,3 1:2] copied"]);
    assert_eq!(c.ask("UID COPY 9 Archive"), ["OK nothing to copy"]);
    assert_eq!(c.ask("COPY 1 Nope"), ["NO [TRYCREATE] there is no such folder"]);
    assert_eq!(c.ask("COPY 1 INBOX"), ["* 4 EXISTS", "OK [COPYUID V 1 4] copied"]);
    c.ask("SELECT Archive");
    assert_eq!(
        c.ask("FETCH 1:* FLAGS"),
        [
            "* 1 FETCH (FLAGS ())",
            "* 2 FETCH (FLAGS (\\Seen Rot))",
            "OK done"
        ]
    );
}

#[test]
fn move_tells_pairs_before_numbers_change() {
    let server = Server::start();
    let mut c = with_messages(&server, 4);
    assert_eq!(
        c.ask("MOVE 2:3 Archive"),
        [
            "* OK [COPYUID V 2:3 1:2] moved",
            "* 2 EXPUNGE",
            "* 2 EXPUNGE",
            "OK moved"
        ]
    );
    assert_eq!(c.ask("UID MOVE 3 Archive"), ["OK moved"]);
    assert_eq!(
        c.ask("UID MOVE 4 INBOX"),
        [
            "* OK [COPYUID V 4 5] moved",
            "* 2 EXISTS",
            "* 2 EXPUNGE",
            "OK moved"
        ][..]
            .iter()
            .map(|l| l.replace("* 2 EXISTS", "* 3 EXISTS"))
            .collect::<Vec<_>>()
    );
    assert_eq!(c.ask("MOVE 1 Nope"), ["NO [TRYCREATE] there is no such folder"]);
    assert_eq!(c.ask("UID SEARCH ALL"), ["* SEARCH 1 5", "OK done"]);
}

#[test]
fn expunge_removes_what_is_marked() {
    let server = Server::start();
    let mut c = with_messages(&server, 5);
    c.ask("STORE 1:2,4 +FLAGS.SILENT (\\Deleted)");
    assert_eq!(c.ask("UID EXPUNGE 2:3"), ["* 2 EXPUNGE", "OK removed"]);
    assert_eq!(c.ask("EXPUNGE"), ["* 1 EXPUNGE", "* 2 EXPUNGE", "OK removed"]);
    assert_eq!(
        c.ask("FETCH 1:* UID"),
        ["* 1 FETCH (UID 3)", "* 2 FETCH (UID 5)", "OK done"]
    );
    assert_eq!(c.ask("EXPUNGE"), ["OK removed"]);
}

#[test]
fn close_removes_silently_and_unselect_does_not() {
    let server = Server::start();
    let mut c = with_messages(&server, 2);
    c.ask("STORE 1 +FLAGS.SILENT (\\Deleted)");
    assert_eq!(c.ask("UNSELECT"), ["OK closed"]);
    assert_eq!(
        c.ask("STATUS INBOX (MESSAGES)"),
        ["* STATUS INBOX (MESSAGES 2)", "OK done"]
    );
    c.ask("SELECT INBOX");
    assert_eq!(c.ask("CLOSE"), ["OK closed"]);
    assert_eq!(
        c.ask("STATUS INBOX (MESSAGES)"),
        ["* STATUS INBOX (MESSAGES 1)", "OK done"]
    );
}
