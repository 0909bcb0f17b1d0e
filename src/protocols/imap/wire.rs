//! Bytes of the conversation: commands with their literals come in, answers go out.
//!
//! Both buffers give their memory back between commands: hundreds of connections wait in IDLE.

use super::error::Lost;
use crate::base::stream::{BoxStream, read_more, read_paced};
use crate::base::{Error, Pace, Patience};
use crate::formats::imap::command::{Append, Command, LiteralAnnounce};
use crate::formats::imap::mailbox_name::Names;
use crate::formats::imap::parse::{literal_at_end, parse_command};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;

/// RFC 9051 §5.4: the autologout timer is at least 30 minutes.
pub const AUTOLOGOUT: Duration = Duration::from_secs(30 * 60);
/// Who has not signed in by then, counted from the greeting, wants something else.
const BEFORE_LOGIN: Duration = Duration::from_secs(60);
/// For the last answer and the end of the connection.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Without literals; RFC 9051 §4 asks for 8192 at least.
const MAX_LINE: usize = 64 << 10;
/// Of all literals of one command that is not APPEND.
const MAX_LITERALS: u64 = 1 << 20;
/// Answers are held back up to this size while commands are waiting.
const MAX_PENDING: usize = 16 << 10;
const KEEP: usize = 4 << 10;
/// A literal that is too large is read and dropped up to this size, then the connection ends.
const MAX_DISCARD: u64 = 1 << 30;

pub struct Wire {
    stream: BoxStream,
    input: Vec<u8>,
    /// Bytes of `input` that have been used.
    at: usize,
    pub out: Vec<u8>,
    /// Until somebody has signed in.
    deadline: Option<Instant>,
    patience: Patience,
    /// Of the command that has begun to come; a client may be silent between commands.
    pace: Option<Pace>,
}

/// What came.
pub enum Incoming {
    /// A command with its literals, without the final CRLF.
    Command(Vec<u8>),
    /// APPEND up to its message, whose bytes are still to be read.
    Append {
        tag: String,
        append: Append,
    },
    /// Too long; it was read to its end. The tag, if there was one.
    TooLong(Option<String>),
    End,
}

impl Wire {
    pub fn new(stream: BoxStream, patience: Patience) -> Self {
        Wire {
            stream,
            input: Vec::new(),
            at: 0,
            out: Vec::new(),
            deadline: Some(Instant::now() + BEFORE_LOGIN.min(patience.command)),
            patience,
            pace: None,
        }
    }

