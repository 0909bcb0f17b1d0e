//! A person who is disabled, removed or given another password is out at once: through every door, on every
//! connection that is open, whoever changed it.

use crate::imap::client::Client;
use crate::mailbox::Mailbox;
use crate::server::{PASSWORD, Server, run_with, wait_until};
use crate::smtp::Talk;
use crate::web::{Web, register};
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

/// What is promised.
const AT_ONCE: Duration = Duration::from_secs(1);

/// base64 of NUL ben@example.test NUL password.
fn sign_in_to_submission(server: &Server) -> Talk {
    let mut talk = Talk::hello(server.submission);
    assert_eq!(
        talk.ask("AUTH PLAIN AGJlbkBleGFtcGxlLnRlc3QAZ2VoZWltLWdlaGVpbQ=="),
        "235 2.7.0 welcome"
    );
    talk
}

/// Everything that ben has open.
struct Inside {
    idle: Client,
    busy: Client,
    submission: Talk,
    in_data: Talk,
    events: Child,
    page: Web,
    program: Web,
}

impl Inside {
    fn enter(server: &Server) -> Inside {
        let mut idle = Client::sign_in_as(server.imap, "ben@example.test");
        idle.ask("SELECT INBOX");
        idle.begin("IDLE");
        assert_eq!(idle.line(), "+ idling");
        let mut busy = Client::sign_in_as(server.imap, "ben@example.test");
        // In the middle of a message.
        busy.begin("APPEND INBOX {1000}");
        assert_eq!(busy.line(), "+ OK");
        busy.send("Subject: half");
        let submission = sign_in_to_submission(server);
        let mut in_data = sign_in_to_submission(server);
        in_data.ask("MAIL FROM:<ben@example.test>");
        in_data.ask("RCPT TO:<anna@example.test>");
        assert!(in_data.ask("DATA").starts_with("354 "));
        in_data.send(b"From: ben@example.test\r\n");
        let page = Web::page(server, "ben@example.test");
        let program = Web::program(
            server,
            "ben@example.test",
            "https://graph.microsoft.com/User.Read",
        );
        page.get("/api/session").expect(200);
        program.get("/v1.0/me").expect(200);
        let mut events = page.follow("/api/events");
        let mut first = String::new();
        BufReader::new(events.stdout.as_mut().unwrap())
            .read_line(&mut first)
            .unwrap();
        assert_eq!(first, "event: hello\n");
        Inside {
            idle,
            busy,
            submission,
            in_data,
            events,
            page,
            program,
        }
    }

    fn assert_out(mut self, since: Instant) {
        assert_eq!(self.idle.line(), "* BYE you have been signed out");
        assert_eq!(self.busy.line(), "* BYE you have been signed out");
        assert_eq!(self.submission.reply(), "421 4.7.0 you have been signed out");
        assert_eq!(self.in_data.reply(), "421 4.7.0 you have been signed out");
        assert!(self.submission.is_closed() && self.in_data.is_closed());
        wait_until("the stream of events ends", AT_ONCE, || {
            self.events.try_wait().unwrap().is_some()
        });
        assert!(since.elapsed() < AT_ONCE, "after {:?}", since.elapsed());
        self.page.get("/api/session").expect(401);
        self.page.get("/api/events").expect(401);
        self.program.get("/v1.0/me").expect(401);
    }
}

#[test]
fn a_disabled_person_is_out_within_a_second() {
    let server = Server::start();
    register(&server);
    let mut anna = Mailbox::open(server.imap, "anna@example.test");
    let inside = Inside::enter(&server);
    server.cli(&["account", "disable", "ben@example.test"]);
    inside.assert_out(Instant::now());
    anna.ok("NOOP");
    // Mail for him still arrives, and he is back when he is let in again.
    let mut talk = Talk::hello(server.smtp);
    talk.deliver("x@other.test", &["ben@example.test"], b"Subject: x\r\n\r\n");
    server.cli(&["account", "set", "ben@example.test", "--enable"]);
    assert_eq!(
        Mailbox::open(server.imap, "ben@example.test").count("INBOX"),
        1,
        "and nothing of what was half said"
    );
}

#[test]
fn a_new_password_ends_what_the_old_one_began() {
    let server = Server::start();
    register(&server);
    let inside = Inside::enter(&server);
    let done = run_with(
        server.data.path(),
        &["account", "set", "ben@example.test", "--password-stdin"],
        "another secret\n",
    );
    assert!(done.status.success());
    inside.assert_out(Instant::now());
    let mut old = Client::connect(server.imap);
    assert_eq!(
        old.ask(&format!("LOGIN ben@example.test {PASSWORD}")),
        ["NO [AUTHENTICATIONFAILED] address or password is wrong"]
    );
    Mailbox::open_with(server.imap, "ben@example.test", "another secret").ok("NOOP");
}

#[test]
fn a_removed_person_is_out_within_a_second() {
    let server = Server::start();
    register(&server);
    let inside = Inside::enter(&server);
    server.cli(&["account", "remove", "ben@example.test", "--yes"]);
    inside.assert_out(Instant::now());
}

#[test]
fn another_name_or_language_ends_nothing() {
    let server = Server::start();
    let mut ben = Mailbox::open(server.imap, "ben@example.test");
    let page = Web::page(&server, "ben@example.test");
    server.cli(&["account", "set", "ben@example.test", "--name", "Benjamin"]);
    page.patch("/api/session", &serde_json::json!({"language": "de"}))
        .expect(200);
    ben.ok("NOOP");
    page.get("/api/session").expect(200);
}
