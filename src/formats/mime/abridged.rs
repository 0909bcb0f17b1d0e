//! A message without the middle of its large files: enough to read it, to change it and to digest it with little memory.
//! In the place of each middle stands one line of base64 that nobody can foresee; by it the middle finds its place again
//! in what was made of the message.

use super::gap::Gap;
use super::part::Part;
use super::structure::Kind;
use super::transfer::Encoding;
use crate::base::{Result, random};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ops::Range;

/// What a line of base64 stands for (RFC 2045 §6.8), and its length with the line end.
pub const LINE_BYTES: usize = 57;
const LINE: usize = 78;

/// Lines of a file that are always at hand: more text than the full-text index takes of a message.
pub const LINES_SEEN: usize = 24_000;

/// Fewer lines than this are not worth leaving out.
const FEWEST: usize = 4_000;

/// How much is looked at in one piece, in lines.
const PIECE: u64 = 10_000 * LINE as u64;

pub struct Abridged {
    pub bytes: Vec<u8>,
    omissions: Vec<Omission>,
}

/// Whole lines of the message, and the line that stands for them.
struct Omission {
    mark: Vec<u8>,
    from: u64,
    to: u64,
}

/// A stretch of a message that was made of an abridged one.
#[derive(Debug, PartialEq, Eq)]
pub enum Stretch {
    /// Bytes of what was made.
    Made(Range<usize>),
    /// Bytes of the message as it is stored.
    Stored { from: u64, to: u64 },
}

/// `parts`: of the message. `read`: gives a range of its bytes. Errors: those of `read`.
pub fn abridge(
    parts: &[Part],
    size_bytes: u64,
    mut read: impl FnMut(u64, u64) -> Result<Vec<u8>>,
) -> Result<Abridged> {
    let mut out = Abridged {
        bytes: Vec::new(),
        omissions: Vec::new(),
    };
    let mut at = 0;
    for part in parts.iter().filter(|p| is_large(p)) {
        let from = u64::from(part.body_start) + (LINES_SEEN * LINE) as u64;
        let to = end_of_lines(from, u64::from(part.body_end), &mut read)?;
        if from < at || to < from + (FEWEST * LINE) as u64 {
            continue;
        }
        out.bytes.append(&mut read(at, from)?);
        let mark = STANDARD.encode(random::bytes::<LINE_BYTES>()).into_bytes();
        out.bytes.extend_from_slice(&mark);
        out.bytes.extend_from_slice(b"\r\n");
        out.omissions.push(Omission { mark, from, to });
        at = to;
    }
    out.bytes.append(&mut read(at, size_bytes)?);
    Ok(out)
}

fn is_large(part: &Part) -> bool {
    let bytes = (part.body_end as usize).saturating_sub(part.body_start as usize);
    part.kind == Kind::Leaf && part.encoding == Encoding::Base64 && bytes > (LINES_SEEN + FEWEST) * LINE
}

/// Where full lines of base64 that begin at `from` end. The last line of the part is never among them.
fn end_of_lines(from: u64, end: u64, read: &mut impl FnMut(u64, u64) -> Result<Vec<u8>>) -> Result<u64> {
    let mut at = from;
    while at + (LINE as u64) < end {
        let lines = (end - at - 1).min(PIECE) / LINE as u64;
        let piece = read(at, at + lines * LINE as u64)?;
        let full = piece.chunks(LINE).take_while(|line| is_full_line(line)).count();
        at += (full * LINE) as u64;
        if full as u64 != lines {
            break;
        }
    }
    Ok(at)
}

