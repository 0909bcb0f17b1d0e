//! Line ends and leading dots of SMTP's DATA. RFC 5321 §2.3.8, §4.5.2.

use std::borrow::Cow;

/// Bare LF and bare CR become CRLF; for output only, what is stored stays as it came.
pub fn to_crlf(bytes: &[u8]) -> Cow<'_, [u8]> {
    if is_crlf(bytes) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 30);
    let mut previous = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if previous != b'\r' => out.extend_from_slice(b"\r\n"),
            b'\r' if bytes.get(i + 1) != Some(&b'\n') => out.extend_from_slice(b"\r\n"),
            _ => out.push(byte),
        }
        previous = byte;
    }
    Cow::Owned(out)
}

/// Gives line feeds that come alone their carriage return, in pieces cut anywhere, as every IMAP server shows them. A carriage
/// return alone stays.
#[derive(Default)]
pub struct WholeLines {
    last: u8,
}

impl WholeLines {
    /// Puts the piece behind `out`.
    pub fn convert(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let before = if at == 0 { self.last } else { rest[at - 1] };
            out.extend_from_slice(&rest[..at]);
            if before != b'\r' {
                out.push(b'\r');
            }
            out.push(b'\n');
            self.last = b'\n';
            rest = &rest[at + 1..];
        }
        out.extend_from_slice(rest);
        self.last = rest.last().copied().unwrap_or(self.last);
    }
}

fn is_crlf(bytes: &[u8]) -> bool {
    let mut previous = 0;
    for &byte in bytes {
        if (byte == b'\n') != (previous == b'\r') {
            return false;
        }
        previous = byte;
    }
    previous != b'\r'
}

/// A message as DATA sends it: CRLF, a dot before leading dots, ended by `.` CRLF.
pub fn stuff_dots(bytes: &[u8]) -> Vec<u8> {
    let bytes = to_crlf(bytes);
    let mut out = Vec::with_capacity(bytes.len() + 100);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// One received line of DATA with its line end: `None` is the end of the message.
/// Only CRLF `.` CRLF ends it; a lone LF around the dot would let a second mail be smuggled in.
pub fn unstuff_line(line: &[u8]) -> Option<&[u8]> {
    match line {
        b".\r\n" => None,
        [b'.', rest @ ..] if !rest.is_empty() && !matches!(rest, b"\n") => Some(rest),
        line => Some(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_become_crlf_once() {
        for (raw, want) in [
            (&b"a\nb\r\nc\rd"[..], &b"a\r\nb\r\nc\r\nd"[..]),
            (b"a\r\n", b"a\r\n"),
            (b"\n\n", b"\r\n\r\n"),
            (b"a\r", b"a\r\n"),
            (b"a\r\r\n", b"a\r\n\r\n"),
            (b"", b""),
        ] {
            assert_eq!(&*to_crlf(raw), want, "{raw:?}");
        }
        assert!(matches!(to_crlf(b"a\r\nb"), Cow::Borrowed(_)));
    }

    #[test]
    fn dots_are_stuffed_and_unstuffed() {
        assert_eq!(stuff_dots(b".a\n..\nb."), b"..a\r\n...\r\nb.\r\n.\r\n");
        assert_eq!(stuff_dots(b""), b".\r\n");
        for (line, want) in [
            (&b".\r\n"[..], None),
            (b"..\r\n", Some(&b".\r\n"[..])),
            (b".a\r\n", Some(b"a\r\n")),
            (b".\n", Some(b".\n")),
            (b"a.\r\n", Some(b"a.\r\n")),
        ] {
            assert_eq!(unstuff_line(line), want);
        }
    }

    #[test]
    fn lines_are_made_whole_wherever_the_pieces_are_cut() {
        let (text, expected) = (b"a\nb\r\nc\rd\n\n", b"a\r\nb\r\nc\rd\r\n\r\n");
        for size in 1..text.len() {
            let (mut lines, mut out) = (WholeLines::default(), Vec::new());
            text.chunks(size).for_each(|piece| lines.convert(piece, &mut out));
            assert_eq!(out, expected, "in pieces of {size}");
        }
    }
}
