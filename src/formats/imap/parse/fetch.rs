//! FETCH: items, sections, partials, modifiers. RFC 9051 §6.4.5, RFC 3516, RFC 7162 §3.1.4 and §3.2.6, RFC 8970.

use crate::formats::imap::command::{Command, Fetch};
use crate::formats::imap::fetch_item::{FetchItem, Partial};
use crate::formats::imap::parse::cursor::{Cursor, Failure};
use crate::formats::mime::section::{Section, What};

pub fn parse_fetch(c: &mut Cursor, uid: bool) -> Result<Command, Failure> {
    let set = c.space_sequence_set()?;
    c.space("before the fetch items")?;
    let mut items = Vec::new();
    if c.peek() == Some(b'(') {
        c.list(|c| parse_item(c, &mut items, false))?;
        if items.is_empty() {
            return Err(Failure::new("FETCH needs at least one item"));
        }
    } else {
        parse_item(c, &mut items, true)?;
    }
    let mut fetch = Fetch {
        set,
        items,
        changed_since: None,
        vanished: false,
    };
    if c.eat(b' ') && !c.rest().is_empty() {
        parse_modifiers(c, &mut fetch)?;
    }
    // RFC 7162 §3.2.6.
    if fetch.vanished && (!uid || fetch.changed_since.is_none()) {
        return Err(Failure::new("VANISHED needs UID FETCH and CHANGEDSINCE"));
    }
    Ok(Command::Fetch { uid, fetch })
}

fn parse_modifiers(c: &mut Cursor, fetch: &mut Fetch) -> Result<(), Failure> {
    c.list(|c| match &c.keyword("a FETCH modifier")?[..] {
        "CHANGEDSINCE" => {
            c.space("after CHANGEDSINCE")?;
            fetch.changed_since = Some(c.number64("a mod-sequence")?);
            Ok(())
        }
        "VANISHED" => {
            fetch.vanished = true;
            Ok(())
        }
        other => Err(Failure::new(format!("FETCH has no modifier {other}"))),
    })?;
    Ok(())
}

/// A name ends at its bracket; `BODY[...]` is not an atom as a whole.
fn take_name(c: &mut Cursor) -> Result<String, Failure> {
    let rest = c.rest();
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let length = rest.iter().position(|b| !is_part(b)).unwrap_or(rest.len());
    c.skip(length);
    Ok(String::from_utf8_lossy(&rest[..length]).to_ascii_uppercase())
}

fn parse_item(c: &mut Cursor, items: &mut Vec<FetchItem>, is_alone: bool) -> Result<(), Failure> {
    let name = take_name(c)?;
    let has_section = c.peek() == Some(b'[');
    let item = match (&name[..], has_section) {
        ("BODY", true) => parse_body_section(c, false)?,
        ("BODY.PEEK", true) => parse_body_section(c, true)?,
        ("BINARY", true) => parse_binary(c, false)?,
        ("BINARY.PEEK", true) => parse_binary(c, true)?,
        ("BINARY.SIZE", true) => FetchItem::BinarySize {
            path: parse_bracketed_path(c)?,
        },
        (_, true) => return Err(Failure::new(format!("FETCH has no item {name}[]"))),
        ("UID", _) => FetchItem::Uid,
        ("FLAGS", _) => FetchItem::Flags,
        ("INTERNALDATE", _) => FetchItem::InternalDate,
        ("ENVELOPE", _) => FetchItem::Envelope,
        ("BODY", _) => FetchItem::Body,
        ("BODYSTRUCTURE", _) => FetchItem::BodyStructure,
        ("RFC822", _) => FetchItem::Rfc822,
        ("RFC822.HEADER", _) => FetchItem::Rfc822Header,
        ("RFC822.SIZE", _) => FetchItem::Rfc822Size,
        ("RFC822.TEXT", _) => FetchItem::Rfc822Text,
        ("MODSEQ", _) => FetchItem::ModSeq,
        ("EMAILID", _) => FetchItem::EmailId,
        ("THREADID", _) => FetchItem::ThreadId,
        ("PREVIEW", _) => parse_preview(c)?,
        ("ALL" | "FAST" | "FULL", _) if is_alone => {
            expand_macro(&name, items);
            return Ok(());
        }
        _ => {
            return Err(Failure::new(format!(
                "FETCH has no item {}",
                crate::base::text::cut(&name, 40)
            )));
        }
    };
    items.push(item);
    Ok(())
}

