//! The database form of a message's parts: a version byte, then little-endian base-128 numbers and short texts.
//!
//! It is stored, so it only ever grows new versions; an unknown version reads as `None` and is rebuilt
//! from the raw message.

use crate::formats::mime::part::{Disposition, Part};
use crate::formats::mime::structure::{Kind, MAX_PARTS};
use crate::formats::mime::transfer::Encoding;

const VERSION: u8 = 1;

/// The usual types take one byte instead of their names.
const COMMON_TYPES: &[(&str, &str)] = &[
    ("text", "plain"),
    ("text", "html"),
    ("multipart", "alternative"),
    ("multipart", "mixed"),
    ("multipart", "related"),
    ("multipart", "signed"),
    ("multipart", "report"),
    ("message", "rfc822"),
    ("text", "calendar"),
    ("image", "png"),
    ("image", "jpeg"),
    ("image", "gif"),
    ("application", "pdf"),
    ("application", "octet-stream"),
];

pub fn encode_parts(parts: &[Part]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + parts.len() * 24);
    out.push(VERSION);
    put_number(&mut out, parts.len() as u64);
    let mut previous = 0;
    for part in parts {
        put_number(&mut out, part.parent.map_or(0, |p| u64::from(p) + 1));
        put_text(&mut out, Some(&part.section));
        let kind = match part.kind {
            Kind::Leaf => 0,
            Kind::Multipart => 1,
            Kind::Message => 2,
        };
        out.push(kind | (part.encoding as u8) << 2 | part.disposition.map_or(0, |d| d as u8) << 5);
        put_number(&mut out, u64::from(part.header_start.wrapping_sub(previous)));
        put_number(
            &mut out,
            u64::from(part.body_start.wrapping_sub(part.header_start)),
        );
        put_number(&mut out, u64::from(part.body_end.wrapping_sub(part.body_start)));
        previous = part.header_start;
        put_number(&mut out, u64::from(part.lines));
        put_number(&mut out, u64::from(part.decoded_size));
        let common = COMMON_TYPES
            .iter()
            .position(|(main, sub)| part.is_type(main, sub));
        out.push(common.map_or(0, |i| i as u8 + 1));
        if common.is_none() {
            put_text(&mut out, Some(&part.main_type));
            put_text(&mut out, Some(&part.sub_type));
        }
        put_text(&mut out, part.charset.as_deref());
        put_text(&mut out, part.filename.as_deref());
        put_text(&mut out, part.content_id.as_deref());
    }
    out
}

/// `None`: not written by [`encode_parts`], or by a version that this one does not know.
pub fn decode_parts(bytes: &[u8]) -> Option<Vec<Part>> {
    let (&VERSION, mut rest) = bytes.split_first()? else {
        return None;
    };
    let count = usize::try_from(take_number(&mut rest)?).ok()?;
    if count > MAX_PARTS {
        return None;
    }
    let mut parts = Vec::with_capacity(count.min(rest.len()));
    let mut previous = 0u32;
    for index in 0..count {
        let part = take_part(&mut rest, previous)?;
        if part.parent.is_some_and(|p| p as usize >= index) {
            return None;
        }
        previous = part.header_start;
        parts.push(part);
    }
    rest.is_empty().then_some(parts)
}

fn take_part(rest: &mut &[u8], previous: u32) -> Option<Part> {
    let parent = take_number(rest)?
        .checked_sub(1)
        .map(u32::try_from)
        .transpose()
        .ok()?;
    let section = take_text(rest)??;
    let flags = take_byte(rest)?;
    let header_start = previous.wrapping_add(take_u32(rest)?);
    let body_start = header_start.wrapping_add(take_u32(rest)?);
    let body_end = body_start.wrapping_add(take_u32(rest)?);
    let lines = take_u32(rest)?;
    let decoded_size = take_u32(rest)?;
    let (main_type, sub_type) = match take_byte(rest)? {
        0 => (take_text(rest)??, take_text(rest)??),
        code => {
            let (main, sub) = COMMON_TYPES.get(usize::from(code) - 1)?;
            ((*main).to_owned(), (*sub).to_owned())
        }
    };
    Some(Part {
        parent,
        section,
        kind: [Kind::Leaf, Kind::Multipart, Kind::Message]
            .get(usize::from(flags & 3))
            .copied()?,
        header_start,
        body_start,
        body_end,
        lines,
        decoded_size,
        encoding: Encoding::from_code(flags >> 2 & 7)?,
        main_type,
        sub_type,
        charset: take_text(rest)?,
        filename: take_text(rest)?,
        content_id: take_text(rest)?,
        disposition: match flags >> 5 {
            0 => None,
            1 => Some(Disposition::Inline),
            2 => Some(Disposition::Attachment),
            _ => return None,
        },
    })
}

fn put_number(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Length plus one, then the bytes; zero is `None`.
fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    put_number(out, text.map_or(0, |t| t.len() as u64 + 1));
    out.extend_from_slice(text.unwrap_or_default().as_bytes());
}

fn take_byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    Some(*first)
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..63).step_by(7) {
        let byte = take_byte(rest)?;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    u32::try_from(take_number(rest)?).ok()
}

fn take_text(rest: &mut &[u8]) -> Option<Option<String>> {
    let Some(length) = take_number(rest)?.checked_sub(1) else {
        return Some(None);
    };
    let (text, tail) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = tail;
    Some(Some(std::str::from_utf8(text).ok()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mime::part::from_structure;
    use crate::formats::mime::structure::Structure;

    const RAW: &[u8] = b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/plain; \
        charset=UTF-8\r\n\r\nhi\r\n--o\r\nContent-Type: x/y; name=\"../a b.txt\"\r\nContent-ID: <c@d>\r\n\
        Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\naGk=\r\n--o\r\n\
        Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nx\r\n\
        --i--\r\n--o--\r\n";

    #[test]
    fn parts_survive_the_database() {
        let parts = from_structure(&Structure::parse(RAW));
        let sections: Vec<_> = parts.iter().map(|p| &p.section[..]).collect();
        assert_eq!(sections, ["", "1", "2", "3", "", "3.1"]);
        assert_eq!(parts[2].filename.as_deref(), Some("a b.txt"));
        assert_eq!(parts[2].decoded_size, 2);
        assert_eq!(decode_parts(&encode_parts(&parts)), Some(parts));
    }

    #[test]
    fn torn_or_foreign_bytes_are_none() {
        let bytes = encode_parts(&from_structure(&Structure::parse(RAW)));
        for end in 0..bytes.len() {
            assert_eq!(decode_parts(&bytes[..end]), None);
        }
        for i in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[i] ^= 0x81;
            let _ = decode_parts(&broken);
        }
    }
}
