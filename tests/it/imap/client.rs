//! A conversation whose answers are compared whole.

use crate::mailbox::read_line;
use crate::server::PASSWORD;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub struct Client {
    reader: BufReader<TcpStream>,
    next: u32,
}

pub const MESSAGE: &str = "From: Anna <anna@example.test>\r\nTo: ben@example.test\r\nSubject: Hallo\r\n\
    Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\r\nGuten Tag\r\n";

/// A text and a file.
pub const MULTIPART: &str = "Subject: Datei\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain\r\n\r\nText\r\n--b\r\nContent-Type: application/octet-stream\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nAAECAwQ=\r\n--b--\r\n";

impl Client {
    /// Greeted, not signed in.
    pub fn connect(address: SocketAddr) -> Client {
        Self::from_stream(TcpStream::connect(address).unwrap())
    }

    pub fn from_stream(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Client {
            reader: BufReader::new(stream),
            next: 0,
        };
        assert!(client.line().starts_with("* OK [CAPABILITY IMAP4rev2 IMAP4rev1 "));
        client
    }

    /// Signed in as anna.
    pub fn sign_in(address: SocketAddr) -> Client {
        Self::sign_in_as(address, "anna@example.test")
    }

    pub fn sign_in_as(address: SocketAddr, user: &str) -> Client {
        let mut client = Self::connect(address);
        let answer = client.ask(&format!("LOGIN {user} {PASSWORD}"));
        assert!(answer[0].starts_with("OK [CAPABILITY "), "{answer:?}");
        client
    }

    /// Signed in as anna, with INBOX open.
    pub fn in_inbox(address: SocketAddr) -> Client {
        let mut client = Self::sign_in(address);
        client.ask("SELECT INBOX");
        client
    }

    /// A line with its literals, without the last CRLF. UIDVALIDITY, which follows the clock, reads `V`.
    pub fn line(&mut self) -> String {
        let out = read_line(&mut self.reader).unwrap().unwrap_or_default();
        let text = String::from_utf8_lossy(&out);
        without_clock(text.strip_suffix("\r\n").unwrap_or(&text))
    }

    pub fn send(&mut self, text: &str) {
        self.reader.get_mut().write_all(text.as_bytes()).unwrap();
    }

    pub fn begin(&mut self, command: &str) -> String {
        self.next += 1;
        let tag = format!("a{}", self.next);
        self.send(&format!("{tag} {command}\r\n"));
        tag
    }

    /// All lines of the answer; the last one without its tag.
    pub fn ask(&mut self, command: &str) -> Vec<String> {
        let tag = self.begin(command);
        self.finish(&tag)
    }

    pub fn finish(&mut self, tag: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            assert!(!line.is_empty() || !lines.is_empty(), "the server hung up");
            match line.strip_prefix(tag).and_then(|l| l.strip_prefix(' ')) {
                Some(last) => {
                    lines.push(last.to_owned());
                    return lines;
                }
                None => lines.push(line),
            }
        }
    }

    pub fn append(&mut self, folder: &str, message: &str) -> Vec<String> {
        self.ask(&format!("APPEND {folder} {{{}+}}\r\n{message}", message.len()))
    }

    pub fn uid_validity(&mut self, folder: &str) -> u64 {
        self.status(folder, "UIDVALIDITY")
    }

    pub fn modseq(&mut self, folder: &str) -> u64 {
        self.status(folder, "HIGHESTMODSEQ")
    }

    fn status(&mut self, folder: &str, item: &str) -> u64 {
        let tag = self.begin(&format!("STATUS {folder} ({item})"));
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        self.finish(&tag);
        let digits = line.rsplit_once(&format!("{item} ")).unwrap().1;
        digits.trim_end().trim_end_matches(')').parse().unwrap()
    }
}

/// Numbers of ten digits are times.
fn without_clock(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() == 10 { "V" } else { &digits });
        digits.clear();
        out.push(c);
    }
    out.pop();
    out
}
