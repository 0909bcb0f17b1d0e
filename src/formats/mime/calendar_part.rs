//! Calendars in a mail (RFC 6047): where they are, decoded, with the method that the header names.

use crate::formats::ical::Message;
use crate::formats::ical::itip::read_messages;
use crate::formats::mime::address::{mailboxes, parse_entries};
use crate::formats::mime::field::Known;
use crate::formats::mime::part::{Part, from_structure};
use crate::formats::mime::structure::{Kind, Structure};
use crate::formats::mime::text::decode_charset;
use crate::formats::mime::transfer::decode;

/// Calendars of one mail that are looked at, and the size of each.
const MAX_PARTS: usize = 10;
const MAX_BYTES: usize = 2 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarPart {
    /// Of `Content-Type: text/calendar; method=...`.
    pub method: Option<String>,
    pub text: String,
}

/// Whether there may be a message about an event in a mail with these parts.
pub fn has_calendar(parts: &[Part]) -> bool {
    (0..parts.len()).any(|i| is_calendar(&parts[i]) && !is_enclosed(parts, i))
}

fn is_calendar(part: &Part) -> bool {
    part.is_type("text", "calendar") || part.is_type("application", "ics")
}

/// What stands in an attached message is about that message, not about this one.
fn is_enclosed(parts: &[Part], mut at: usize) -> bool {
    while let Some(parent) = parts.get(at).and_then(|p| p.parent) {
        // A parent stands before its children.
        if parent as usize >= at {
            return true;
        }
        at = parent as usize;
        if parts[at].is_message() {
            return true;
        }
    }
    false
}

/// A mail, taken apart once for all that is asked about the events in it.
pub struct CalendarMail<'a> {
    structure: Structure<'a>,
    parts: Vec<Part>,
}

/// A file in a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFile {
    pub name: Option<String>,
    pub content_type: String,
    pub content: Vec<u8>,
}

impl<'a> CalendarMail<'a> {
    pub fn parse(raw: &'a [u8]) -> CalendarMail<'a> {
        let structure = Structure::parse(raw);
        let parts = from_structure(&structure);
        CalendarMail { structure, parts }
    }

    /// The address of its first author, in lower case.
    pub fn author(&self) -> Option<String> {
        let mut entries = Vec::new();
        let root = self.structure.nodes.first()?;
        for value in self.structure.values(root, Known::From) {
            parse_entries(value, &mut entries);
        }
        let first = mailboxes(&entries).into_iter().next()?;
        Some(first.address.trim().to_lowercase())
    }

    /// The calendars, each text once. A file beside them counts only when there is nothing else: programs attach the same
    /// again.
    pub fn calendars(&self) -> Vec<CalendarPart> {
        let inline = self.of_type("text", "calendar");
        match inline.is_empty() {
            true => self.of_type("application", "ics"),
            false => inline,
        }
    }

    fn of_type(&self, main: &str, sub: &str) -> Vec<CalendarPart> {
        let mut out: Vec<CalendarPart> = Vec::new();
        for (i, part) in self.parts.iter().enumerate() {
            if !part.is_type(main, sub) || is_enclosed(&self.parts, i) || out.len() >= MAX_PARTS {
                continue;
            }
            let bytes = decode(part.body(self.structure.raw), part.encoding, MAX_BYTES + 1);
            let content_type = self.structure.nodes.get(i).map(|n| &n.content_type);
            let text = decode_charset(&bytes, part.charset.as_deref());
            if bytes.len() <= MAX_BYTES && !out.iter().any(|o| o.text == text) {
                out.push(CalendarPart {
                    method: content_type.and_then(|c| c.text("method")),
                    text,
                });
            }
        }
        out
    }

    /// The part of this Content-ID, unless it has more than `most` bytes.
    pub fn file(&self, content_id: &str, most: usize) -> Option<MailFile> {
        let at = self
            .parts
            .iter()
            .position(|p| p.content_id.as_deref() == Some(content_id) && p.kind == Kind::Leaf)?;
        let part = self.parts.get(at).filter(|_| !is_enclosed(&self.parts, at))?;
        if part.decoded_size as usize > most {
            return None;
        }
        let content = decode(part.body(self.structure.raw), part.encoding, most + 1);
        (content.len() <= most).then(|| MailFile {
            name: part.filename.clone(),
            content_type: format!("{}/{}", part.main_type, part.sub_type),
            content,
        })
    }
}

/// See [`CalendarMail::calendars`].
pub fn calendar_parts(raw: &[u8]) -> Vec<CalendarPart> {
    CalendarMail::parse(raw).calendars()
}

/// Messages about events in a mail, in their order; what cannot be read is none.
pub fn messages_in(raw: &[u8]) -> Vec<Message> {
    let parts = calendar_parts(raw).into_iter();
    parts
        .filter_map(|part| read_messages(part.text.as_bytes(), part.method.as_deref()).ok())
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";

    #[test]
    fn base64_bodies_are_read_and_the_same_file_counts_once() {
        use base64::Engine;
        let packed = base64::engine::general_purpose::STANDARD.encode(CALENDAR);
        let raw = format!(
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/calendar; charset=\"utf-8\"; method=REQUEST\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{packed}\r\n--a\r\nContent-Type: application/ics; name=invite.ics\r\n\r\n{CALENDAR}--a--\r\n"
        );
        let all = calendar_parts(raw.as_bytes());
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].method.as_deref(), Some("REQUEST"));
        assert_eq!(all[0].text.trim_end(), CALENDAR.trim_end());
    }

    #[test]
    fn a_forwarded_invitation_is_not_one() {
        let raw =
            format!("Content-Type: message/rfc822\r\n\r\nContent-Type: text/calendar\r\n\r\n{CALENDAR}");
        let structure = Structure::parse(raw.as_bytes());
        assert!(!has_calendar(&from_structure(&structure)));
        assert!(calendar_parts(raw.as_bytes()).is_empty());
        assert!(has_calendar(&from_structure(&Structure::parse(
            b"Content-Type: text/calendar\r\n\r\n"
        ))));
    }
}