    /// Takes the stream for TLS, and what came before the handshake is thrown away: it was not protected
    /// (RFC 9051 §6.2.1; CVE-2011-0411).
    pub fn take_stream(&mut self) -> BoxStream {
        self.input = Vec::new();
        self.at = 0;
        std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()))
    }

    pub fn put_stream(&mut self, stream: BoxStream) {
        self.stream = stream;
    }

    /// Somebody has signed in and may take time.
    pub fn be_patient(&mut self) {
        self.deadline = None;
    }

    /// What comes now has to come in time as a whole, until the next command.
    pub fn begin(&mut self) {
        self.pace = Some(self.patience.begin());
    }

    pub fn say(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    fn pending(&self) -> &[u8] {
        &self.input[self.at..]
    }

    fn consume(&mut self, n: usize) {
        self.at += n;
        if self.at == self.input.len() {
            self.input.clear();
            self.at = 0;
            if self.input.capacity() > 64 << 10 {
                self.input.shrink_to(KEEP);
            }
        }
    }

    /// Writes what is held back once it is much.
    pub async fn flush_if_full(&mut self) -> Result<(), Lost> {
        if self.out.len() > MAX_PENDING {
            self.flush().await?;
        }
        Ok(())
    }

    pub async fn flush(&mut self) -> Result<(), Lost> {
        if !self.out.is_empty() {
            let out = std::mem::take(&mut self.out);
            self.write(&out).await?;
            if out.capacity() <= KEEP {
                self.out = out;
                self.out.clear();
            }
        }
        let flushed = tokio::time::timeout(self.patience.command, self.stream.flush()).await;
        Ok(flushed.map_err(|_| not_reading())??)
    }

    /// Writes directly; what is held back has to be flushed before.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        let written = tokio::time::timeout(self.patience.command, self.stream.write_all(bytes)).await;
        Ok(written.map_err(|_| not_reading())??)
    }

    /// Waits for more. False: the other side has hung up. Answers go out first. Cancelling loses nothing.
    pub async fn fill(&mut self) -> Result<bool, Lost> {
        if !self.out.is_empty() {
            self.flush().await?;
        }
        if self.at > 0 {
            self.input.drain(..self.at);
            self.at = 0;
        }
        if self.input.is_empty() {
            self.input.shrink_to(0);
        }
        if let (None, Some(pace)) = (self.deadline, &mut self.pace) {
            return Ok(read_paced(&mut self.stream, &mut self.input, pace).await?);
        }
        let patience = match self.deadline {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => AUTOLOGOUT,
        };
        Ok(read_more(&mut self.stream, &mut self.input, patience).await?)
    }

    /// A line without its end, CRLF or, as some send, LF. None: the other side has hung up.
    /// Err(()): longer than `max`; what was longer is read and gone.
    pub async fn line(&mut self, max: usize) -> Result<Option<Result<Vec<u8>, ()>>, Lost> {
        let mut is_too_long = false;
        let mut searched = 0;
        loop {
            if let Some(end) = self.pending()[searched..].iter().position(|b| *b == b'\n') {
                let line = &self.pending()[..searched + end];
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.consume(searched + end + 1);
                let fits = !is_too_long && line.len() <= max;
                return Ok(Some(if fits { Ok(line) } else { Err(()) }));
            }
            searched = self.pending().len();
            if searched > max {
                is_too_long = true;
                self.consume(searched);
                searched = 0;
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// The next command. Literals that a client waits to send are asked for.
    pub async fn command(&mut self, names: Names) -> Result<Incoming, Lost> {
        let mut whole = Vec::new();
        let mut literals = 0;
        self.pace = None;
        if !self.has_input() && !self.fill().await? {
            return Ok(Incoming::End);
        }
        self.begin();
        loop {
            let max = MAX_LINE.saturating_sub(whole.len() - literals as usize);
            let Some(line) = self.line(max).await? else {
                return Ok(Incoming::End);
            };
            let Ok(line) = line else {
                return Ok(Incoming::TooLong(tag_of(&whole)));
            };
            let literal = literal_at_end(&line);
            whole.extend_from_slice(&line);
            let Some(literal) = literal else {
                return Ok(Incoming::Command(whole));
            };
            if let Some((tag, append)) = append_of(&whole, names) {
                return Ok(Incoming::Append { tag, append });
            }
            literals += literal.size;
            if literals > MAX_LITERALS {
                self.drop_command(literal).await?;
                return Ok(Incoming::TooLong(tag_of(&whole)));
            }
            if !literal.non_sync {
                self.say("+ OK");
            }
            whole.extend_from_slice(b"\r\n");
            if !self.literal(literal.size, &mut whole).await? {
                return Ok(Incoming::End);
            }
        }
    }

    /// Reads exactly `size` bytes. False: the other side has hung up.
    async fn literal(&mut self, size: u64, into: &mut Vec<u8>) -> Result<bool, Lost> {
        self.stream_literal(size, |bytes| into.extend_from_slice(bytes))
            .await
    }

    /// Shows exactly `size` bytes in pieces. False: the other side has hung up.
    pub async fn stream_literal(&mut self, size: u64, mut show: impl FnMut(&[u8])) -> Result<bool, Lost> {
        let mut left = size;
        while left > 0 {
            if self.pending().is_empty() && !self.fill().await? {
                return Ok(false);
            }
            let take = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(self.pending().len());
            show(&self.pending()[..take]);
            self.consume(take);
            left -= take as u64;
        }
        Ok(true)
    }

    /// Reads a literal that is not wanted and what follows it in its command (RFC 7888 §4: it comes all the same).
    pub async fn drop_command(&mut self, literal: LiteralAnnounce) -> Result<(), Lost> {
        let mut next = Some(literal);
        while let Some(literal) = next.filter(|l| l.non_sync) {
            if literal.size > MAX_DISCARD {
                return Err(Error::too_large("a literal of this size is not even skipped").into());
            }
            self.stream_literal(literal.size, |_| {}).await?;
            next = match self.line(MAX_LINE).await? {
                Some(Ok(line)) => literal_at_end(&line),
                _ => None,
            };
        }
        Ok(())
    }

    /// A client that reads no more gets no more time for it.
    pub async fn close(&mut self) {
        let _ = tokio::time::timeout(LAST_WORDS, self.flush()).await;
        let _ = tokio::time::timeout(LAST_WORDS, self.stream.shutdown()).await;
    }

    /// There is more to do before waiting.
    pub fn has_input(&self) -> bool {
        self.at < self.input.len()
    }
}

fn not_reading() -> Error {
    Error::unavailable("the other side does not read")
}

/// The message of an APPEND comes next: the command is complete up to it.
fn append_of(whole: &[u8], names: Names) -> Option<(String, Append)> {
    let space = whole.iter().take(200).position(|b| *b == b' ')?;
    let name = whole.get(space + 1..space + 8)?;
    if !name.eq_ignore_ascii_case(b"APPEND ") {
        return None;
    }
    let request = parse_command(whole, names).ok()?;
    match request.command {
        Command::Append(append) => Some((request.tag, append)),
        _ => None,
    }
}

fn tag_of(line: &[u8]) -> Option<String> {
    let end = line.iter().take(200).position(|b| *b == b' ')?;
    let tag = std::str::from_utf8(&line[..end]).ok()?;
    let is_tag = !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_graphic() && b != b'+');
    is_tag.then(|| tag.to_owned())
}
