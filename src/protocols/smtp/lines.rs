//! Lines and octets of the conversation. A line ends with CRLF and with nothing else (RFC 5321 §2.3.8):
//! servers that disagree about that can be made to see two messages where there is one.

use crate::base::stream::{BoxStream, read_paced};
use crate::base::{Error, Pace, Patience, Result};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Longer than RFC 5321 §4.5.3.1.4 asks, for AUTH (RFC 4954 §4.1) and DSN parameters.
const MAX_LINE: usize = 12_288;
/// For the last reply and the end of the connection.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Replies are held back up to this size while commands are waiting (RFC 2920).
const MAX_PENDING: usize = 16 << 10;

pub struct Lines {
    stream: BoxStream,
    input: Vec<u8>,
    /// Bytes of `input` that have been used.
    at: usize,
    output: Vec<u8>,
    patience: Patience,
    /// Of the line or the message that is being read.
    pace: Pace,
}

/// A line that came, or why there is none.
pub enum Line {
    Text(Vec<u8>),
    TooLong,
    /// Ended without CR, or had one inside.
    Malformed,
    End,
}

impl Lines {
    pub fn new(stream: BoxStream, patience: Patience) -> Self {
        Lines {
            stream,
            patience,
            pace: patience.begin(),
            input: Vec::new(),
            at: 0,
            output: Vec::new(),
        }
    }

    /// Gives the stream back for TLS. What came in before the handshake is thrown away: it was not protected
    /// (RFC 3207 §4.2; CVE-2011-0411).
    pub fn into_stream(self) -> BoxStream {
        self.stream
    }

    pub fn write(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }

    pub async fn flush(&mut self) -> Result<()> {
        if !self.output.is_empty() {
            let written = async {
                self.stream.write_all(&self.output).await?;
                self.stream.flush().await
            };
            tokio::time::timeout(self.patience.command, written)
                .await
                .map_err(|_| Error::unavailable("the other side does not read"))??;
            self.output.clear();
            self.output.shrink_to(MAX_PENDING);
        }
        Ok(())
    }

    /// The next command, without its CRLF. Replies go out as soon as no further command waits.
    pub async fn next_line(&mut self) -> Result<Line> {
        // The whole line has to come in time, not each octet of it.
        self.begin();
        loop {
            if let Some(end) = self.pending().iter().position(|b| *b == b'\n') {
                let line = &self.input[self.at..self.at + end + 1];
                let text = line.strip_suffix(b"\r\n").filter(|t| !t.contains(&b'\r'));
                let out = text.map_or(Line::Malformed, |t| Line::Text(t.to_vec()));
                self.consume(end + 1);
                return Ok(out);
            }
            if self.pending().len() > MAX_LINE {
                return Ok(Line::TooLong);
            }
            if !self.fill().await? {
                return Ok(Line::End);
            }
        }
    }

    /// Something begins that has to come in time as a whole.
    pub fn begin(&mut self) {
        self.pace = self.patience.begin();
    }

    /// What has come and is not used yet.
    pub fn pending(&self) -> &[u8] {
        &self.input[self.at..]
    }

    pub fn consume(&mut self, n: usize) {
        self.at += n;
        if self.at == self.input.len() {
            self.input.clear();
            self.at = 0;
            if self.input.capacity() > 64 << 10 {
                self.input.shrink_to(4096);
            }
        }
    }

    /// Waits for more of what has begun. False: the other side has hung up. Errors: Unavailable, when it takes too long.
    pub async fn fill(&mut self) -> Result<bool> {
        self.flush().await?;
        if self.at > 0 {
            self.input.drain(..self.at);
            self.at = 0;
        }
        read_paced(&mut self.stream, &mut self.input, &mut self.pace).await
    }

    pub async fn close(&mut self) {
        let _ = tokio::time::timeout(LAST_WORDS, self.flush()).await;
        let _ = tokio::time::timeout(LAST_WORDS, self.stream.shutdown()).await;
    }
}
