//! The connection: tagged commands out, lines with literals in. RFC 3501, RFC 9051.

use super::response::{Value, quote, values};
use crate::base::stream::read_paced;
use crate::base::{Error, Patience, Result};
use crate::delivery::PostRoom;
use crate::delivery::collect::imap::{Named, connect};
use crate::model::collect::CollectServer;
use std::collections::HashSet;
use tokio::io::AsyncWriteExt;

/// A line of an answer without its literals.
const LONGEST_LINE: usize = 1 << 20;
/// A literal that is no body.
const LONGEST_TEXT: u64 = 1 << 20;
const PIECE: usize = 64 << 10;

pub struct Client {
    stream: Named,
    buffer: Vec<u8>,
    /// What of the buffer has been taken.
    taken: usize,
    patience: Patience,
    next: u32,
    /// Upper case.
    pub capabilities: HashSet<String>,
}

/// One answer, up to its end or to the body that stands in it.
pub struct Answer {
    /// With short literals as quoted texts.
    pub line: Vec<u8>,
    /// A body of so many bytes follows; [`Client::body`] takes it, [`Client::rest`] what stands behind it.
    pub body: Option<u64>,
}

impl Answer {
    pub fn values(&self) -> Vec<Value> {
        values(&self.line)
    }

    /// What a tagged answer says: (tag, is OK, its text).
    pub fn tagged(&self) -> Option<(String, bool, String)> {
        let text = String::from_utf8_lossy(&self.line);
        let (tag, rest) = text.split_once(' ')?;
        if tag == "*" || tag == "+" {
            return None;
        }
        let is_ok = rest.get(..2).is_some_and(|w| w.eq_ignore_ascii_case("OK"));
        Some((tag.to_owned(), is_ok, rest.to_owned()))
    }
}

fn broken() -> Error {
    Error::unavailable("the other server closed the connection")
}

impl Client {
    /// Connects and signs in. Errors: NotFound (the name), NotAuthenticated, Unavailable.
    pub async fn sign_in(room: &PostRoom, server: &CollectServer) -> Result<Client> {
        let stream = connect(room, server).await?.into_inner();
        let mut client = Client {
            stream,
            buffer: Vec::new(),
            taken: 0,
            patience: room.options.patience,
            next: 0,
            capabilities: HashSet::new(),
        };
        client.log_in(&server.user, &server.password).await?;
        client.learn_capabilities().await?;
        Ok(client)
    }

    async fn log_in(&mut self, user: &str, password: &str) -> Result<()> {
        let tag = self.begin();
        let mut login = format!("{tag} LOGIN ").into_bytes();
        // What no quoted text can hold goes as a literal.
        let is_plain = |t: &str| t.bytes().all(|b| (b' '..0x7f).contains(&b));
        for part in [user, password] {
            if is_plain(part) {
                login.extend(quote(part.as_bytes()));
                login.push(b' ');
                continue;
            }
            login.extend_from_slice(format!("{{{}}}\r\n", part.len()).as_bytes());
            self.write(&login).await?;
            self.wait_for_go().await?;
            login = part.as_bytes().to_vec();
            login.push(b' ');
        }
        login.pop();
        login.extend_from_slice(b"\r\n");
        self.write(&login).await?;
        match self.finish(&tag, |_| Ok(())).await {
            Err(e) if e.kind() == crate::base::Kind::Invalid => Err(Error::not_authenticated(format!(
                "the other server does not accept the login of {user}: {}",
                e.message()
            ))),
            done => done,
        }
    }

    async fn learn_capabilities(&mut self) -> Result<()> {
        let mut found = HashSet::new();
        self.run("CAPABILITY", |answer| {
            let all = answer.values();
            if all
                .get(1)
                .is_some_and(|w| w.word().eq_ignore_ascii_case("CAPABILITY"))
            {
                found.extend(all[2..].iter().map(|v| v.word().to_uppercase()));
            }
            Ok(())
        })
        .await?;
        self.capabilities = found;
        Ok(())
    }

    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    fn begin(&mut self) -> String {
        self.next += 1;
        format!("m{}", self.next)
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let longest = self.patience.answer + self.patience.on_the_way(bytes.len() as u64);
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        tokio::time::timeout(longest, written)
            .await
            .map_err(|_| Error::unavailable("the other server does not take what is sent"))?
            .map_err(|e| Error::unavailable(format!("the connection broke off: {e}")).caused_by(e))
    }

    /// Sends a command and does not wait. Returns its tag.
    pub async fn send(&mut self, command: &str) -> Result<String> {
        let tag = self.begin();
        self.write(format!("{tag} {command}\r\n").as_bytes()).await?;
        Ok(tag)
    }

    /// Sends a command and shows the answers to it. Errors: Invalid, with what the server says, when it refuses.
    pub async fn run(&mut self, command: &str, show: impl FnMut(Answer) -> Result<()>) -> Result<()> {
        let tag = self.send(command).await?;
        self.finish(&tag, show).await
    }