/// RFC 9051 §6.4.5: macros stand alone.
fn expand_macro(name: &str, items: &mut Vec<FetchItem>) {
    items.extend([FetchItem::Flags, FetchItem::InternalDate, FetchItem::Rfc822Size]);
    if name != "FAST" {
        items.push(FetchItem::Envelope);
    }
    if name == "FULL" {
        items.push(FetchItem::Body);
    }
}

/// RFC 8970 §3: `PREVIEW` or `PREVIEW (LAZY)`.
fn parse_preview(c: &mut Cursor) -> Result<FetchItem, Failure> {
    let lazy = c.rest().get(..2) == Some(b" (") && c.rest()[2..].to_ascii_uppercase().starts_with(b"LAZY)");
    if lazy {
        c.skip(" (LAZY)".len());
    }
    Ok(FetchItem::Preview { lazy })
}

/// `[...]<offset.length>`.
fn parse_body_section(c: &mut Cursor, peek: bool) -> Result<FetchItem, Failure> {
    c.expect(b'[', "before a section")?;
    let mut section = Section {
        path: parse_path(c)?,
        what: What::All,
    };
    if c.peek() != Some(b']') {
        section.what = parse_what(c, !section.path.is_empty())?;
    }
    c.expect(b']', "behind a section")?;
    Ok(FetchItem::BodySection {
        section,
        peek,
        partial: parse_partial(c)?,
    })
}

fn parse_what(c: &mut Cursor, is_numbered: bool) -> Result<What, Failure> {
    match &take_name(c)?[..] {
        "HEADER" => Ok(What::Header),
        "TEXT" => Ok(What::Text),
        "MIME" if is_numbered => Ok(What::Mime),
        "HEADER.FIELDS" => parse_header_fields(c, false),
        "HEADER.FIELDS.NOT" => parse_header_fields(c, true),
        other => Err(Failure::new(format!(
            "There is no section {}",
            crate::base::text::cut(other, 40)
        ))),
    }
}

fn parse_header_fields(c: &mut Cursor, is_not: bool) -> Result<What, Failure> {
    c.space("before the field names")?;
    let names = c.list(|c| c.utf8_astring("A field name"))?;
    if names.is_empty() {
        return Err(Failure::new("HEADER.FIELDS needs a field name"));
    }
    Ok(What::HeaderFields { names, is_not })
}

/// A part number deeper than any message we look into.
const MAX_PATH: usize = 200;

/// `1.2.` before a word, or `1.2` before the bracket.
fn parse_path(c: &mut Cursor) -> Result<Vec<u32>, Failure> {
    let mut path = Vec::new();
    while c.peek().is_some_and(|b| b.is_ascii_digit()) {
        let number = c.number("a part number")?;
        if number == 0 || path.len() == MAX_PATH {
            return Err(Failure::new("That is no part number"));
        }
        path.push(number);
        if !c.eat(b'.') {
            break;
        }
        if c.peek() == Some(b']') {
            return Err(Failure::new("A part number ends with a dot"));
        }
    }
    Ok(path)
}

fn parse_bracketed_path(c: &mut Cursor) -> Result<Vec<u32>, Failure> {
    c.expect(b'[', "before a part number")?;
    let path = parse_path(c)?;
    c.expect(b']', "behind a part number")?;
    Ok(path)
}

fn parse_binary(c: &mut Cursor, peek: bool) -> Result<FetchItem, Failure> {
    Ok(FetchItem::Binary {
        path: parse_bracketed_path(c)?,
        peek,
        partial: parse_partial(c)?,
    })
}

fn parse_partial(c: &mut Cursor) -> Result<Option<Partial>, Failure> {
    if !c.eat(b'<') {
        return Ok(None);
    }
    let offset = c.number64("an offset")?;
    c.expect(b'.', "between offset and length")?;
    let length = c.number64("a length")?;
    c.expect(b'>', "behind the length")?;
    if length == 0 {
        return Err(Failure::new("A partial fetch needs a length above zero"));
    }
    Ok(Some(Partial { offset, length }))
}
