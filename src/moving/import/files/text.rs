//! Lines of files that may be large, and line ends as mail has them.

use crate::base::Result;
use crate::formats::mime::line_endings::WholeLines;
use crate::mail::Intake;
use std::io::BufRead;

/// Longer lines come in pieces.
const LONGEST: usize = 64 << 10;

/// Reads lines of any length with bounded memory.
pub struct Lines<R> {
    reader: R,
    pub line: Vec<u8>,
    /// Whether `line` is the beginning of one.
    pub is_start: bool,
    /// Where `line` begins in the file.
    pub offset: u64,
}

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R) -> Lines<R> {
        Lines {
            reader,
            line: Vec::new(),
            is_start: true,
            offset: 0,
        }
    }

    /// The next line with its end, or a piece of a long one. False: there is none.
    pub fn next(&mut self) -> Result<bool> {
        self.offset += self.line.len() as u64;
        self.is_start = self.line.is_empty() || self.line.ends_with(b"\n");
        self.line.clear();
        while self.line.len() < LONGEST {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let buffer = &buffer[..buffer.len().min(LONGEST - self.line.len())];
            let end = memchr::memchr(b'\n', buffer).map(|at| at + 1);
            let taken = end.unwrap_or(buffer.len());
            self.line.extend_from_slice(&buffer[..taken]);
            self.reader.consume(taken);
            if end.is_some() {
                break;
            }
        }
        Ok(!self.line.is_empty())
    }

    /// Without its end.
    pub fn text(&self) -> &[u8] {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }
}

/// Hands pieces on, with line ends as every IMAP server would show them.
pub struct Crlf<'a> {
    intake: &'a mut Intake,
    lines: WholeLines,
    out: Vec<u8>,
}

impl<'a> Crlf<'a> {
    pub fn new(intake: &'a mut Intake) -> Crlf<'a> {
        Crlf {
            intake,
            lines: WholeLines::default(),
            out: Vec::new(),
        }
    }

    pub fn write(&mut self, piece: &[u8]) -> Result<()> {
        self.out.clear();
        self.lines.convert(piece, &mut self.out);
        self.intake.write(&self.out)
    }
}

/// A file, with line ends as mail has them.
pub fn read_crlf(path: &std::path::Path, intake: &mut Intake) -> Result<()> {
    let mut reader = std::io::BufReader::with_capacity(LONGEST, std::fs::File::open(path)?);
    let mut crlf = Crlf::new(intake);
    loop {
        let piece = reader.fill_buf()?;
        let length = piece.len();
        if length == 0 {
            return Ok(());
        }
        crlf.write(piece)?;
        reader.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_come_in_pieces_and_nothing_is_lost() {
        let text = [vec![b'x'; LONGEST + 10], b"\ny\r\n\nlast".to_vec()].concat();
        let mut lines = Lines::new(&text[..]);
        let (mut all, mut starts) = (Vec::new(), Vec::new());
        while lines.next().unwrap() {
            assert_eq!(lines.offset, all.len() as u64);
            all.extend_from_slice(&lines.line);
            starts.push(lines.is_start);
        }
        assert_eq!(all, text);
        assert_eq!(starts, [true, false, true, true, true]);
    }
}
