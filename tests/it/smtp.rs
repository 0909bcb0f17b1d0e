//! SMTP as other servers and mail programs speak it.

use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A conversation, line by line.
pub struct Talk {
    reader: BufReader<TcpStream>,
}

impl Talk {
    pub fn open(address: SocketAddr) -> Talk {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut talk = Talk {
            reader: BufReader::new(stream),
        };
        assert_eq!(talk.reply(), "220 mail.example.test ESMTP Hauspost");
        talk
    }

    /// With another server, whatever it greets with.
    pub fn from_stream(stream: TcpStream) -> Talk {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut talk = Talk {
            reader: BufReader::new(stream),
        };
        assert!(talk.reply().starts_with("220 "));
        talk
    }

    pub fn hello(address: SocketAddr) -> Talk {
        let mut talk = Talk::open(address);
        talk.say("EHLO client.test");
        talk.reply();
        talk
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).unwrap();
    }

    /// False: the other side is gone.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.reader.get_mut().write_all(bytes).is_ok()
    }

    pub fn say(&mut self, line: &str) {
        self.send(format!("{line}\r\n").as_bytes());
    }

    /// The last line of the next reply; empty when the other side hung up.
    pub fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap_or(0) == 0 {
                return String::new();
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    /// Empty when the other side is gone.
    pub fn ask(&mut self, line: &str) -> String {
        if self.try_send(format!("{line}\r\n").as_bytes()) {
            self.reply()
        } else {
            String::new()
        }
    }

    /// Hands a message over; the reply to it.
    pub fn deliver(&mut self, from: &str, to: &[&str], message: &[u8]) -> String {
        assert_eq!(self.ask(&format!("MAIL FROM:<{from}>")), "250 2.1.0 OK");
        for to in to {
            assert_eq!(self.ask(&format!("RCPT TO:<{to}>")), "250 2.1.5 OK");
        }
        assert!(self.ask("DATA").starts_with("354 "));
        for line in message.split_inclusive(|b| *b == b'\n') {
            if line.starts_with(b".") {
                self.send(b".");
            }
            self.send(line);
        }
        self.ask(".")
    }

    pub fn is_closed(&mut self) -> bool {
        self.reader.read(&mut [0]).map_or(true, |n| n == 0)
    }
}

const MESSAGE: &[u8] = b"From: x@other.test\r\nSubject: hello\r\n\r\n.hidden dot\r\n";

#[test]
fn a_message_for_us_is_taken() {
    let server = Server::start();
    let mut talk = Talk::hello(server.smtp);
    assert!(
        talk.deliver(
            "x@other.test",
            &["anna@example.test", "ben@example.test"],
            MESSAGE
        )
        .starts_with("250 2.0.0 OK")
    );
    assert_eq!(talk.ask("QUIT"), "221 2.0.0 bye");
}

#[test]
fn who_is_not_here_is_refused_at_rcpt() {
    let server = Server::start();
    let mut talk = Talk::hello(server.smtp);
    assert_eq!(talk.ask("MAIL FROM:<x@other.test>"), "250 2.1.0 OK");
    assert_eq!(
        talk.ask("RCPT TO:<nobody@example.test>"),
        "550 5.1.1 there is nobody called nobody@example.test here"
    );
    assert_eq!(
        talk.ask("RCPT TO:<x@elsewhere.test>"),
        "550 5.7.1 elsewhere.test is not a domain of this server"
    );
    assert_eq!(talk.ask("DATA"), "554 5.5.1 no valid recipients");
    assert_eq!(talk.ask("RCPT TO:<ANNA+shop@EXAMPLE.test>"), "250 2.1.5 OK");
    assert_eq!(talk.ask("RCPT TO:<postmaster@example.test>"), "250 2.1.5 OK");
}

#[test]
fn ehlo_lists_what_is_offered() {
    let server = Server::start();
    let mut talk = Talk::open(server.smtp);
    talk.say("EHLO client.test");
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        talk.reader.read_line(&mut line).unwrap();
        lines.push(line.trim_end()[4..].to_owned());
        if line.as_bytes()[3] == b' ' {
            break;
        }
    }
    assert_eq!(
        lines,
        [
            "mail.example.test",
            "PIPELINING",
            "SIZE 52428800",
            "8BITMIME",
            "SMTPUTF8",
            "CHUNKING",
            "ENHANCEDSTATUSCODES",
            "DSN",
            "STARTTLS",
            "HELP"
        ]
    );
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    let server = Server::start();
    let mut talk = Talk::hello(server.smtp);
    talk.send(
        b"MAIL FROM:<x@other.test>\r\nRCPT TO:<anna@example.test>\r\nRCPT TO:<no@example.test>\r\nDATA\r\n",
    );
    assert_eq!(talk.reply(), "250 2.1.0 OK");
    assert_eq!(talk.reply(), "250 2.1.5 OK");
    assert!(talk.reply().starts_with("550 5.1.1"));
    assert!(talk.reply().starts_with("354 "));
    talk.send(b"Subject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n");
    assert!(talk.reply().starts_with("250 2.0.0 OK"));
    assert_eq!(talk.reply(), "221 2.0.0 bye");
}

