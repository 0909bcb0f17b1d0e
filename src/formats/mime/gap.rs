//! Digesting a message without all of a large file in it: the middle of the file's lines is left out of the bytes that are
//! looked at, and counted in again in what is found.

use super::part::Part;
use super::structure::{Kind, Structure};

/// Whole lines of base64 that are not in the bytes at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Where they belong, in the bytes at hand: the beginning of a line.
    pub at: usize,
    pub bytes: usize,
    pub lines: usize,
    /// What they stand for.
    pub decoded_bytes: usize,
}

impl Gap {
    fn moved(&self, offset: usize) -> usize {
        if offset > self.at {
            offset + self.bytes
        } else {
            offset
        }
    }

    /// Offsets and lines as they are in the whole message. The structure's own bytes can be read by its fields only.
    pub(in crate::formats::mime) fn widen_structure(&self, structure: &mut Structure<'_>) {
        for node in &mut structure.nodes {
            if (node.body_start..node.body_end).contains(&self.at) {
                node.lines += self.lines;
            }
            for offset in [&mut node.header_start, &mut node.body_start, &mut node.body_end] {
                *offset = self.moved(*offset);
            }
        }
    }

    /// As [`Gap::widen_structure`].
    pub(in crate::formats::mime) fn widen_parts(&self, parts: &mut [Part]) {
        let to_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        for part in parts {
            if (part.body_start..part.body_end).contains(&to_u32(self.at)) {
                let more = match part.kind {
                    Kind::Leaf => self.decoded_bytes,
                    _ => self.bytes,
                };
                part.lines = part.lines.saturating_add(to_u32(self.lines));
                part.decoded_size = part.decoded_size.saturating_add(to_u32(more));
            }
            for offset in [&mut part.header_start, &mut part.body_start, &mut part.body_end] {
                *offset = to_u32(self.moved(*offset as usize));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mime::digest::{digest, digest_around};

    #[test]
    fn what_is_found_around_a_gap_is_what_is_found_in_the_whole() {
        let line = format!("{}\r\n", "QUJD".repeat(19));
        let head = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>hi\r\n\
            --b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\
            Content-Disposition: attachment\r\n\r\n";
        let tail = "QQ==\r\n--b\r\nContent-Type: text/plain; name=z.txt\r\n\r\nlast\r\n--b--\r\n";
        let whole = format!("{head}{}{tail}", line.repeat(50));
        let short = format!("{head}{}{tail}", line.repeat(3));
        let gap = Gap {
            at: head.len() + 3 * line.len(),
            bytes: 47 * line.len(),
            lines: 47,
            decoded_bytes: 47 * 57,
        };
        assert_eq!(digest_around(short.as_bytes(), &[gap]), digest(whole.as_bytes()));
    }
}
