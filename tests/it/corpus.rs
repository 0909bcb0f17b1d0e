//! Real and hostile messages: each comes in by SMTP as it is, is listed, and comes out to the byte.

use crate::mailbox::Mailbox;
use crate::server::Server;
use crate::smtp::Talk;
use crate::web::Web;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Name and bytes, by name.
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus/mail");
    let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .map(|p| {
            (
                p.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(&p).unwrap(),
            )
        })
        .collect();
    all.sort();
    assert!(all.len() > 100, "the corpus is missing");
    all
}

impl Talk {
    /// Hands bytes over exactly as they are (RFC 3030); the reply.
    pub fn deliver_exactly(&mut self, to: &str, message: &[u8]) -> String {
        assert!(
            self.ask("MAIL FROM:<x@other.test> BODY=8BITMIME")
                .starts_with("250")
        );
        assert!(self.ask(&format!("RCPT TO:<{to}>")).starts_with("250"));
        self.send(format!("BDAT {} LAST\r\n", message.len()).as_bytes());
        self.send(message);
        self.reply()
    }
}

pub fn hand_over(server: &Server, all: &[(String, Vec<u8>)]) {
    let mut talk = Talk::hello(server.smtp);
    for (name, raw) in all {
        let reply = talk.deliver_exactly("anna@example.test", raw);
        assert!(reply.starts_with("250"), "{name}: {reply}");
    }
}

#[test]
fn every_message_of_the_corpus_comes_in_and_out_to_the_byte() {
    let server = Server::start_with(&["--max-received-per-minute", "1000"]);
    let all = corpus();
    hand_over(&server, &all);
    let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
    let stored = mailbox.messages("INBOX");
    assert_eq!(stored.len(), all.len());
    for ((name, raw), stored) in all.iter().zip(&stored) {
        assert!(stored.ends_with(raw), "{name} is not what was sent");
        assert!(
            stored.len() - raw.len() < 400,
            "{name}: more than trace lines were added"
        );
    }
    mailbox.ok("SELECT INBOX");
    let listed = mailbox.ok("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY)");
    assert_eq!(listed.lines.len(), all.len());
    mailbox.ok("UID SEARCH TEXT hello");
}

#[test]
fn monsters_are_taken_or_refused_quickly_and_harm_nobody() {
    let server = Server::start_with(&["--max-received-per-minute", "1000"]);
    let nested = |depth: usize| {
        let mut m = String::from("MIME-Version: 1.0\r\n");
        for i in 0..depth {
            m.push_str(&format!(
                "Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n"
            ));
        }
        m + "Content-Type: text/plain\r\n\r\nhi\r\n"
    };
    let monsters: Vec<(&str, Vec<u8>)> = vec![
        ("10,000 nested parts", nested(10_000).into_bytes()),
        ("1,000,000 header lines", [&b"X: y\r\n".repeat(1_000_000)[..], b"\r\nhi\r\n"].concat()),
        ("a header of 5 MB", [b"Subject: ".to_vec(), vec![b'a'; 5 << 20], b"\r\n\r\nhi\r\n".to_vec()].concat()),
        ("zero bytes", b"Subject: a\0b\r\n\r\nc\0d\r\n".to_vec()),
        ("a broken charset", b"Subject: =?utf-99?Q?=FF=FE?=\r\nContent-Type: text/plain; charset=x-nonsense\r\n\r\n\xff\xfe\r\n".to_vec()),
        ("nothing", Vec::new()),
        ("40 MB", [b"Subject: big\r\n\r\n".to_vec(), b"0123456789abcdef0123456789abcdef\r\n".repeat(1_200_000)].concat()),
    ];
    let count = monsters.len();
    for (what, raw) in &monsters {
        let began = Instant::now();
        let reply = Talk::hello(server.smtp).deliver_exactly("anna@example.test", raw);
        assert!(reply.starts_with("250"), "{what}: {reply}");
        assert!(
            began.elapsed() < Duration::from_secs(15),
            "{what} took {:?}",
            began.elapsed()
        );
    }
    let huge = [
        b"Subject: huge\r\n\r\n".to_vec(),
        b"0123456789abcdef0123456789abcdef\r\n".repeat(3_200_000),
    ]
    .concat();
    let reply = Talk::hello(server.smtp).deliver_exactly("anna@example.test", &huge);
    assert_eq!(
        reply,
        "552 5.3.4 the message is larger than the 50 MB that this server takes"
    );
    let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
    mailbox.ok("SELECT INBOX");
    let listed = mailbox.ok("UID FETCH 1:* (UID RFC822.SIZE ENVELOPE BODYSTRUCTURE)");
    assert_eq!(listed.lines.len(), count);
    let stored = mailbox.messages("INBOX");
    for ((what, raw), stored) in monsters.iter().zip(&stored) {
        assert!(stored.ends_with(raw), "{what} is not what was sent");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let peak: u64 = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .and_then(|v| v.trim().trim_end_matches(" kB").parse().ok())
        .unwrap();
    println!("peak memory {} MB", peak / 1024);
    assert!(peak < 400 * 1024, "peak memory {peak} kB");
}

#[test]
fn every_message_of_the_corpus_comes_out_of_graph_to_the_byte() {
    let server = Server::start_with(&["--max-received-per-minute", "1000"]);
    let all = corpus();
    hand_over(&server, &all);
    let web = Web::page(&server, "anna@example.test");
    let path =
        "/v1.0/me/mailFolders/inbox/messages?$select=id&$top=500&$count=true&$orderby=receivedDateTime%20asc";
    let listed = web.get(path).expect(200).json();
    assert_eq!(listed["@odata.count"], all.len());
    let ids: Vec<&str> = listed["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), all.len());
    for ((name, raw), id) in all.iter().zip(ids) {
        let value = web.get(&format!("/v1.0/me/messages/{id}/$value")).expect(200);
        assert!(value.body.ends_with(raw), "{name} is not what was sent");
        // The page's view and the JSON of it are made without a complaint.
        web.get(&format!("/v1.0/me/messages/{id}")).expect(200);
        web.get(&format!("/ui/render/{id}")).expect(200);
    }
}
