//! One message's answer to FETCH (RFC 9051 §7.5.2).

use super::{Piece, Plan, Segment};
use crate::base::{Error, Result};
use crate::formats::imap::date_time::print_date_time;
use crate::formats::imap::fetch_item::{FetchItem, Partial};
use crate::formats::imap::print::section::{push_binary_name, push_body_section_name};
use crate::formats::imap::print::string::{push_literal, push_literal8, push_number, push_string};
use crate::formats::mime::digest::digest;
use crate::formats::mime::part::Part;
use crate::formats::mime::section::{Located, Section, What, header_fields, locate};
use crate::formats::mime::transfer::{Encoding, decode_part};
use crate::mail::fetch::{BodyReader, Message};
use crate::protocols::imap::view;
use std::ops::Range;

/// Larger literals are sent behind the piece rather than in it.
const LARGE: u64 = 256 << 10;

/// The message being printed, opened only as far as the items need it.
struct Source<'r> {
    message: &'r Message<'r>,
    body: Option<BodyReader>,
    parts: Option<Vec<Part>>,
}

impl Source<'_> {
    fn body(&mut self) -> Result<&mut BodyReader> {
        if self.body.is_none() {
            self.body = Some(self.message.open_body()?);
        }
        self.body
            .as_mut()
            .ok_or_else(|| Error::internal("no body was opened"))
    }

    fn locate(&mut self, section: &Section) -> Result<Option<(Located, Option<Part>)>> {
        if section.path.is_empty() && section.what == What::All {
            let range = 0..self.message.item().size_bytes as u64;
            return Ok(Some((Located { range, part: None }, None)));
        }
        if self.parts.is_none() {
            self.parts = Some(self.message.parts()?);
        }
        let parts = self.parts.as_deref().unwrap_or_default();
        Ok(locate(parts, section).map(|located| {
            let part = located.part.and_then(|i| parts.get(i)).cloned();
            (located, part)
        }))
    }
}

pub fn push_message(piece: &mut Piece, plan: &Plan, message: &Message<'_>) -> Result<()> {
    let item = message.item();
    let Some(number) = plan.uids.sequence_of(item.uid) else {
        return Ok(());
    };
    let mut source = Source {
        message,
        body: None,
        parts: None,
    };
    piece.bytes.extend_from_slice(b"* ");
    push_number(&mut piece.bytes, u64::from(number));
    piece.bytes.extend_from_slice(b" FETCH (");
    for (i, wanted) in plan.items.iter().enumerate() {
        if i > 0 {
            piece.bytes.push(b' ');
        }
        push_item(piece, wanted, &mut source)?;
    }
    if plan.newly_read.contains(item.uid) {
        if !plan.items.contains(&FetchItem::Flags) {
            piece.bytes.push(b' ');
            push_item(piece, &FetchItem::Flags, &mut source)?;
        }
        if plan.with_modseq && !plan.items.contains(&FetchItem::ModSeq) {
            piece.bytes.push(b' ');
            push_item(piece, &FetchItem::ModSeq, &mut source)?;
        }
    }
    piece.bytes.extend_from_slice(b")\r\n");
    Ok(())
}

fn push_item(piece: &mut Piece, wanted: &FetchItem, source: &mut Source<'_>) -> Result<()> {
    let message = source.message;
    let item = message.item();
    let out = &mut piece.bytes;
    match wanted {
        FetchItem::Uid => push_pair(out, "UID ", u64::from(item.uid)),
        FetchItem::Flags => {
            out.extend_from_slice(b"FLAGS ");
            view::push_flags(out, item.flags, &item.keywords);
        }
        FetchItem::InternalDate => {
            out.extend_from_slice(b"INTERNALDATE \"");
            out.extend_from_slice(print_date_time(item.received_at_ms).as_bytes());
            out.push(b'"');
        }
        FetchItem::Rfc822Size => push_pair(out, "RFC822.SIZE ", item.size_bytes as u64),
        FetchItem::ModSeq => {
            push_pair(out, "MODSEQ (", item.modseq as u64);
            out.push(b')');
        }
        FetchItem::Envelope if !message.envelope().is_empty() => {
            push_named(out, "ENVELOPE ", message.envelope());
        }
        FetchItem::BodyStructure if !message.structure().is_empty() => {
            push_named(out, "BODYSTRUCTURE ", message.structure());
        }
        FetchItem::Envelope | FetchItem::Body | FetchItem::BodyStructure => {
            return push_derived(piece, wanted, source);
        }
        FetchItem::Preview { .. } => {
            out.extend_from_slice(b"PREVIEW ");
            push_string(out, message.preview());
        }
        FetchItem::EmailId => {
            out.extend_from_slice(b"EMAILID (M");
            push_number(out, item.id.0 as u64);
            out.push(b')');
        }
        FetchItem::ThreadId => out.extend_from_slice(b"THREADID NIL"),
        FetchItem::Rfc822 => return push_old(piece, "RFC822", What::All, source),
        FetchItem::Rfc822Header => return push_old(piece, "RFC822.HEADER", What::Header, source),
        FetchItem::Rfc822Text => return push_old(piece, "RFC822.TEXT", What::Text, source),
        FetchItem::BodySection { section, partial, .. } => {
            push_body_section_name(out, section, *partial);
            out.push(b' ');
            return push_section(piece, section, *partial, source);
        }
        FetchItem::Binary { path, partial, .. } => {
            push_binary_name(out, "BINARY", path, *partial);
            out.push(b' ');
            return push_binary(piece, path, *partial, source);
        }
        FetchItem::BinarySize { path } => {
            push_binary_name(out, "BINARY.SIZE", path, None);
            out.push(b' ');
            let size = match decoded(piece, path, source)? {
                Decoded::AsStored(range) => range.end - range.start,
                Decoded::Bytes(bytes) => bytes.len() as u64,
                Decoded::Nothing => 0,
            };
            push_number(&mut piece.bytes, size);
        }
    }
    Ok(())
}

