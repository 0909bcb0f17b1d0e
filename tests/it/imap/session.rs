//! Greeting, signing in, TLS, limits.

use super::client::Client;
use crate::server::Server;

#[test]
fn password_is_taken_and_a_wrong_one_is_not() {
    let server = Server::start();
    let mut c = Client::connect(server.imap);
    assert_eq!(c.ask("SELECT INBOX"), ["BAD sign in first"]);
    assert_eq!(
        c.ask("LOGIN anna@example.test wrong"),
        ["NO [AUTHENTICATIONFAILED] address or password is wrong"]
    );
    // anna@example.test, geheim-geheim
    let plain = "AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbS1nZWhlaW0=";
    let answer = c.ask(&format!("AUTHENTICATE PLAIN {plain}"));
    assert!(
        answer[0].starts_with("OK [CAPABILITY IMAP4rev2 IMAP4rev1 "),
        "{answer:?}"
    );
    assert_eq!(c.ask("LOGIN a b"), ["BAD you have signed in already"]);
    assert_eq!(c.ask("LOGOUT"), ["* BYE until next time", "OK bye"]);
}

#[test]
fn authenticate_asks_when_there_is_no_initial_response() {
    let server = Server::start();
    let mut c = Client::connect(server.imap);
    let tag = c.begin("AUTHENTICATE LOGIN");
    assert_eq!(c.line(), "+ VXNlcm5hbWU6");
    c.send("YW5uYUBleGFtcGxlLnRlc3Q=\r\n");
    assert_eq!(c.line(), "+ UGFzc3dvcmQ6");
    c.send("Z2VoZWltLWdlaGVpbQ==\r\n");
    assert!(c.finish(&tag)[0].starts_with("OK [CAPABILITY "));
    let mut c = Client::connect(server.imap);
    let tag = c.begin("AUTHENTICATE PLAIN");
    assert_eq!(c.line(), "+ ");
    c.send("*\r\n");
    assert_eq!(c.finish(&tag), ["BAD this is no answer to that"]);
}

#[test]
fn literals_are_asked_for_unless_they_come_by_themselves() {
    let server = Server::start();
    let mut c = Client::connect(server.imap);
    let tag = c.begin("LOGIN {17}");
    assert_eq!(c.line(), "+ OK");
    c.send("anna@example.test {13+}\r\ngeheim-geheim\r\n");
    assert!(c.finish(&tag)[0].starts_with("OK [CAPABILITY "));
}

#[test]
fn long_lines_and_nonsense_are_bounded() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    c.send(&format!("{}\r\n", "x".repeat(70_000)));
    assert_eq!(c.line(), "* BAD [TOOBIG] the command is too long");
    assert_eq!(c.ask("LOGIN {2000000}"), ["BAD [TOOBIG] the command is too long"]);
    for _ in 0..17 {
        assert_eq!(c.ask("NONSENSE"), ["BAD Unknown command NONSENSE"]);
    }
    c.send("z NONSENSE\r\n");
    assert_eq!(c.line(), "z BAD Unknown command NONSENSE");
    assert_eq!(c.line(), "* BYE too many commands that make no sense");
}

#[test]
fn several_commands_may_be_sent_at_once() {
    let server = Server::start();
    let mut c = Client::sign_in(server.imap);
    c.send("x NOOP\r\ny NAMESPACE\r\nz ID NIL\r\n");
    assert_eq!(c.line(), "x OK done");
    assert_eq!(c.line(), "* NAMESPACE ((\"\" \"/\")) NIL NIL");
    assert_eq!(c.line(), "y OK done");
    assert_eq!(c.line(), "* ID (\"name\" \"Hauspost\")");
    assert_eq!(c.line(), "z OK done");
}
