//! APPEND.

use super::client::{Client, MESSAGE};
use crate::server::Server;

#[test]
fn appended_message_has_its_flags_and_date() {
    let server = Server::start();
    let mut c = Client::in_inbox(server.imap);
    let command = format!(
        "APPEND INBOX (\\Seen $Forwarded) \" 1-Feb-2026 03:04:05 +0100\" {{{}}}",
        MESSAGE.len()
    );
    let tag = c.begin(&command);
    assert_eq!(c.line(), "+ OK");
    c.send(&format!("{MESSAGE}\r\n"));
    assert_eq!(c.finish(&tag), ["* 1 EXISTS", "OK [APPENDUID V 1] stored"]);
    assert_eq!(
        c.ask("FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE)"),
        [
            "* 1 FETCH (FLAGS (\\Seen $Forwarded) INTERNALDATE \"01-Feb-2026 02:04:05 +0000\" RFC822.SIZE 152)",
            "OK done"
        ]
    );
}

#[test]
fn append_to_a_missing_folder_offers_trycreate() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    let refused = ["NO [TRYCREATE] there is no such folder"];
    assert_eq!(c.append("Nope", MESSAGE), refused);
    // A literal that waits to be asked for is not asked for.
    assert_eq!(c.ask("APPEND Nope {100}"), refused);
    assert_eq!(c.ask("NOOP"), ["OK done"]);
}

#[test]
fn too_large_a_message_is_refused_before_it_comes_or_skipped() {
    let server = Server::start_with(&["--max-message-size", "1M"]);
    let mut c = Client::sign_in(server.imap);
    let refused = ["NO [TOOBIG] the message is larger than the 1 MB that this server takes"];
    assert_eq!(c.ask("APPEND INBOX {1048577}"), refused);
    assert_eq!(c.append("INBOX", &"x".repeat(1_048_577)), refused);
    assert_eq!(
        c.append("INBOX", &"x".repeat(1_048_576)),
        ["OK [APPENDUID V 1] stored"]
    );
}

#[test]
fn append_needs_to_be_signed_in() {
    let server = Server::start();
    let mut c = Client::connect(server.imap);
    assert_eq!(c.append("INBOX", MESSAGE), ["BAD sign in first"]);
    assert_eq!(c.ask("NOOP"), ["OK done"]);
}

#[test]
fn full_mailbox_is_over_quota() {
    let server = Server::start();
    server.cli(&["account", "set", "anna@example.test", "--quota", "1K"]);
    let mut c = Client::sign_in(server.imap);
    assert_eq!(
        c.append("INBOX", &"x".repeat(1025)),
        ["NO [OVERQUOTA] the mailbox is full; delete something or ask for more room"]
    );
    assert_eq!(c.ask("GETQUOTA \"\""), ["* QUOTA \"\" (STORAGE 0 1)", "OK done"]);
}
