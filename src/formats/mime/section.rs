//! IMAP sections as ranges of the raw message, so that a door can stream them. RFC 9051 §6.4.5.1.

use std::ops::Range;

use crate::formats::mime::field;
use crate::formats::mime::part::Part;
use crate::formats::mime::structure::Kind;

/// `BODY[path.what]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Part numbers from the outside in; empty for the message itself.
    pub path: Vec<u32>,
    pub what: What,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// The whole message, or the body of a part.
    #[default]
    All,
    Header,
    /// `HEADER.FIELDS (names)`, or all others with `is_not`.
    HeaderFields {
        names: Vec<String>,
        is_not: bool,
    },
    Text,
    Mime,
}

/// Where a section is. For `HeaderFields` this is the header; pass its bytes through [`header_fields`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    pub range: Range<u64>,
    /// The part whose body this is, for its encoding; none for headers.
    pub part: Option<usize>,
}

/// `None`: the message has no such section; IMAP answers NIL.
pub fn locate(parts: &[Part], section: &Section) -> Option<Located> {
    let index = find_part(parts, &section.path)?;
    let part = parts.get(index)?;
    let is_message_itself = section.path.is_empty();
    // HEADER and TEXT of a numbered part mean the message inside it.
    let inner = || match is_message_itself {
        true => Some(part),
        false if part.is_message() => parts.get(child(parts, index, 1)?),
        false => None,
    };
    let (start, end, of) = match &section.what {
        What::All if is_message_itself => (part.header_start, part.body_end, Some(index)),
        What::All => (part.body_start, part.body_end, Some(index)),
        What::Mime if is_message_itself => return None,
        What::Mime => (part.header_start, part.body_start, None),
        What::Header | What::HeaderFields { .. } => {
            let message = inner()?;
            (message.header_start, message.body_start, None)
        }
        What::Text => {
            let message = inner()?;
            (message.body_start, message.body_end, None)
        }
    };
    Some(Located {
        range: u64::from(start)..u64::from(end.max(start)),
        part: of,
    })
}

/// Index of the part with that path of numbers.
pub fn find_part(parts: &[Part], path: &[u32]) -> Option<usize> {
    let mut at = 0;
    // Numbers count inside this one; the message itself is its own container.
    let mut container = parts.first().map(|_| 0);
    for number in path {
        let holder = container?;
        let part = parts.get(holder)?;
        at = match part.kind {
            Kind::Multipart => child(parts, holder, *number)?,
            _ if *number == 1 => holder,
            _ => return None,
        };
        container = match parts[at].kind {
            Kind::Multipart => Some(at),
            Kind::Message => child(parts, at, 1),
            Kind::Leaf => None,
        };
    }
    Some(at)
}

/// The n-th direct child, counted from one.
fn child(parts: &[Part], parent: usize, number: u32) -> Option<usize> {
    let parent = u32::try_from(parent).ok()?;
    let skip = usize::try_from(number).ok()?.checked_sub(1)?;
    parts
        .iter()
        .enumerate()
        .filter(|(_, p)| p.parent == Some(parent))
        .map(|(i, _)| i)
        .nth(skip)
}

/// The named fields of a header, byte for byte with their folds, and the empty line (RFC 9051 §6.4.5.1).
/// `is_not`: all fields but the named. Names compare without case.
pub fn header_fields(header: &[u8], names: &[String], is_not: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for f in field::fields(header) {
        let is_named = names.iter().any(|n| n.as_bytes().eq_ignore_ascii_case(f.name));
        if is_named != is_not {
            out.extend_from_slice(&header[f.start..f.end]);
        }
    }
    if !out.is_empty() && !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mime::digest::digest;

    const RAW: &str = "Subject: out\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nA: 1\r\n\r\none\r\n\
        --o\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n\
        --i\r\n\r\ntwo-one\r\n--i\r\nB: 2\r\n\r\ntwo-two\r\n--i--\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n\
        C: 3\r\n\r\nthree\r\n--o--\r\n";

    fn get(raw: &str, path: &[u32], what: What) -> Option<String> {
        let parts = digest(raw.as_bytes()).parts;
        let range = locate(
            &parts,
            &Section {
                path: path.to_vec(),
                what,
            },
        )?
        .range;
        Some(raw[range.start as usize..range.end as usize].to_owned())
    }

    #[test]
    fn finds_every_kind_of_section() {
        for (path, what, want) in [
            (&[][..], What::All, Some(RAW)),
            (&[1], What::All, Some("one")),
            (&[1], What::Mime, Some("A: 1\r\n\r\n")),
            (&[1], What::Header, None),
            (&[1, 1], What::All, None),
            (&[2, 1], What::All, Some("two-one")),
            (&[2, 2], What::Mime, Some("B: 2\r\n\r\n")),
            (&[2, 2], What::All, Some("two-two")),
            (&[2, 3], What::All, None),
            (&[3], What::Header, Some("C: 3\r\n\r\n")),
            (&[3], What::Text, Some("three")),
            (&[3], What::Mime, Some("Content-Type: message/rfc822\r\n\r\n")),
            (&[3, 1], What::All, Some("three")),
            (&[3, 1], What::Mime, Some("C: 3\r\n\r\n")),
            (&[3, 1, 1], What::All, None),
            (&[4], What::All, None),
            (&[0], What::All, None),
            (&[], What::Mime, None),
        ] {
            assert_eq!(get(RAW, path, what.clone()).as_deref(), want, "{path:?} {what:?}");
        }
        assert!(get(RAW, &[2], What::Header).is_some_and(|h| h.starts_with("Subject: in")));
        assert!(get(RAW, &[], What::Text).is_some_and(|h| h.starts_with("--o\r\nA: 1")));
    }

    #[test]
    fn part_one_of_a_plain_message_is_its_body() {
        let raw = "Subject: x\r\n\r\nbody";
        assert_eq!(get(raw, &[1], What::All).as_deref(), Some("body"));
        assert_eq!(get(raw, &[1], What::Mime).as_deref(), Some("Subject: x\r\n\r\n"));
        assert_eq!(get(raw, &[2], What::All), None);
    }

    #[test]
    fn header_fields_are_byte_exact() {
        let header = b"To: a,\r\n\tb\r\nsubject: x\r\nCC: c\r\n\r\n";
        let names = ["SUBJECT".to_owned(), "to".to_owned()];
        assert_eq!(
            header_fields(header, &names, false),
            b"To: a,\r\n\tb\r\nsubject: x\r\n\r\n"
        );
        assert_eq!(header_fields(header, &names, true), b"CC: c\r\n\r\n");
        assert_eq!(header_fields(header, &[], false), b"\r\n");
        assert_eq!(header_fields(b"A: 1", &[], true), b"A: 1\r\n\r\n");
    }
}
