//! A message of ours as it is sent: with whole line ends, in pieces, its size known before.

use crate::base::{Error, Result};
use crate::formats::mime::line_endings::WholeLines;
use crate::model::message::Item;
use crate::store::body::BodyReader;

const PIECE: usize = 256 << 10;

pub struct Letter {
    pub item: Item,
    body: BodyReader,
    /// As it goes out.
    pub size_bytes: u64,
    pub hash: [u8; 32],
}

impl Letter {
    /// Reads it once, for its size and hash. Blocks.
    pub fn new(item: Item, body: BodyReader) -> Result<Letter> {
        let mut letter = Letter {
            item,
            body,
            size_bytes: 0,
            hash: [0; 32],
        };
        let (mut hasher, mut size) = (blake3::Hasher::new(), 0);
        let mut pieces = Pieces::default();
        while let Some(piece) = letter.next(&mut pieces)? {
            hasher.update(piece);
            size += piece.len() as u64;
        }
        letter.size_bytes = size;
        letter.hash = *hasher.finalize().as_bytes();
        Ok(letter)
    }

    /// The next piece; None at the end. Errors: Unavailable, when the body is damaged.
    pub fn next<'p>(&mut self, pieces: &'p mut Pieces) -> Result<Option<&'p [u8]>> {
        if pieces.at >= self.body.size_bytes() {
            return Ok(None);
        }
        let piece = self.body.read_at(pieces.at, PIECE)?;
        if piece.is_empty() {
            return Err(Error::unavailable(
                "it is shorter than it should be; run: hauspost doctor",
            ));
        }
        pieces.at += piece.len() as u64;
        pieces.out.clear();
        pieces.lines.convert(piece, &mut pieces.out);
        Ok(Some(&pieces.out))
    }
}

/// How far a letter has been read.
#[derive(Default)]
pub struct Pieces {
    at: u64,
    lines: WholeLines,
    out: Vec<u8>,
}