    /// As [`Client::run`], for a command that was sent.
    pub async fn finish(&mut self, tag: &str, mut show: impl FnMut(Answer) -> Result<()>) -> Result<()> {
        loop {
            let mut answer = self.answer().await?;
            while let Some(size) = answer.body.take() {
                // Nobody asked for it.
                self.body(size, |_| Ok(())).await?;
                self.rest(&mut answer).await?;
            }
            match answer.tagged() {
                Some((found, is_ok, text)) if found == tag => {
                    return if is_ok { Ok(()) } else { Err(refused(&text)) };
                }
                _ => show(answer)?,
            }
        }
    }

    /// Waits until the server wants the literal that was announced. Errors: Invalid, when it does not.
    pub async fn wait_for_go(&mut self) -> Result<()> {
        loop {
            let answer = self.answer().await?;
            if answer.line.starts_with(b"+") {
                return Ok(());
            }
            if let Some((_, _, text)) = answer.tagged() {
                return Err(refused(&text));
            }
        }
    }

    /// The next answer, up to a body in it.
    pub async fn answer(&mut self) -> Result<Answer> {
        let mut answer = Answer {
            line: Vec::new(),
            body: None,
        };
        self.rest(&mut answer).await?;
        Ok(answer)
    }

    /// Reads on, up to the end of the answer or to the next body in it.
    pub async fn rest(&mut self, answer: &mut Answer) -> Result<()> {
        loop {
            let start = answer.line.len();
            self.line(&mut answer.line).await?;
            if answer.line.len() > LONGEST_LINE {
                return Err(Error::unavailable("an answer of the other server has no end"));
            }
            let Some((at, size)) = literal(&answer.line[start..]) else {
                return Ok(());
            };
            answer.line.truncate(start + at);
            let is_body = ends_without_case(&answer.line, b"BODY[] ");
            if is_body {
                answer.body = Some(size);
                return Ok(());
            }
            if size > LONGEST_TEXT {
                return Err(Error::unavailable("an answer of the other server has no end"));
            }
            let mut text = Vec::new();
            self.body(size, |piece| {
                text.extend_from_slice(piece);
                Ok(())
            })
            .await?;
            answer.line.extend(quote(&text));
        }
    }

    /// A line without its end, behind `out`.
    async fn line(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let mut pace = self.patience.begin_answer();
        let mut searched = self.taken;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[searched..]) {
                let end = searched + at;
                let line = &self.buffer[self.taken..end];
                out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                self.taken = end + 1;
                return Ok(());
            }
            if self.buffer.len() - self.taken > LONGEST_LINE {
                return Err(Error::unavailable("an answer of the other server has no end"));
            }
            self.make_room();
            searched = self.buffer.len();
            if !read_paced(&mut self.stream, &mut self.buffer, &mut pace).await? {
                return Err(broken());
            }
        }
    }

    /// What has been taken goes.
    fn make_room(&mut self) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        if self.buffer.capacity() < PIECE {
            self.buffer.reserve(PIECE);
        }
    }

    /// Shows a literal piece by piece.
    pub async fn body(&mut self, size: u64, mut show: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut left = size;
        let mut pace = self.patience.begin_answer();
        while left > 0 {
            let here = &self.buffer[self.taken..];
            let piece = &here[..here.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            if piece.is_empty() {
                self.make_room();
                if !read_paced(&mut self.stream, &mut self.buffer, &mut pace).await? {
                    return Err(broken());
                }
                continue;
            }
            show(piece)?;
            left -= piece.len() as u64;
            self.taken += piece.len();
        }
        Ok(())
    }

    /// Says goodbye; a server that does not answer is left all the same.
    pub async fn log_out(&mut self) {
        let _ = self.run("LOGOUT", |_| Ok(())).await;
    }
}

fn refused(text: &str) -> Error {
    Error::invalid(format!(
        "the other server says: {}",
        crate::base::text::one_line(text)
    ))
}

/// `{42}` or `{42+}` at the end of a line: where it begins, and its number.
fn literal(line: &[u8]) -> Option<(usize, u64)> {
    let inside = line.strip_suffix(b"}")?;
    let at = inside.iter().rposition(|b| *b == b'{')?;
    let number = inside[at + 1..].strip_suffix(b"+").unwrap_or(&inside[at + 1..]);
    let start = if at > 0 && line[at - 1] == b'~' {
        at - 1
    } else {
        at
    };
    Some((start, std::str::from_utf8(number).ok()?.parse().ok()?))
}

fn ends_without_case(line: &[u8], end: &[u8]) -> bool {
    line.len() >= end.len() && line[line.len() - end.len()..].eq_ignore_ascii_case(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_at_the_end_only() {
        assert_eq!(literal(b"* 1 FETCH (BODY[] {12}"), Some((18, 12)));
        assert_eq!(literal(b"x ~{3+}"), Some((2, 3)));
        assert_eq!(literal(b"{12} x"), None);
        assert_eq!(literal(b"{x}"), None);
        assert_eq!(literal(b"}"), None);
    }
}
