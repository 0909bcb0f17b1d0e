//! The first words of a message, for lists. RFC 8970 allows 256 characters; 255 fit everywhere.

use std::borrow::Cow;

use crate::base::text::cut_chars;
use crate::formats::html::to_text::html_to_text;
use crate::formats::mime::part::{Part, Role};
use crate::formats::mime::text::decode_charset;
use crate::formats::mime::transfer::decode;

const MAX_CHARS: usize = 255;
/// Decoded bytes looked at: plain text is dense; HTML begins with styles that show nothing.
const MAX_PLAIN: usize = 4_096;
const MAX_HTML: usize = 262_144;

/// Of the first text that says anything, plain before HTML.
pub fn preview(raw: &[u8], parts: &[Part], roles: &[Role]) -> String {
    let bodies = || {
        parts
            .iter()
            .zip(roles)
            .filter(|(_, role)| **role == Role::Body)
            .map(|(part, _)| part)
    };
    let plain = bodies().filter(|p| !p.is_type("text", "html")).take(5);
    let html = bodies().filter(|p| p.is_type("text", "html")).take(5);
    for part in plain.chain(html) {
        let text = part_text(raw, part);
        if !text.is_empty() {
            return text;
        }
    }
    String::new()
}

fn part_text(raw: &[u8], part: &Part) -> String {
    let is_html = part.is_type("text", "html");
    let max = if is_html { MAX_HTML } else { MAX_PLAIN };
    let bytes = decode(part.body(raw), part.encoding, max);
    let bytes = whole_characters(&bytes, part.charset.as_deref());
    let text = decode_charset(bytes, part.charset.as_deref());
    if is_html {
        fold(&html_to_text(&text, MAX_CHARS * 5))
    } else {
        fold(&text)
    }
}

/// A cut through a UTF-8 character would turn the whole text into another charset when guessed.
fn whole_characters<'a>(bytes: &'a [u8], charset: Option<&str>) -> &'a [u8] {
    let is_guessed = charset.is_none_or(|c| c.contains("ascii") || c.contains("utf-8"));
    match std::str::from_utf8(bytes) {
        Err(e) if is_guessed && bytes.len() - e.valid_up_to() < 4 => &bytes[..e.valid_up_to()],
        _ => bytes,
    }
}

/// One line of words; lines quoted from an earlier mail and rulers say nothing about this one.
fn fold(text: &str) -> String {
    let mut out = String::new();
    let own = |line: &&str| !line.trim_start().starts_with('>');
    let has_own = text.lines().any(|line| own(&line) && !line.trim().is_empty());
    'lines: for line in text.lines() {
        if has_own && !own(&line) {
            continue;
        }
        for word in line
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|w| !w.is_empty())
        {
            if word.len() >= 3
                && word
                    .bytes()
                    .all(|b| matches!(b, b'-' | b'_' | b'=' | b'*' | b'#' | b'+'))
            {
                continue;
            }
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(cut_chars(word, MAX_CHARS));
            if out.len() > MAX_CHARS * 4 {
                break 'lines;
            }
        }
    }
    match cut_chars(&out, MAX_CHARS) {
        short if short.len() == out.len() => out,
        short => short.trim_end().to_owned(),
    }
}

/// Text of a part in the message's own form, for those who show it.
pub fn decode_text_part<'a>(raw: &'a [u8], part: &Part, max: usize) -> Cow<'a, str> {
    let body = part.body(raw);
    if part.encoding.is_identity() && body.len() <= max && body.is_ascii() && part.charset.is_none() {
        return crate::formats::mime::text::guess(body);
    }
    let bytes = decode(body, part.encoding, max);
    Cow::Owned(decode_charset(
        whole_characters(&bytes, part.charset.as_deref()),
        part.charset.as_deref(),
    ))
}
