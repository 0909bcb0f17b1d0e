//! Header fields: where they begin and end in the bytes. What they mean is left to others.
//! RFC 5322 §2.2, §3.6; tolerant of bare LF, missing colons and `From ` lines.

use std::io::BufRead;

/// One field as it stands in the header, folds included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Without the colon and without blanks before it; empty for a line that is no field.
    pub name: &'a [u8],
    /// After the colon, up to but without the last line end; may contain folds.
    pub value: &'a [u8],
    /// Offset of the first byte of the name.
    pub start: usize,
    /// Offset of `value`.
    pub value_start: usize,
    /// Offset behind the last line end.
    pub end: usize,
}

/// What stands at an offset inside a header block.
pub enum Step<'a> {
    Field(Field<'a>),
    /// The header is over; the body begins at this offset.
    Body(usize),
}

/// Offset behind the line that begins at or covers `pos`. Uses the standard library's fast byte search.
pub fn line_end(raw: &[u8], pos: usize) -> usize {
    let mut rest = raw.get(pos..).unwrap_or_default();
    pos + rest.skip_until(b'\n').unwrap_or(0)
}

/// Reads the field that begins at `pos`.
pub fn step(raw: &[u8], pos: usize) -> Step<'_> {
    match raw.get(pos..).unwrap_or_default() {
        [] => return Step::Body(raw.len()),
        [b'\n', ..] => return Step::Body(pos + 1),
        [b'\r', b'\n', ..] => return Step::Body(pos + 2),
        _ => {}
    }
    let first_end = line_end(raw, pos);
    let mut end = first_end;
    while matches!(raw.get(end), Some(b' ' | b'\t')) {
        end = line_end(raw, end);
    }
    let line = &raw[pos..first_end];
    let (name, value_start) = match line.iter().position(|b| *b == b':') {
        Some(colon) => (line[..colon].trim_ascii_end(), pos + colon + 1),
        None => (&line[..0], pos),
    };
    let value = strip_line_end(&raw[value_start..end]);
    Step::Field(Field {
        name,
        value,
        start: pos,
        value_start,
        end,
    })
}

/// The fields of a header block, in order; stops at the empty line or the end.
pub fn fields(header: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut pos = 0;
    std::iter::from_fn(move || match step(header, pos) {
        Step::Field(field) => {
            pos = field.end;
            Some(field)
        }
        Step::Body(_) => None,
    })
}

/// The value of the first field of that name, folds included.
pub fn first<'a>(header: &'a [u8], name: &str) -> Option<&'a [u8]> {
    fields(header)
        .find(|f| f.name.eq_ignore_ascii_case(name.as_bytes()))
        .map(|f| f.value)
}

/// Without one CRLF or LF at its end.
pub fn strip_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The fields that the rest of this layer looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Date,
    Subject,
    From,
    Sender,
    ReplyTo,
    To,
    Cc,
    Bcc,
    InReplyTo,
    MessageId,
    References,
    ContentType,
    ContentTransferEncoding,
    ContentDisposition,
    ContentId,
    ContentDescription,
    ContentMd5,
    ContentLanguage,
    ContentLocation,
    Importance,
    XPriority,
    Priority,
}

impl Known {
    /// `None` for every other field.
    pub fn from_name(name: &[u8]) -> Option<Known> {
        let mut buffer = [0u8; 25];
        let lower = buffer.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"date" => Known::Date,
            b"subject" => Known::Subject,
            b"from" => Known::From,
            b"sender" => Known::Sender,
            b"reply-to" => Known::ReplyTo,
            b"to" => Known::To,
            b"cc" => Known::Cc,
            b"bcc" => Known::Bcc,
            b"in-reply-to" => Known::InReplyTo,
            b"message-id" => Known::MessageId,
            b"references" => Known::References,
            b"content-type" => Known::ContentType,
            b"content-transfer-encoding" => Known::ContentTransferEncoding,
            b"content-disposition" => Known::ContentDisposition,
            b"content-id" => Known::ContentId,
            b"content-description" => Known::ContentDescription,
            b"content-md5" => Known::ContentMd5,
            b"content-language" => Known::ContentLanguage,
            b"content-location" => Known::ContentLocation,
            b"importance" => Known::Importance,
            b"x-priority" => Known::XPriority,
            b"priority" => Known::Priority,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_folded_fields_junk_lines_and_stops_at_the_empty_line() {
        let raw = b"From me\r\nSubject : a\r\n b\nTo:x\r\n\r\nNot: a field";
        let got: Vec<_> = fields(raw).map(|f| (f.name, f.value)).collect();
        assert_eq!(
            got,
            [
                (&b""[..], &b"From me"[..]),
                (b"Subject", b" a\r\n b"),
                (b"To", b"x")
            ]
        );
    }

    #[test]
    fn header_without_end_is_all_header() {
        assert_eq!(fields(b"A: 1\nB: 2").count(), 2);
        assert_eq!(first(b"A: 1\nb: 2", "B"), Some(&b" 2"[..]));
    }
}
