//! DATA and BDAT: the octets of a message, streamed into the intake.

use super::lines::Lines;
use crate::base::{Error, Result};
use crate::mail::Intake;

/// A piece without a line end is passed on at this size.
const MAX_PIECE: usize = 64 << 10;

/// What came through.
#[derive(Default)]
pub struct Received {
    /// The first error of the intake; what follows is read and thrown away so that the conversation stays in step.
    pub failed: Option<Error>,
    /// A line ended with something else than CRLF, or had a CR inside.
    pub is_malformed: bool,
    /// The other side hung up.
    pub is_cut_off: bool,
}

/// Where octets go: an intake, or something in front of it.
pub trait Sink {
    fn take(&mut self, bytes: &[u8]) -> Result<()>;
}

impl Sink for Intake {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.write(bytes)
    }
}

impl Received {
    fn pass<S: Sink>(&mut self, sink: &mut S, bytes: &[u8]) {
        if self.failed.is_none()
            && let Err(e) = sink.take(bytes)
        {
            self.failed = Some(e);
        }
    }
}

/// Reads up to the line that holds a dot alone (RFC 5321 §4.1.1.4); takes away the dots of §4.5.2.
pub async fn read_dotted<S: Sink>(lines: &mut Lines, sink: &mut S) -> Result<Received> {
    let mut received = Received::default();
    let mut is_line_start = true;
    lines.begin();
    loop {
        let (used, is_end) = take_lines(lines.pending(), &mut is_line_start, &mut received, sink);
        lines.consume(used);
        if is_end {
            return Ok(received);
        }
        if !lines.fill().await? {
            received.is_cut_off = true;
            return Ok(received);
        }
    }
}

/// Takes the whole lines of `buf`, and of a line that is too long what is there. Returns how much was taken
/// and whether the end was among it.
fn take_lines<S: Sink>(
    buf: &[u8],
    is_line_start: &mut bool,
    received: &mut Received,
    sink: &mut S,
) -> (usize, bool) {
    let mut at = 0;
    while let Some(end) = buf[at..].iter().position(|b| *b == b'\n') {
        let line = &buf[at..=at + end];
        at += end + 1;
        if *is_line_start && line == b".\r\n" {
            return (at, true);
        }
        let is_clean = line.ends_with(b"\r\n") && !line[..line.len() - 2].contains(&b'\r');
        received.is_malformed |= !is_clean;
        let text = if *is_line_start {
            line.strip_prefix(b".").unwrap_or(line)
        } else {
            line
        };
        received.pass(sink, text);
        // What follows a bare line feed is no beginning: CRLF before the dot is part of the end.
        *is_line_start = line.ends_with(b"\r\n");
    }
    let rest = &buf[at..];
    if rest.len() > MAX_PIECE {
        // The last octet stays: it may be the CR of the line's end.
        let piece = &rest[..rest.len() - 1];
        received.is_malformed |= piece.contains(&b'\r');
        let text = if *is_line_start {
            piece.strip_prefix(b".").unwrap_or(piece)
        } else {
            piece
        };
        received.pass(sink, text);
        *is_line_start = false;
        at += piece.len();
    }
    (at, false)
}

/// Reads exactly `size` octets (RFC 3030 §2).
pub async fn read_chunk<S: Sink>(lines: &mut Lines, sink: &mut S, size: usize) -> Result<Received> {
    let mut received = Received::default();
    let mut left = size;
    lines.begin();
    while left > 0 {
        let take = left.min(lines.pending().len());
        if take > 0 {
            received.pass(sink, &lines.pending()[..take]);
            lines.consume(take);
            left -= take;
        } else if !lines.fill().await? {
            received.is_cut_off = true;
            break;
        }
    }
    Ok(received)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Patience;

    impl Sink for Vec<u8> {
        fn take(&mut self, bytes: &[u8]) -> Result<()> {
            self.extend_from_slice(bytes);
            Ok(())
        }
    }

    async fn read(input: &[u8]) -> (Vec<u8>, Received, Vec<u8>) {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let input = input.to_vec();
        tokio::spawn(async move {
            let mut theirs = theirs;
            // In small steps: nothing may depend on how octets arrive.
            for piece in input.chunks(7) {
                tokio::io::AsyncWriteExt::write_all(&mut theirs, piece)
                    .await
                    .unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut lines = Lines::new(Box::new(ours), Patience::default());
        let mut out = Vec::new();
        let received = read_dotted(&mut lines, &mut out).await.unwrap();
        (out, received, lines.pending().to_vec())
    }

    #[tokio::test]
    async fn dots_are_taken_away_and_the_end_is_found() {
        let (out, received, _) = read(b"a\r\n..\r\n.b\r\n\r\n.\r\n").await;
        assert_eq!(out, b"a\r\n.\r\nb\r\n\r\n");
        assert!(!received.is_malformed && !received.is_cut_off);
    }

    #[tokio::test]
    async fn smuggled_ends_are_no_ends() {
        for smuggle in [
            &b"a\n.\r\nb\r\n.\r\n"[..],
            b"a\r\n.\nb\r\n.\r\n",
            b"a\r.\rb\r\n.\r\n",
            b"a\r\n.\r\r\nb\r\n.\r\n",
        ] {
            let (out, received, rest) = read(smuggle).await;
            assert!(received.is_malformed, "{smuggle:?}");
            assert!(out.contains(&b'b'), "read on to the real end");
            assert!(rest.is_empty());
        }
    }

    #[tokio::test]
    async fn a_cut_off_message_is_told_apart() {
        let (_, received, _) = read(b"a\r\nb").await;
        assert!(received.is_cut_off);
    }

    #[tokio::test]
    async fn very_long_lines_pass() {
        let mut input = vec![b'x'; 300_000];
        input.extend_from_slice(b"\r\n.\r\n");
        let (out, received, _) = read(&input).await;
        assert_eq!(out.len(), 300_002);
        assert!(!received.is_malformed);
    }
}