fn push_pair(out: &mut Vec<u8>, name: &str, value: u64) {
    out.extend_from_slice(name.as_bytes());
    push_number(out, value);
}

fn push_named(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(value);
}

/// BODY, which few clients ask for, and what is missing beside the message.
fn push_derived(piece: &mut Piece, wanted: &FetchItem, source: &mut Source<'_>) -> Result<()> {
    let size = source.message.item().size_bytes as u64;
    let digest = digest(&source.body()?.read_range(0, size)?);
    let (name, value) = match wanted {
        FetchItem::Envelope => ("ENVELOPE ", &digest.imap_envelope),
        FetchItem::Body => ("BODY ", &digest.imap_body),
        _ => ("BODYSTRUCTURE ", &digest.imap_structure),
    };
    push_named(&mut piece.bytes, name, value);
    Ok(())
}

/// RFC 3501 §6.4.5: the old names of whole sections.
fn push_old(piece: &mut Piece, name: &str, what: What, source: &mut Source<'_>) -> Result<()> {
    push_named(&mut piece.bytes, name, b" ");
    let section = Section {
        path: Vec::new(),
        what,
    };
    push_section(piece, &section, None, source)
}

fn push_section(
    piece: &mut Piece,
    section: &Section,
    partial: Option<Partial>,
    source: &mut Source<'_>,
) -> Result<()> {
    let Some((located, _)) = source.locate(section)? else {
        piece.bytes.extend_from_slice(b"NIL");
        return Ok(());
    };
    if let What::HeaderFields { names, is_not } = &section.what {
        let header = source
            .body()?
            .read_range(located.range.start, located.range.end)?;
        let fields = header_fields(&header, names, *is_not);
        push_literal(&mut piece.bytes, cut(&fields, partial));
        return Ok(());
    }
    push_range(piece, "{", cut_range(located.range, partial), source)
}

fn cut_range(range: Range<u64>, partial: Option<Partial>) -> Range<u64> {
    match partial {
        Some(partial) => {
            let inner = partial.within(range.end - range.start);
            range.start + inner.start..range.start + inner.end
        }
        None => range,
    }
}

fn cut(bytes: &[u8], partial: Option<Partial>) -> &[u8] {
    let range = cut_range(0..bytes.len() as u64, partial);
    &bytes[range.start as usize..range.end as usize]
}

/// A literal with bytes of the message as they are stored.
fn push_range(piece: &mut Piece, open: &str, range: Range<u64>, source: &mut Source<'_>) -> Result<()> {
    let size = range.end - range.start;
    push_pair(&mut piece.bytes, open, size);
    piece.bytes.extend_from_slice(b"}\r\n");
    let is_whole = range == (0..source.message.item().size_bytes as u64);
    if is_whole && source.body.is_none() && source.message.append_small_body(&mut piece.bytes)? {
        return Ok(());
    }
    let body = source.body()?;
    if size > LARGE {
        let before = std::mem::take(&mut piece.bytes);
        piece.done.push(Segment::Bytes(before));
        if let Some(reader) = source.body.take() {
            piece.done.push(Segment::Body { reader, range });
        }
        return Ok(());
    }
    let mut at = range.start;
    while at < range.end {
        let bytes = body.read_at(at, (range.end - at) as usize)?;
        if bytes.is_empty() {
            return Err(Error::unavailable(
                "a stored message is shorter than it should be; run: hauspost doctor",
            ));
        }
        piece.bytes.extend_from_slice(bytes);
        at += bytes.len() as u64;
    }
    Ok(())
}

enum Decoded {
    /// No decoding needed.
    AsStored(Range<u64>),
    Bytes(Vec<u8>),
    Nothing,
}

/// A part without its transfer encoding (RFC 3516 §4.2).
fn decoded(piece: &mut Piece, path: &[u32], source: &mut Source<'_>) -> Result<Decoded> {
    let section = Section {
        path: path.to_vec(),
        what: What::All,
    };
    let Some((located, part)) = source.locate(&section)? else {
        return Ok(Decoded::Nothing);
    };
    let range = located.range;
    let Some(part) = part.filter(|p| !p.encoding.is_identity() || p.encoding == Encoding::Unknown) else {
        return Ok(Decoded::AsStored(range));
    };
    let raw = source.body()?.read_range(range.start, range.end)?;
    match decode_part(&raw, part.encoding) {
        Ok(bytes) => Ok(Decoded::Bytes(bytes)),
        Err(_) => {
            piece.sent.has_unknown_encoding = true;
            Ok(Decoded::Nothing)
        }
    }
}

fn push_binary(
    piece: &mut Piece,
    path: &[u32],
    partial: Option<Partial>,
    source: &mut Source<'_>,
) -> Result<()> {
    match decoded(piece, path, source)? {
        Decoded::AsStored(range) => push_range(piece, "~{", cut_range(range, partial), source)?,
        Decoded::Bytes(bytes) => {
            let bytes = cut(&bytes, partial);
            // RFC 3516 §4.4: only what holds NUL needs the new form.
            match bytes.contains(&0) {
                true => push_literal8(&mut piece.bytes, bytes),
                false => push_literal(&mut piece.bytes, bytes),
            }
        }
        Decoded::Nothing => piece.bytes.extend_from_slice(b"NIL"),
    }
    Ok(())
}