#[test]
fn chunks_make_a_message() {
    let server = Server::start();
    let mut talk = Talk::hello(server.smtp);
    talk.say("MAIL FROM:<x@other.test> BODY=8BITMIME SIZE=100");
    talk.reply();
    talk.ask("RCPT TO:<anna@example.test>");
    talk.send(b"BDAT 16\r\nSubject: x\r\n\r\nhi");
    assert_eq!(talk.reply(), "250 2.0.0 16 octets received");
    talk.send(b"BDAT 7 LAST\r\n there\r\n");
    assert!(talk.reply().starts_with("250 2.0.0 OK"), "17 octets");
}

#[test]
fn smuggled_messages_are_refused() {
    for smuggle in [
        &b"a\n.\nMAIL FROM:<evil@other.test>\r\n.\r\n"[..],
        b"a\r\n.\nb\r\n.\r\n",
        b"a\r\n.\r\r\nb\r\n.\r\n",
    ] {
        let server = Server::start();
        let mut talk = Talk::hello(server.smtp);
        talk.ask("MAIL FROM:<x@other.test>");
        talk.ask("RCPT TO:<anna@example.test>");
        talk.ask("DATA");
        talk.send(smuggle);
        assert!(talk.reply().starts_with("554 5.6.11"));
        assert!(talk.is_closed());
    }
}

#[test]
fn commands_with_a_bare_line_feed_end_the_conversation() {
    let server = Server::start();
    let mut talk = Talk::open(server.smtp);
    talk.send(b"EHLO x\n");
    assert_eq!(talk.reply(), "500 5.5.2 lines end with CRLF");
    assert!(talk.is_closed());
}

#[test]
fn too_large_is_said_at_mail_and_after_data() {
    let server = Server::start_with(&["--max-message-size", "1M"]);
    let mut talk = Talk::hello(server.smtp);
    assert_eq!(
        talk.ask("MAIL FROM:<x@other.test> SIZE=2000000"),
        "552 5.3.4 the message is larger than the 1 MB that this server takes"
    );
    let large = [
        &b"Subject: x\r\n\r\n"[..],
        &b"0123456789abcdef0123456789abcdef0123456789abcdef\r\n".repeat(30_000),
    ]
    .concat();
    assert_eq!(
        talk.deliver("x@other.test", &["anna@example.test"], &large),
        "552 5.3.4 the message is larger than the 1 MB that this server takes"
    );
    assert!(
        talk.deliver("x@other.test", &["anna@example.test"], MESSAGE)
            .starts_with("250 "),
        "it goes on"
    );
}

#[test]
fn nobody_sends_without_signing_in() {
    let server = Server::start();
    let mut talk = Talk::hello(server.submission);
    assert_eq!(
        talk.ask("MAIL FROM:<anna@example.test>"),
        "530 5.7.0 say STARTTLS and sign in first"
    );
}

#[test]
fn the_sender_must_own_the_address() {
    let server = Server::start();
    let mut talk = Talk::hello(server.submission);
    // base64 of "\0anna@example.test\0geheim-geheim"
    let plain = "AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbS1nZWhlaW0=";
    assert_eq!(talk.ask(&format!("AUTH PLAIN {plain}")), "235 2.7.0 welcome");
    assert!(
        talk.ask("MAIL FROM:<ben@example.test>")
            .starts_with("550 5.7.1 you may not send as ben@example.test")
    );
    let message = b"From: ben@example.test\r\nSubject: x\r\n\r\nhi\r\n";
    assert!(
        talk.deliver("anna@example.test", &["ben@example.test"], message)
            .starts_with("550 5.7.1")
    );
    let message = b"From: Anna <anna@example.test>\r\nSubject: x\r\n\r\nhi\r\n";
    assert!(
        talk.deliver("anna@example.test", &["ben@example.test"], message)
            .starts_with("250 ")
    );
}

#[test]
fn wrong_password_and_unknown_person_look_the_same_and_get_slower() {
    let server = Server::start();
    let mut replies = Vec::new();
    let mut times = Vec::new();
    for i in 0..4 {
        // The same guess again would not count as one.
        let who = ["anna@example.test", "nobody@example.test"][i % 2];
        let plain = STANDARD.encode(format!("\0{who}\0wrong-password-{i}"));
        let mut talk = Talk::hello(server.submission);
        let began = std::time::Instant::now();
        replies.push(talk.ask(&format!("AUTH PLAIN {plain}")));
        times.push((i, began.elapsed()));
    }
    assert!(
        replies
            .iter()
            .all(|r| r == "535 5.7.8 address or password is wrong"),
        "{replies:?}"
    );
    assert!(times[3].1 >= Duration::from_millis(900), "{times:?}");
    assert!(server.log().contains("a failed attempt to sign in"));
    assert!(!server.log().contains("wrong-password"), "no secret in the log");
}
