//! Everything the store derives from a message when it is stored, in one pass.
//!
//! Never fails: every sequence of bytes has a digest. RFC 5322 §3.6; the IMAP forms are RFC 9051 §7.5.2.

use crate::base::text::cut;
use crate::formats::imap::print::body_structure::push_body_structure;
use crate::formats::imap::print::envelope::{push_envelope, read_entries};
use crate::formats::mime::address::{Mailbox, mailboxes};
use crate::formats::mime::field::Known;
use crate::formats::mime::gap::Gap;
use crate::formats::mime::part::{Part, Role, from_structure, roles};
use crate::formats::mime::preview::preview;
use crate::formats::mime::structure::{Node, Structure};
use crate::formats::mime::text::{decode_text, guess};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Digest {
    /// Without angle brackets.
    pub message_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    /// Decoded, one line.
    pub subject: String,
    pub from: Vec<Mailbox>,
    pub sender: Vec<Mailbox>,
    pub reply_to: Vec<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub bcc: Vec<Mailbox>,
    pub sent_at_ms: Option<i64>,
    /// Up to 255 characters of the text, blanks folded.
    pub preview: String,
    /// Files, not the pictures of an HTML text.
    pub has_attachments: bool,
    pub importance: Importance,
    /// ENVELOPE's value, parentheses included, as IMAP4rev1 clients get it.
    pub imap_envelope: Vec<u8>,
    /// BODYSTRUCTURE's value.
    pub imap_structure: Vec<u8>,
    /// BODY's value.
    pub imap_body: Vec<u8>,
    pub parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Importance {
    Low,
    #[default]
    Normal,
    High,
}

/// A header text behind this length is cut before it is decoded.
const MAX_TEXT: usize = 16_384;
/// RFC 5322 has no limit on References; threads longer than this are joined by their last ones.
const MAX_REFERENCES: usize = 500;
const MAX_ID: usize = 1_000;

pub fn digest(raw: &[u8]) -> Digest {
    digest_around(raw, &[])
}

/// As [`digest`], of a message of which something is not at hand. `gaps`: in their order.
pub fn digest_around(raw: &[u8], gaps: &[Gap]) -> Digest {
    let mut structure = Structure::parse(raw);
    let parts = from_structure(&structure);
    let roles = roles(&parts);
    let mut digest = Digest {
        preview: preview(raw, &parts, &roles),
        has_attachments: roles.contains(&Role::Attachment),
        parts,
        ..Digest::default()
    };
    if let Some(root) = structure.nodes.first() {
        read_header(&structure, root, &mut digest);
        push_envelope(&mut digest.imap_envelope, &structure, root);
    }
    // From the last one on: offsets behind a gap are those of the bytes at hand until it is reached.
    for gap in gaps.iter().rev() {
        gap.widen_structure(&mut structure);
        gap.widen_parts(&mut digest.parts);
    }
    push_body_structure(&mut digest.imap_structure, &structure, true);
    push_body_structure(&mut digest.imap_body, &structure, false);
    digest
}

fn read_header(structure: &Structure, root: &Node, digest: &mut Digest) {
    let value = |name| {
        structure
            .last_value(root, name)
            .map(|v| &v[..v.len().min(MAX_TEXT)])
    };
    let people = |name| mailboxes(&read_entries(structure, root, name));
    digest.message_id = value(Known::MessageId).and_then(|v| message_ids(v).pop());
    digest.in_reply_to = value(Known::InReplyTo).and_then(|v| message_ids(v).into_iter().next());
    digest.references = structure
        .value(root, Known::References)
        .map(message_ids)
        .unwrap_or_default();
    digest.subject = value(Known::Subject).map(decode_text).unwrap_or_default();
    digest.from = people(Known::From);
    digest.sender = people(Known::Sender);
    digest.reply_to = people(Known::ReplyTo);
    digest.to = people(Known::To);
    digest.cc = people(Known::Cc);
    digest.bcc = people(Known::Bcc);
    digest.sent_at_ms = value(Known::Date).and_then(parse_date);
    digest.importance = importance(&value);
}

/// The ids of a field without their angle brackets; the last [`MAX_REFERENCES`] of them.
/// Without any brackets the words are taken, as Exchange once sent them.
pub fn message_ids(value: &[u8]) -> Vec<String> {
    let text = guess(value);
    let mut ids: Vec<&str> = Vec::new();
    let mut rest = &text[..];
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let Some(end) = rest.find('>') else {
            break;
        };
        ids.push(rest[..end].trim());
        rest = &rest[end + 1..];
    }
    if ids.is_empty() && !text.contains('<') {
        ids = text
            .split_ascii_whitespace()
            .filter(|w| w.contains('@'))
            .collect();
    }
    ids.retain(|id| !id.is_empty() && id.len() <= MAX_ID && !id.contains(char::is_control));
    let skipped = ids.len().saturating_sub(MAX_REFERENCES);
    ids[skipped..].iter().map(|id| (*id).to_owned()).collect()
}

/// Milliseconds since 1970, `None` for what is no date.
pub fn parse_date(value: &[u8]) -> Option<i64> {
    read_date(value).map(|date| date.to_timestamp() * 1000)
}

/// The calendar and the clock as the writer saw them, as if that were UTC. Milliseconds since 1970.
pub fn parse_local_date(value: &[u8]) -> Option<i64> {
    let there = mail_parser::DateTime {
        tz_hour: 0,
        tz_minute: 0,
        ..read_date(value)?
    };
    Some(there.to_timestamp() * 1000)
}

fn read_date(value: &[u8]) -> Option<mail_parser::DateTime> {
    let text = guess(value);
    let date = mail_parser::DateTime::parse_rfc822(cut(text.trim(), 200))?;
    let date = mail_parser::DateTime {
        // RFC 5322 §3.3 allows the leap second.
        second: date.second.min(59),
        ..date
    };
    date.is_valid().then_some(date)
}

/// RFC 2156 §2.4 `Importance` and `Priority`, and the older `X-Priority` that people's programs still set.
fn importance<'a>(value: &impl Fn(Known) -> Option<&'a [u8]>) -> Importance {
    for name in [Known::Importance, Known::XPriority, Known::Priority] {
        let word = value(name).unwrap_or_default().trim_ascii().to_ascii_lowercase();
        match (&word[..], word.first()) {
            (b"high" | b"urgent", _) | (_, Some(b'1' | b'2')) => return Importance::High,
            (b"low" | b"non-urgent", _) | (_, Some(b'4' | b'5')) => return Importance::Low,
            _ => {}
        }
    }
    Importance::Normal
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
