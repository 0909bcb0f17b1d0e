//! A stretch of a stored message on its way out, decoded, piece by piece: a large file is never in memory as a whole.

use super::body::BodyReader;
use crate::base::{Error, Result};
use crate::formats::mime::part::Part;
use crate::formats::mime::transfer::{Base64Pieces, Encoding, decode};

/// How much is read at once.
const PIECE: usize = 256 << 10;

pub struct StoredPart {
    body: BodyReader,
    at: u64,
    end: u64,
    encoding: Encoding,
    base64: Base64Pieces,
}

impl StoredPart {
    /// The message itself, as it is stored.
    pub fn whole(body: BodyReader) -> StoredPart {
        let end = body.size_bytes();
        Self::of((0, end), Encoding::SevenBit, body)
    }

    /// What a part of the message holds.
    pub fn content(part: &Part, body: BodyReader) -> StoredPart {
        let range = (u64::from(part.body_start), u64::from(part.body_end));
        Self::of(range, part.encoding, body)
    }

    fn of((at, end): (u64, u64), encoding: Encoding, body: BodyReader) -> StoredPart {
        StoredPart {
            body,
            at,
            end,
            encoding,
            base64: Base64Pieces::default(),
        }
    }

    /// Bytes before decoding.
    pub fn size_at_most(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    /// Where it is known without decoding.
    pub fn exact_size(&self) -> Option<u64> {
        let is_coded = matches!(self.encoding, Encoding::Base64 | Encoding::QuotedPrintable);
        (!is_coded).then(|| self.size_at_most())
    }

    /// The next piece; empty at the end. Blocks. Errors: what the store says.
    pub fn next_piece(&mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        while out.is_empty() && self.at < self.end {
            let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            // Its lines hang together; it is text, and large files are base64.
            if self.encoding == Encoding::QuotedPrintable {
                let raw = self.body.read_range(self.at, self.end)?;
                self.at = self.end;
                return Ok(decode(&raw, self.encoding, usize::MAX));
            }
            let piece = self.body.read_at(self.at, left.min(PIECE))?;
            if piece.is_empty() {
                return Err(Error::unavailable(
                    "a stored message is shorter than it should be; run: hauspost doctor",
                ));
            }
            self.at += piece.len() as u64;
            match self.encoding {
                Encoding::Base64 => self.base64.decode(piece, usize::MAX, &mut out),
                _ => out.extend_from_slice(piece),
            }
            if self.at >= self.end {
                self.base64.finish(&mut out);
            }
        }
        Ok(out)
    }

    /// All of it in memory. Blocks.
    pub fn read_all(mut self) -> Result<Vec<u8>> {
        let mut out = self.next_piece()?;
        loop {
            let mut piece = self.next_piece()?;
            if piece.is_empty() {
                return Ok(out);
            }
            out.append(&mut piece);
        }
    }
}
