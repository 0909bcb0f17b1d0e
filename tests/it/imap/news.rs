//! What one connection hears of another's doing, and when.

use super::client::{Client, MESSAGE};
use crate::server::Server;

fn two(server: &Server, messages: usize) -> (Client, Client) {
    let mut a = Client::in_inbox(server.imap);
    for _ in 0..messages {
        a.append("INBOX", MESSAGE);
    }
    (a, Client::in_inbox(server.imap))
}

#[test]
fn idle_hears_at_once() {
    let server = Server::start();
    let (mut a, mut b) = two(&server, 2);
    let tag = b.begin("IDLE");
    assert_eq!(b.line(), "+ idling");
    a.append("INBOX", MESSAGE);
    assert_eq!(b.line(), "* 3 EXISTS");
    a.ask("STORE 1 +FLAGS (\\Deleted)");
    assert_eq!(b.line(), "* 1 FETCH (FLAGS (\\Deleted))");
    a.ask("EXPUNGE");
    assert_eq!(b.line(), "* 1 EXPUNGE");
    b.send("DONE\r\n");
    assert_eq!(b.finish(&tag), ["OK done"]);
    let tag = b.begin("IDLE");
    assert_eq!(b.line(), "+ idling");
    b.send("NOOP\r\n");
    assert_eq!(b.finish(&tag), ["BAD expected DONE"]);
}

#[test]
fn expunge_waits_until_numbers_are_safe() {
    let server = Server::start();
    let (mut a, mut b) = two(&server, 3);
    a.ask("STORE 1 +FLAGS (\\Deleted)");
    a.ask("EXPUNGE");
    // RFC 9051 §7.5.1: not while numbers are in use.
    assert_eq!(
        b.ask("FETCH 1:3 UID"),
        ["* 2 FETCH (UID 2)", "* 3 FETCH (UID 3)", "OK done"]
    );
    assert_eq!(b.ask("STORE 3 +FLAGS (x)"), ["* 3 FETCH (FLAGS (x))", "OK done"]);
    assert_eq!(b.ask("NOOP"), ["* 1 EXPUNGE", "OK done"]);
    assert_eq!(b.ask("FETCH 2 UID"), ["* 2 FETCH (UID 3)", "OK done"]);
}

#[test]
fn own_changes_are_told_once() {
    let server = Server::start();
    let (mut a, _) = two(&server, 1);
    assert_eq!(a.ask("STORE 1 +FLAGS (x)"), ["* 1 FETCH (FLAGS (x))", "OK done"]);
    assert_eq!(a.ask("NOOP"), ["OK done"]);
    assert_eq!(a.ask("STORE 1 +FLAGS.SILENT (y)"), ["OK done"]);
    assert_eq!(a.ask("NOOP"), ["OK done"]);
}

#[test]
fn what_came_and_went_unseen_is_not_told() {
    let server = Server::start();
    let (mut a, mut b) = two(&server, 1);
    a.append("INBOX", MESSAGE);
    a.ask("UID MOVE 2 Archive");
    assert_eq!(b.ask("NOOP"), ["OK done"]);
    a.append("INBOX", MESSAGE);
    assert_eq!(b.ask("NOOP"), ["* 2 EXISTS", "OK done"]);
    assert_eq!(b.ask("FETCH 2 UID"), ["* 2 FETCH (UID 3)", "OK done"]);
}

#[test]
fn numbers_are_right_when_they_are_first_needed_after_changes() {
    let server = Server::start();
    let (mut a, mut b) = two(&server, 4);
    // b has not asked for any number yet.
    a.ask("UID MOVE 2 Archive");
    assert_eq!(
        b.ask("FETCH 1:* UID"),
        [
            "* 1 FETCH (UID 1)",
            "* 3 FETCH (UID 3)",
            "* 4 FETCH (UID 4)",
            "OK done"
        ]
    );
    assert_eq!(b.ask("NOOP"), ["* 2 EXPUNGE", "OK done"]);
}

#[test]
fn deleting_the_open_folder_ends_the_conversation_of_others() {
    let server = Server::start();
    let (mut a, mut b) = two(&server, 0);
    a.ask("CREATE weg");
    b.ask("SELECT weg");
    a.ask("SELECT weg");
    assert_eq!(
        a.ask("DELETE weg"),
        ["* OK [CLOSED] the open folder is gone", "OK deleted"]
    );
    b.begin("NOOP");
    assert_eq!(b.line(), "* BYE the open folder was deleted");
}
