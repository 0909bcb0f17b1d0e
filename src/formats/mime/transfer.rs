//! Content-Transfer-Encoding: undoing base64 and quoted-printable. RFC 2045 §6.
//!
//! Decoding never fails on bad input: what is not in the alphabet is skipped, as every mail reader does.

/// How a body travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Encoding {
    SevenBit = 0,
    EightBit = 1,
    Binary = 2,
    Base64 = 3,
    QuotedPrintable = 4,
    /// A name nobody knows; the bytes are taken as they are, except for IMAP BINARY.
    Unknown = 5,
}

impl Encoding {
    /// From the field's value; a missing or empty one is 7bit. Misspellings seen in the wild are understood.
    pub fn from_value(value: &[u8]) -> Encoding {
        let end = value
            .iter()
            .position(|b| matches!(b, b';' | b'('))
            .unwrap_or(value.len());
        let name: Vec<u8> = value[..end]
            .trim_ascii()
            .iter()
            .take(20)
            .map(|b| b.to_ascii_lowercase())
            .collect();
        match &name[..] {
            b"" | b"7bit" | b"7-bit" | b"7bits" | b"plain" => Encoding::SevenBit,
            b"8bit" | b"8-bit" | b"8bits" => Encoding::EightBit,
            b"binary" => Encoding::Binary,
            b"base64" | b"base-64" => Encoding::Base64,
            b"quoted-printable" | b"quoted_printable" | b"quotedprintable" | b"qp" => {
                Encoding::QuotedPrintable
            }
            _ => Encoding::Unknown,
        }
    }

    pub fn from_code(code: u8) -> Option<Encoding> {
        use Encoding::*;
        [SevenBit, EightBit, Binary, Base64, QuotedPrintable, Unknown]
            .into_iter()
            .nth(usize::from(code))
    }

    /// The body needs no decoding.
    pub fn is_identity(self) -> bool {
        !matches!(self, Encoding::Base64 | Encoding::QuotedPrintable)
    }
}

/// The body's encoding is not one we know: IMAP answers `NO [UNKNOWN-CTE]` (RFC 3516 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownEncoding;

/// Decodes a whole body.
pub fn decode_part(bytes: &[u8], encoding: Encoding) -> Result<Vec<u8>, UnknownEncoding> {
    match encoding {
        Encoding::Unknown => Err(UnknownEncoding),
        known => Ok(decode(bytes, known, usize::MAX)),
    }
}

/// Decodes until about `max` bytes are there; unknown encodings are taken as they are.
pub fn decode(bytes: &[u8], encoding: Encoding, max: usize) -> Vec<u8> {
    match encoding {
        Encoding::Base64 => decode_base64(bytes, max),
        Encoding::QuotedPrintable => decode_quoted_printable(bytes, max),
        _ => bytes[..bytes.len().min(max)].to_vec(),
    }
}

/// The size after decoding, without decoding. Exact for base64 in even lines and for quoted-printable
/// without trailing blanks. `lines`: line ends inside `bytes`.
pub fn decoded_size(bytes: &[u8], encoding: Encoding, lines: usize) -> usize {
    match encoding {
        Encoding::Base64 => {
            let line_end = if bytes.windows(2).take(1000).any(|w| w == b"\r\n") {
                2
            } else {
                1
            };
            let tail = bytes.trim_ascii_end();
            let padding = tail.iter().rev().take(2).filter(|b| **b == b'=').count();
            let letters = bytes.len().saturating_sub(lines * line_end);
            (letters * 3 / 4).saturating_sub(padding)
        }
        Encoding::QuotedPrintable => {
            let (mut size, mut i) = (0, 0);
            while i < bytes.len() {
                match &bytes[i..] {
                    [b'=', b'\r', b'\n', ..] => i += 3,
                    [b'=', b'\n', ..] => i += 2,
                    [b'=', _, _, ..] => (size, i) = (size + 1, i + 3),
                    _ => (size, i) = (size + 1, i + 1),
                }
            }
            size
        }
        _ => bytes.len(),
    }
}

const SKIP: u8 = 0xff;

const fn base64_table() -> [u8; 256] {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [SKIP; 256];
    let mut i = 0;
    while i < 64 {
        table[letters[i] as usize] = i as u8;
        i += 1;
    }
    table
}

static BASE64: [u8; 256] = base64_table();

/// Skips everything outside the alphabet; padding ends a group, so that concatenated texts decode too.
pub fn decode_base64(bytes: &[u8], max: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity((bytes.len() / 4 * 3 + 3).min(max.saturating_add(3)));
    let mut pieces = Base64Pieces::default();
    pieces.decode(bytes, max, &mut out);
    if out.len() < max {
        pieces.finish(&mut out);
    }
    out
}

/// Base64 that comes in pieces, cut anywhere. As [`decode_base64`].
#[derive(Default)]
pub struct Base64Pieces {
    group: u32,
    count: u32,
}

