//! A plain look into a mailbox by IMAP, for tests that speak of something else.

use crate::server::{PASSWORD, wait_until};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub struct Mailbox {
    reader: BufReader<TcpStream>,
    next: u32,
}

/// A line of IMAP with its literals and its end; None when the other side hung up before it.
pub fn read_line(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Vec<u8>>> {
    let mut out = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        out.extend_from_slice(&line);
        let size = text
            .strip_suffix('}')
            .and_then(|t| t.rsplit_once('{'))
            .and_then(|(_, n)| n.parse::<usize>().ok());
        let Some(size) = size else { return Ok(Some(out)) };
        let mut literal = vec![0; size];
        reader.read_exact(&mut literal)?;
        out.extend_from_slice(&literal);
    }
}

/// What a command brought: untagged lines, with literals in them, and the tagged one.
pub struct Answer {
    pub lines: Vec<Vec<u8>>,
    pub tagged: String,
}

impl Mailbox {
    /// Signed in, nothing selected.
    pub fn open(address: SocketAddr, user: &str) -> Mailbox {
        Self::open_with(address, user, PASSWORD)
    }

    pub fn open_with(address: SocketAddr, user: &str, password: &str) -> Mailbox {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut mailbox = Mailbox {
            reader: BufReader::new(stream),
            next: 0,
        };
        assert!(mailbox.line().unwrap().starts_with(b"* OK"));
        mailbox.ok(&format!("LOGIN \"{user}\" \"{password}\""));
        mailbox
    }

    /// None when the other side hung up.
    fn line(&mut self) -> Option<Vec<u8>> {
        read_line(&mut self.reader).ok().flatten()
    }

    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.reader.get_mut().write_all(bytes).is_ok()
    }

    /// None when the other side hung up before it answered.
    pub fn try_command(&mut self, command: &[u8]) -> Option<Answer> {
        self.next += 1;
        let tag = format!("a{}", self.next);
        let mut bytes = format!("{tag} ").into_bytes();
        bytes.extend_from_slice(command);
        bytes.extend_from_slice(b"\r\n");
        if !self.send(&bytes) {
            return None;
        }
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            match line.strip_prefix(format!("{tag} ").as_bytes()) {
                Some(rest) => {
                    let tagged = String::from_utf8_lossy(rest).trim_end().to_owned();
                    return Some(Answer { lines, tagged });
                }
                None => lines.push(line),
            }
        }
    }

    /// The answer to a command that must succeed.
    pub fn ok(&mut self, command: &str) -> Answer {
        let answer = self.try_command(command.as_bytes()).expect("the server hung up");
        assert!(answer.tagged.starts_with("OK"), "{command}: {}", answer.tagged);
        answer
    }

    /// How many messages a folder holds.
    pub fn count(&mut self, folder: &str) -> usize {
        let answer = self.ok(&format!("STATUS \"{folder}\" (MESSAGES)"));
        let text = String::from_utf8_lossy(&answer.lines[0]).into_owned();
        text.rsplit_once("MESSAGES ")
            .unwrap()
            .1
            .trim_end()
            .trim_end_matches(')')
            .parse()
            .unwrap()
    }

    /// The bytes of all messages of a folder, by UID.
    pub fn messages(&mut self, folder: &str) -> Vec<Vec<u8>> {
        self.ok(&format!("EXAMINE \"{folder}\""));
        let answer = self.ok("UID FETCH 1:* (BODY.PEEK[])");
        answer
            .lines
            .into_iter()
            // News of flags may come between.
            .filter(|l| l.windows(6).any(|w| w == b"BODY[]"))
            .map(|l| {
                let start = l.iter().position(|b| *b == b'\n').unwrap() + 1;
                let head = String::from_utf8_lossy(&l[..start]).into_owned();
                let size: usize = head
                    .rsplit_once('{')
                    .unwrap()
                    .1
                    .trim_end()
                    .trim_end_matches('}')
                    .parse()
                    .unwrap();
                l[start..start + size].to_vec()
            })
            .collect()
    }

    /// Puts a message into a folder; whether it was acknowledged.
    pub fn append(&mut self, folder: &str, message: &[u8]) -> bool {
        let mut command = format!("APPEND \"{folder}\" {{{}+}}\r\n", message.len()).into_bytes();
        command.extend_from_slice(message);
        self.try_command(&command)
            .is_some_and(|a| a.tagged.starts_with("OK"))
    }
}

/// Waits until a folder holds so many messages.
pub fn wait_for_messages(address: SocketAddr, user: &str, folder: &str, count: usize) -> Vec<Vec<u8>> {
    let mut mailbox = Mailbox::open(address, user);
    wait_until(
        &format!("{user} has {count} messages in {folder}"),
        Duration::from_secs(30),
        || mailbox.count(folder) >= count,
    );
    let all = mailbox.messages(folder);
    assert_eq!(all.len(), count, "more than expected");
    all
}