fn is_full_line(line: &[u8]) -> bool {
    let letters = line.strip_suffix(b"\r\n").unwrap_or_default();
    letters.len() + 2 == LINE
        && letters
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

impl Abridged {
    pub fn is_whole(&self) -> bool {
        self.omissions.is_empty()
    }

    /// What `made`, which came of these bytes, is in full: its own bytes, and those that were left out.
    pub fn stretches(&self, made: &[u8]) -> Vec<Stretch> {
        let mut out = Vec::new();
        let mut at = 0;
        for (mark, omission) in self.found(made) {
            out.push(Stretch::Made(at..mark));
            out.push(Stretch::Stored {
                from: omission.from,
                to: omission.to,
            });
            at = mark + LINE;
        }
        out.push(Stretch::Made(at..made.len()));
        out
    }

    /// What lacks in `made`, in its order; the mark itself counts as one of the lines.
    pub fn gaps(&self, made: &[u8]) -> Vec<Gap> {
        let gap = |(at, omission): (usize, &Omission)| {
            let bytes = (omission.to - omission.from) as usize - LINE;
            Gap {
                at,
                bytes,
                lines: bytes / LINE,
                decoded_bytes: bytes / LINE * LINE_BYTES,
            }
        };
        self.found(made).into_iter().map(gap).collect()
    }

    /// Offsets of the marks. One that is gone went with its part.
    fn found(&self, made: &[u8]) -> Vec<(usize, &Omission)> {
        let mut found: Vec<_> = self
            .omissions
            .iter()
            .filter_map(|o| Some((memchr::memmem::find(made, &o.mark)?, o)))
            .collect();
        found.sort_by_key(|(at, _)| *at);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mime::digest::{digest, digest_around};
    use crate::formats::mime::edit::{remove_part, replace_fields};

    fn file(name: &str, lines: usize) -> String {
        let line = format!("{}\r\n", "QUJD".repeat(19));
        format!(
            "--b\r\nContent-Type: application/pdf; name={name}\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment\r\n\r\n{}QQ==\r\n",
            line.repeat(lines)
        )
    }

    fn message() -> Vec<u8> {
        let head = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>hi\r\n";
        let files = [
            file("a.pdf", 30_000),
            file("small.pdf", 10),
            file("b.pdf", 50_000),
        ];
        format!("{head}{}--b--\r\n", files.concat()).into_bytes()
    }

    fn abridged(raw: &[u8]) -> Abridged {
        let read = |from: u64, to: u64| Ok(raw[from as usize..to as usize].to_vec());
        abridge(&digest(raw).parts, raw.len() as u64, read).unwrap()
    }

    fn full(of: &Abridged, raw: &[u8], made: &[u8]) -> Vec<u8> {
        let stretches = of.stretches(made);
        let bytes = stretches.iter().map(|s| match s {
            Stretch::Made(range) => &made[range.clone()],
            Stretch::Stored { from, to } => &raw[*from as usize..*to as usize],
        });
        bytes.collect::<Vec<_>>().concat()
    }

    #[test]
    fn what_was_left_out_comes_back_where_it_was() {
        let raw = message();
        let short = abridged(&raw);
        assert_eq!(short.omissions.len(), 2);
        assert!(short.bytes.len() < raw.len() * 2 / 3);
        assert!(full(&short, &raw, &short.bytes) == raw);
        let changed = replace_fields(&short.bytes, &["subject"], b"Subject: longer than it was\r\n\r\n");
        let whole = full(&short, &raw, &changed);
        assert!(whole == replace_fields(&raw, &["subject"], b"Subject: longer than it was\r\n\r\n"));
        assert!(digest_around(&changed, &short.gaps(&changed)) == digest(&whole));
    }

    #[test]
    fn what_is_taken_away_does_not_come_back() {
        let raw = message();
        let short = abridged(&raw);
        let parts = digest(&short.bytes).parts;
        let changed = remove_part(&short.bytes, &parts[2]).unwrap();
        let whole = full(&short, &raw, &changed);
        assert!(whole == remove_part(&raw, &digest(&raw).parts[2]).unwrap());
        assert!(digest_around(&changed, &short.gaps(&changed)) == digest(&whole));
    }

    #[test]
    fn only_lines_that_can_be_counted_are_left_out() {
        let mut raw = message();
        // In the first file, behind the lines that are always at hand.
        raw[(LINES_SEEN + 500) * LINE] = b'=';
        assert_eq!(abridged(&raw).omissions.len(), 1);
        let short = abridged(&raw);
        assert!(full(&short, &raw, &short.bytes) == raw);
    }
}