impl Base64Pieces {
    /// Ends when `out` has `max` bytes or a few more.
    pub fn decode(&mut self, piece: &[u8], max: usize, out: &mut Vec<u8>) {
        let (mut group, mut count) = (self.group, self.count);
        for &byte in piece {
            let value = BASE64[usize::from(byte)];
            if value != SKIP {
                group = group << 6 | u32::from(value);
                count += 1;
                if count == 4 {
                    out.extend_from_slice(&group.to_be_bytes()[1..]);
                    (group, count) = (0, 0);
                    if out.len() >= max {
                        break;
                    }
                }
            } else if byte == b'=' {
                flush_base64(out, group, count);
                (group, count) = (0, 0);
            }
        }
        (self.group, self.count) = (group, count);
    }

    /// What is left at the end.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        flush_base64(out, self.group, self.count);
        *self = Self::default();
    }
}

/// The one or two bytes of an incomplete group.
fn flush_base64(out: &mut Vec<u8>, group: u32, count: u32) {
    match count {
        2 => out.push((group >> 4) as u8),
        3 => out.extend_from_slice(&((group >> 2) as u16).to_be_bytes()),
        _ => {}
    }
}

/// RFC 2045 §6.7: soft line breaks vanish, blanks before a line end too; a bad escape stays as it is.
pub fn decode_quoted_printable(bytes: &[u8], max: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().min(max));
    // Everything behind this length is blanks that count only if something follows on the line.
    let mut solid = 0;
    let mut i = 0;
    while i < bytes.len() && out.len() < max {
        match bytes[i] {
            b'=' => {
                let rest = &bytes[i + 1..];
                if let [high, low, ..] = rest
                    && let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low))
                {
                    out.push(high << 4 | low);
                    i += 3;
                } else if let Some(length) = soft_break(rest) {
                    i += 1 + length;
                } else {
                    out.push(b'=');
                    i += 1;
                }
                solid = out.len();
            }
            b'\r' | b'\n' => {
                out.truncate(solid);
                out.push(bytes[i]);
                i += 1;
                solid = out.len();
            }
            byte => {
                out.push(byte);
                i += 1;
                if !matches!(byte, b' ' | b'\t') {
                    solid = out.len();
                }
            }
        }
    }
    if i == bytes.len() {
        out.truncate(solid);
    }
    out
}

/// Length of blanks and a line end behind a `=`.
fn soft_break(rest: &[u8]) -> Option<usize> {
    // Blanks are limited: a line of them must not be looked at again for every `=` before it.
    let blanks = rest
        .iter()
        .take(80)
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    match &rest[blanks..] {
        [b'\r', b'\n', ..] => Some(blanks + 2),
        [b'\n', ..] => Some(blanks + 1),
        [] => Some(blanks),
        _ => None,
    }
}

pub fn hex_value(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|d| d as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_skips_junk_and_joins_padded_texts() {
        for (text, want) in [
            ("aGVsbG8=", "hello"),
            ("aGVs\r\nbG8", "hello"),
            ("aGk=\r\naGk=", "hihi"),
            ("!a*G k=", "hi"),
            ("", ""),
            ("a", ""),
        ] {
            assert_eq!(
                decode_base64(text.as_bytes(), usize::MAX),
                want.as_bytes(),
                "{text}"
            );
        }
    }

    #[test]
    fn quoted_printable_decodes_leniently() {
        for (text, want) in [
            ("a=3Db", "a=b"),
            ("a=\r\nb", "ab"),
            ("a= \nb", "ab"),
            ("a  \r\nb", "a\r\nb"),
            ("=C3=a4", "ä"),
            ("=ZZ=", "=ZZ"),
            ("a =20", "a  "),
        ] {
            assert_eq!(
                decode_quoted_printable(text.as_bytes(), usize::MAX),
                want.as_bytes(),
                "{text}"
            );
        }
    }

    #[test]
    fn sizes_are_those_of_the_decoded_bytes() {
        for (text, encoding) in [
            ("aGVs\r\nbG8=\r\n", Encoding::Base64),
            ("aGVs\nbG8=", Encoding::Base64),
            ("a=3D=\r\nb\r\n", Encoding::QuotedPrintable),
            ("plain", Encoding::SevenBit),
        ] {
            let lines = text.matches('\n').count();
            let want = decode(text.as_bytes(), encoding, usize::MAX).len();
            assert_eq!(decoded_size(text.as_bytes(), encoding, lines), want, "{text}");
        }
    }

    #[test]
    fn unknown_encoding_is_an_error_only_for_binary() {
        assert_eq!(
            decode_part(b"x", Encoding::from_value(b" x-uuencode")),
            Err(UnknownEncoding)
        );
        assert_eq!(decode(b"x", Encoding::Unknown, 9), b"x");
        assert_eq!(Encoding::from_value(b" Base64 (comment)"), Encoding::Base64);
    }
}
