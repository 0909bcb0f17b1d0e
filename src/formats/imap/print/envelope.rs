//! ENVELOPE. RFC 9051 §7.5.2; the header's own bytes, encoded words untouched.

use std::borrow::Cow;

use crate::formats::imap::print::string::{push_nstring, push_string};
use crate::formats::mime::address::{Entry, parse_entries};
use crate::formats::mime::field::Known;
use crate::formats::mime::structure::{Node, Structure};
use crate::formats::mime::text::guess;

/// A text behind this length is cut: it is no subject any more.
const MAX_TEXT: usize = 65_536;

pub fn push_envelope(out: &mut Vec<u8>, structure: &Structure, node: &Node) {
    out.push(b'(');
    push_text(out, structure.last_value(node, Known::Date));
    out.push(b' ');
    push_text(out, structure.last_value(node, Known::Subject));
    let from = read_entries(structure, node, Known::From);
    for name in [
        Known::From,
        Known::Sender,
        Known::ReplyTo,
        Known::To,
        Known::Cc,
        Known::Bcc,
    ] {
        out.push(b' ');
        let own = match name {
            Known::From => Cow::Borrowed(&from),
            other => Cow::Owned(read_entries(structure, node, other)),
        };
        // RFC 9051 §7.5.2: a missing or empty Sender and Reply-To are those of From.
        match name {
            Known::Sender | Known::ReplyTo if own.is_empty() => push_addresses(out, &from),
            _ => push_addresses(out, &own),
        }
    }
    out.push(b' ');
    push_text(out, structure.last_value(node, Known::InReplyTo));
    out.push(b' ');
    push_text(out, structure.last_value(node, Known::MessageId));
    out.push(b')');
}

/// Several fields of one name count as one list: who reads only the first of two From fields can be fooled.
pub fn read_entries(structure: &Structure, node: &Node, name: Known) -> Vec<Entry> {
    let mut entries = Vec::new();
    for value in structure.values(node, name) {
        parse_entries(value, &mut entries);
    }
    entries
}

/// A header value unfolded, blanks trimmed; empty stays empty, missing is NIL.
pub fn push_text(out: &mut Vec<u8>, value: Option<&[u8]>) {
    push_nstring(out, value.map(|v| readable(unfold(v))).as_deref());
}

/// RFC 5322 §2.2.3: line ends vanish, the blanks behind them stay. Tabs become blanks.
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value[..value.len().min(MAX_TEXT)].trim_ascii();
    if !value.iter().any(|b| matches!(b, b'\r' | b'\n' | b'\t')) {
        return Cow::Borrowed(value);
    }
    let kept = value.iter().filter(|b| !matches!(b, b'\r' | b'\n'));
    Cow::Owned(kept.map(|b| if *b == b'\t' { b' ' } else { *b }).collect())
}

/// Bytes above 127 go out only as UTF-8 (RFC 6855 §4); other charsets are guessed, not leaked.
fn readable(value: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match value {
        Cow::Borrowed(bytes) => match guess(bytes) {
            Cow::Borrowed(_) => Cow::Borrowed(bytes),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        Cow::Owned(bytes) => Cow::Owned(guess(&bytes).into_owned().into_bytes()),
    }
}

pub fn push_readable(out: &mut Vec<u8>, bytes: &[u8]) {
    push_string(out, &readable(Cow::Borrowed(bytes)));
}

fn push_addresses(out: &mut Vec<u8>, entries: &[Entry]) {
    if entries.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for entry in entries {
        match entry {
            Entry::Mailbox(raw) => {
                out.push(b'(');
                push_optional(out, raw.name.as_deref());
                out.push(b' ');
                push_optional(out, raw.route.as_deref());
                out.push(b' ');
                // NIL would mean a group here, so a missing half needs a word; Dovecot's are well known.
                push_or(out, &raw.local, b"MISSING_MAILBOX");
                out.push(b' ');
                push_or(out, &raw.host, b"MISSING_DOMAIN");
                out.push(b')');
            }
            Entry::GroupStart(name) => {
                out.extend_from_slice(b"(NIL NIL ");
                push_readable(out, name);
                out.extend_from_slice(b" NIL)");
            }
            Entry::GroupEnd => out.extend_from_slice(b"(NIL NIL NIL NIL)"),
        }
    }
    out.push(b')');
}

fn push_optional(out: &mut Vec<u8>, text: Option<&[u8]>) {
    match text {
        Some(text) => push_readable(out, text),
        None => out.extend_from_slice(b"NIL"),
    }
}

fn push_or(out: &mut Vec<u8>, text: &[u8], missing: &[u8]) {
    push_readable(out, if text.is_empty() { missing } else { text });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(raw: &[u8]) -> String {
        let structure = Structure::parse(raw);
        let mut out = Vec::new();
        push_envelope(&mut out, &structure, &structure.nodes[0]);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn missing_fields_are_nil_and_sender_is_from() {
        assert_eq!(envelope(b""), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
        assert_eq!(
            envelope(b"From: Anna <a@b.de>\r\nSubject: =?utf-8?Q?=C3=A4?=\r\n x\r\nMessage-ID: <1@b>\r\nSender: \r\n\r\n"),
            "(NIL \"=?utf-8?Q?=C3=A4?= x\" ((\"Anna\" NIL \"a\" \"b.de\")) ((\"Anna\" NIL \"a\" \"b.de\")) \
             ((\"Anna\" NIL \"a\" \"b.de\")) NIL NIL NIL NIL \"<1@b>\")"
        );
    }

    #[test]
    fn groups_and_half_addresses_have_their_forms() {
        assert_eq!(
            envelope(b"To: Team: a@b.de;, root\n"),
            "(NIL NIL NIL NIL NIL ((NIL NIL \"Team\" NIL)(NIL NIL \"a\" \"b.de\")(NIL NIL NIL NIL)\
             (NIL NIL \"root\" \"MISSING_DOMAIN\")) NIL NIL NIL NIL)"
        );
    }

    #[test]
    fn bytes_of_unknown_charsets_become_utf8_literals() {
        assert_eq!(
            envelope(b"Subject: \xe4\n"),
            "(NIL {2}\r\nä NIL NIL NIL NIL NIL NIL NIL NIL)"
        );
    }
}
