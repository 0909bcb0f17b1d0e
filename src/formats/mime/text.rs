//! Header text and charsets to Unicode: unfolding, encoded words (RFC 2047), charset names.

use std::borrow::Cow;

use crate::formats::mime::transfer::{decode_base64, hex_value};

/// Decodes bytes in a named charset. Without a name, and for ASCII that is none, UTF-8 is tried first,
/// then Windows-1252, which shows something for every byte.
pub fn decode_charset(bytes: &[u8], charset: Option<&str>) -> String {
    let name = charset.unwrap_or("").trim().trim_matches(['"', '\'']);
    if name.is_empty() || name.eq_ignore_ascii_case("us-ascii") || name.eq_ignore_ascii_case("ascii") {
        return guess(bytes).into_owned();
    }
    if let Some(encoding) = encoding_rs::Encoding::for_label(name.as_bytes()) {
        // WHATWG maps dead charsets to one that yields nothing but U+FFFD; a guess shows more.
        if encoding == encoding_rs::REPLACEMENT {
            return guess(bytes).into_owned();
        }
        return encoding.decode(bytes).0.into_owned();
    }
    match mail_parser::decoders::charsets::map::charset_decoder(name.as_bytes()) {
        Some(decoder) => decoder(bytes),
        None => guess(bytes).into_owned(),
    }
}

/// UTF-8 if it is, else Windows-1252.
pub fn guess(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// A header value as one line of readable text: unfolded, encoded words decoded, controls blanked, trimmed.
pub fn decode_text(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    let mut plain: Vec<u8> = Vec::new();
    let mut run: Option<Run> = None;
    let mut i = 0;
    while i < value.len() {
        if value[i..].starts_with(b"=?")
            && let Some((word, length)) = encoded_word(&value[i..])
        {
            // Blanks between two encoded words are not text (RFC 2047 §6.2).
            if run.is_none() || !plain.iter().all(u8::is_ascii_whitespace) {
                flush_run(&mut out, &mut run);
                flush_plain(&mut out, &mut plain);
            }
            plain.clear();
            match &mut run {
                // One character may be split over two words, against the RFC; so the bytes are joined first.
                Some(open) if open.charset.eq_ignore_ascii_case(word.charset) => {
                    open.bytes.extend_from_slice(&word.bytes);
                }
                _ => {
                    flush_run(&mut out, &mut run);
                    run = Some(word);
                }
            }
            i += length;
            continue;
        }
        if !matches!(value[i], b'\r' | b'\n') {
            plain.push(value[i]);
        }
        i += 1;
    }
    flush_run(&mut out, &mut run);
    flush_plain(&mut out, &mut plain);
    let line: String = out
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line.trim().to_owned()
}

/// The decoded bytes of encoded words in one charset.
struct Run<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
}

fn flush_run(out: &mut String, run: &mut Option<Run>) {
    if let Some(run) = run.take() {
        out.push_str(&decode_charset(&run.bytes, Some(run.charset)));
    }
}

fn flush_plain(out: &mut String, plain: &mut Vec<u8>) {
    out.push_str(&guess(plain));
    plain.clear();
}

/// RFC 2047 allows 75 characters; senders do not care, but a scan must end somewhere.
const MAX_ENCODED_WORD: usize = 600;

/// The length of the encoded word at the start of `text`, if there is one.
pub fn encoded_word_length(text: &[u8]) -> Option<usize> {
    split_encoded_word(text).map(|(_, _, _, length)| length)
}

/// (charset, encoding letter, encoded text, whole length)
fn split_encoded_word(text: &[u8]) -> Option<(&[u8], u8, &[u8], usize)> {
    let text = &text[..text.len().min(MAX_ENCODED_WORD)];
    let rest = text.strip_prefix(b"=?")?;
    let charset_end = rest.iter().take(80).position(|b| *b == b'?')?;
    let charset = &rest[..charset_end];
    let [letter, b'?', content @ ..] = &rest[charset_end + 1..] else {
        return None;
    };
    let content_end = content.windows(2).position(|w| w == b"?=")?;
    if charset.is_empty() || !charset.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    Some((
        charset,
        letter.to_ascii_uppercase(),
        &content[..content_end],
        charset_end + 7 + content_end,
    ))
}

fn encoded_word(text: &[u8]) -> Option<(Run<'_>, usize)> {
    let (charset, letter, content, length) = split_encoded_word(text)?;
    let bytes = match letter {
        b'B' => decode_base64(content, usize::MAX),
        b'Q' => decode_q(content),
        _ => return None,
    };
    let charset = std::str::from_utf8(charset).ok()?;
    // RFC 2231 §5 allows a language behind an asterisk.
    let charset = charset.split('*').next().unwrap_or(charset);
    Some((Run { charset, bytes }, length))
}

/// RFC 2047 §4.2.
fn decode_q(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        match &text[i..] {
            [b'=', high, low, ..] if hex_value(*high).is_some() && hex_value(*low).is_some() => {
                out.push(hex_value(*high).unwrap_or(0) << 4 | hex_value(*low).unwrap_or(0));
                i += 3;
                continue;
            }
            [b'_', ..] => out.push(b' '),
            [b'\r' | b'\n', ..] => {}
            [byte, ..] => out.push(*byte),
            [] => {}
        }
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_header_text() {
        for (raw, want) in [
            (
                &b" =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?B?IGF1cw==?= Wien"[..],
                "Grüße aus Wien",
            ),
            (b"=?ISO-8859-1?q?caf=e9_noir?=", "café noir"),
            // one character split over two words
            (b"=?utf-8?Q?=C3?= =?UTF-8?Q?=A4?=", "ä"),
            (b"=?iso-8859-1?Q?a?= =?utf-8?Q?b?= c", "ab c"),
            (b"=?utf-8*de?Q?x?=", "x"),
            (b"no =? word ?=", "no =? word ?="),
            (b"raw \xc3\xa4", "raw ä"),
            (b"raw \xe4", "raw ä"),
            (b"a\r\n\tb\0c", "a b c"),
            (b"=?x-none?Q?abc?=", "abc"),
            (b"", ""),
        ] {
            assert_eq!(decode_text(raw), want);
        }
    }

    #[test]
    fn knows_charsets_that_the_web_forgot() {
        assert_eq!(decode_charset(b"+AOQ-", Some("utf-7")), "ä");
        assert_eq!(decode_charset(b"\x9b", Some("cp850")), "ø");
        assert_eq!(decode_charset(b"\x1b$B%O", Some("iso-2022-jp")), "ハ");
        assert_eq!(decode_charset("ä".as_bytes(), Some("us-ascii")), "ä");
    }
}
