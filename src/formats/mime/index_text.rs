//! The words of a message for the search index.

use std::collections::HashMap;

use crate::formats::html::to_text::html_to_text;
use crate::formats::imap::print::envelope::read_entries;
use crate::formats::mime::address::mailboxes;
use crate::formats::mime::field::Known;
use crate::formats::mime::part::{Part, from_structure};
use crate::formats::mime::preview::decode_text_part;
use crate::formats::mime::readable::alternative_of;
use crate::formats::mime::structure::{Kind, Structure};
use crate::formats::mime::text::decode_text;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexText {
    pub subject: String,
    /// Names and addresses.
    pub from: String,
    pub to: String,
    pub cc: String,
    pub bcc: String,
    /// All text parts, those of attached messages too.
    pub body: String,
    /// File names.
    pub attachments: String,
}

/// Words behind this much text are not found; a book fits.
const MAX_BODY: usize = 1_000_000;
const MAX_FIELD: usize = 100_000;

pub fn index_text(raw: &[u8]) -> IndexText {
    let structure = Structure::parse(raw);
    let parts = from_structure(&structure);
    let mut text = IndexText::default();
    if let Some(root) = structure.nodes.first() {
        let subject = structure.last_value(root, Known::Subject).unwrap_or_default();
        text.subject = decode_text(&subject[..subject.len().min(MAX_FIELD)]);
        let add = |out: &mut String, name| {
            for mailbox in mailboxes(&read_entries(&structure, root, name)) {
                push_words(out, mailbox.name.as_deref().unwrap_or_default(), MAX_FIELD);
                push_words(out, &mailbox.address, MAX_FIELD);
            }
        };
        add(&mut text.from, Known::From);
        add(&mut text.to, Known::To);
        add(&mut text.cc, Known::Cc);
        add(&mut text.bcc, Known::Bcc);
    }
    for part in &parts {
        push_words(
            &mut text.attachments,
            part.filename.as_deref().unwrap_or_default(),
            MAX_FIELD,
        );
    }
    text.body = body_words(raw, &parts);
    text
}

fn body_words(raw: &[u8], parts: &[Part]) -> String {
    let mut body = String::new();
    // The length of the plain text of each alternative: its HTML says the same again, unless that was a stub.
    let mut plain_lengths: HashMap<usize, usize> = HashMap::new();
    for (index, part) in parts.iter().enumerate() {
        if part.kind != Kind::Leaf || part.main_type != "text" || is_inside_encoded_message(parts, index) {
            continue;
        }
        let room = MAX_BODY.saturating_sub(body.len());
        if room == 0 {
            break;
        }
        let alternative = alternative_of(parts, index).map(|(a, _)| a);
        let is_html = part.is_type("text", "html");
        let text = decode_text_part(raw, part, if is_html { MAX_BODY * 4 } else { room });
        if is_html {
            let text = html_to_text(&text, room);
            let plain = alternative
                .and_then(|a| plain_lengths.get(&a))
                .copied()
                .unwrap_or(0);
            if plain < text.len() / 2 || plain == 0 {
                push_words(&mut body, &text, MAX_BODY);
            }
        } else {
            if let Some(alternative) = alternative {
                *plain_lengths.entry(alternative).or_default() += text.len();
            }
            push_words(&mut body, &text, MAX_BODY);
        }
    }
    body
}

/// A message in base64, against RFC 2046 §5.2.1: what looks like parts inside is not text.
fn is_inside_encoded_message(parts: &[Part], index: usize) -> bool {
    let mut at = index;
    while let Some(parent) = parts[at].parent.map(|p| p as usize).filter(|p| *p < at) {
        if parts[parent].is_message() && !parts[parent].encoding.is_identity() {
            return true;
        }
        at = parent;
    }
    false
}

fn push_words(out: &mut String, words: &str, max: usize) {
    if words.is_empty() || out.len() >= max {
        return;
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(crate::base::text::cut(words, max - out.len().min(max)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathers_words_from_everywhere() {
        let raw = "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\nFrom: Anna <a@b.de>\nTo: c@d.de\nCc: E <e@f.de>\n\
            Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n\
            --a\n\nplain words here\n--a\nContent-Type: text/html\n\n<p>plain words here\n--a--\n--m\n\
            Content-Type: message/rfc822\nContent-Disposition: attachment; filename=old.eml\n\nSubject: x\n\ninner\n--m--\n";
        assert_eq!(
            index_text(raw.as_bytes()),
            IndexText {
                subject: "Grüße".into(),
                from: "Anna\na@b.de".into(),
                to: "c@d.de".into(),
                cc: "E\ne@f.de".into(),
                bcc: String::new(),
                body: "plain words here\ninner".into(),
                attachments: "old.eml".into(),
            }
        );
    }

    #[test]
    fn a_stub_beside_html_does_not_hide_the_html() {
        let html = "<p>".to_owned() + &"word ".repeat(50);
        let raw = format!(
            "Content-Type: multipart/alternative; boundary=a\n\n--a\n\nsee html\n--a\nContent-Type: text/html\n\n{html}\n--a--"
        );
        assert!(index_text(raw.as_bytes()).body.starts_with("see html\nword word"));
    }

    #[test]
    fn text_is_bounded() {
        let raw = format!("Subject: x\n\n{}", "lorem ipsum\n".repeat(1_000_000));
        assert!(index_text(raw.as_bytes()).body.len() <= MAX_BODY);
        assert_eq!(index_text(b""), IndexText::default());
    }
}
