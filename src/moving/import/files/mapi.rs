//! A message as Outlook keeps it, properties by number (MS-OXPROPS), becomes a message as it travels, with the header lines that it
//! came with, where they were kept. Files of single messages and whole stores of Outlook both give such properties.

use super::rtf::unpack_rtf;
use crate::base::{Result, TimeMs};
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::{Outgoing, OutgoingAttachment, compose};
use crate::formats::mime::field::fields;
use crate::formats::mime::text::decode_charset;
use crate::model::Flags;
use crate::moving::import::source::Marks;
use memchr::memmem;

/// Messages within messages.
pub const DEEPEST: usize = 5;
/// Windows counts from 1601, in tenths of microseconds.
pub const UNIX_IN_FILETIME: i64 = 116_444_736_000_000_000;
/// Somebody of whom only a name of Exchange is known.
const UNKNOWN: &str = "unknown@address.invalid";

/// Of a message, a recipient or an attachment.
pub trait Properties {
    /// Of a property with a fixed size.
    fn number(&self, id: u16) -> Option<u64>;

    /// In whichever charset it is kept; without zeros at its end.
    fn text(&mut self, id: u16) -> Result<Option<String>>;

    fn binary(&mut self, id: u16) -> Result<Option<Vec<u8>>>;
}

pub fn time(o: &dyn Properties, id: u16) -> Option<TimeMs> {
    let value = i64::try_from(o.number(id)?).ok()?;
    (value > UNIX_IN_FILETIME).then(|| (value - UNIX_IN_FILETIME) / 10_000)
}

fn small(o: &dyn Properties, id: u16) -> Option<u64> {
    o.number(id).map(|n| n & 0xFFFF_FFFF)
}

/// Of text that is not Unicode.
pub fn charset(o: &dyn Properties) -> String {
    match small(o, 0x3FFD).or(small(o, 0x3FDE)) {
        Some(65001) => "utf-8".to_owned(),
        Some(page @ 1250..=1258) => format!("windows-{page}"),
        _ => "windows-1252".to_owned(),
    }
}

/// Without zeros at the end, which some writers leave.
pub fn cleaned(text: &str) -> String {
    text.trim_end_matches('\0').to_owned()
}

/// Flags, and when it came or was sent.
pub fn marks(o: &dyn Properties) -> (Marks, Option<TimeMs>) {
    let mut marks = Marks::default();
    let flags = o.number(0x0E07).unwrap_or(1);
    if flags & 1 != 0 {
        marks.add(Flags::SEEN);
    }
    if flags & 8 != 0 {
        marks.add(Flags::DRAFT);
    }
    if small(o, 0x1090) == Some(2) {
        marks.add(Flags::FLAGGED);
    }
    match small(o, 0x1081) {
        Some(102 | 103) => marks.add(Flags::ANSWERED),
        Some(104) => marks.add_name("$Forwarded"),
        _ => {}
    }
    (marks, time(o, 0x0E06).or(time(o, 0x0039)))
}

/// Who it is for and what it has with it.
#[derive(Default)]
pub struct Parts {
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    bcc: Vec<Mailbox>,
    pub attachments: Vec<OutgoingAttachment>,
}

impl Parts {
    pub fn add_recipient(&mut self, o: &mut dyn Properties) -> Result<()> {
        let kind = o.number(0x0C15).unwrap_or(1) & 0xF;
        if let Some(mailbox) = mailbox(o, [0x39FE, 0x3003], 0x3001)? {
            match kind {
                2 => self.cc.push(mailbox),
                3 => self.bcc.push(mailbox),
                _ => self.to.push(mailbox),
            }
        }
        Ok(())
    }

    /// `content`: a file's.
    pub fn add_file(&mut self, o: &mut dyn Properties, content: Vec<u8>) -> Result<()> {
        let name = file_name(o)?;
        self.attachments.push(OutgoingAttachment {
            name: name.unwrap_or_else(|| format!("attachment-{}", self.attachments.len() + 1)),
            content_type: o.text(0x370E)?.unwrap_or_default(),
            content,
            content_id: o.text(0x3712)?.filter(|c| !c.is_empty()),
        });
        Ok(())
    }

    /// In the place of a file that cannot be had.
    pub fn add_note(&mut self, text: &str) {
        self.attachments.push(OutgoingAttachment {
            name: format!("attachment-{}.txt", self.attachments.len() + 1),
            content_type: "text/plain; charset=utf-8".into(),
            content: text.as_bytes().to_vec(),
            content_id: None,
        });
    }

    /// `message`: as it travels.
    pub fn add_message(&mut self, o: &mut dyn Properties, message: Vec<u8>) -> Result<()> {
        let name = file_name(o)?;
        self.attachments.push(OutgoingAttachment {
            name: name.unwrap_or_else(|| "message".into()) + ".eml",
            content_type: "message/rfc822".into(),
            content: message,
            content_id: None,
        });
        Ok(())
    }
}

fn file_name(o: &mut dyn Properties) -> Result<Option<String>> {
    for id in [0x3707, 0x3704, 0x3001] {
        if let Some(name) = o.text(id)?.filter(|n| !n.is_empty()) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn mailbox(o: &mut dyn Properties, ids: [u16; 2], name: u16) -> Result<Option<Mailbox>> {
    let (mut found, name) = (None, o.text(name)?.filter(|n| !n.is_empty()));
    for id in ids {
        let is_address = |a: &String| a.contains('@') && !a.contains(char::is_whitespace);
        found = found.or(o.text(id)?.filter(is_address));
    }
    Ok((found.is_some() || name.is_some()).then(|| Mailbox {
        name,
        address: found.unwrap_or_else(|| UNKNOWN.to_owned()),
    }))
}

/// `place`: tells messages within one file apart.
pub fn travelling(o: &mut dyn Properties, mut parts: Parts, place: &str) -> Result<Vec<u8>> {
    let transport = o.text(0x007D)?.unwrap_or_default();
    let sender = mailbox(o, [0x5D01, 0x0C1F], 0x0C1A)?;
    let author = mailbox(o, [0x5D02, 0x0065], 0x0042)?.or(sender.clone());
    let id = |text: Option<String>| {
        text.map(|t| t.trim().trim_matches(['<', '>']).to_owned())
            .filter(|t| !t.is_empty())
    };
    let message_id = id(o.text(0x1035)?);
    let mut out = Outgoing {
        sender: sender.filter(|s| author.as_ref().is_some_and(|a| a.address != s.address)),
        from: author.into_iter().collect(),
        subject: subject(o.text(0x0037)?.unwrap_or_default()),
        text: o.text(0x1000)?,
        html: html(o)?,
        in_reply_to: id(o.text(0x1042)?),
        date_ms: time(o, 0x0039).or(time(o, 0x0E06)).unwrap_or(0),
        to: parts.to,
        cc: parts.cc,
        ..Outgoing::default()
    };
    if out.text.is_none() && out.html.is_none() {
        out.attachments.extend(rich_text(o)?);
    }
    out.attachments.append(&mut parts.attachments);
    // The same in every run.
    let seed = format!("{}{:?}{}", out.subject, out.from, out.date_ms);
    let made = || format!("{}@msg.invalid", &blake3::hash(seed.as_bytes()).to_hex()[..32]);
    out.message_id = message_id.unwrap_or_else(made);
    let composed = steady(compose(&out), &format!("{seed}{place}"));
    Ok(with_header(composed, &transport, &parts.bcc))
}

/// Stores begin it with a mark and where its prefix (»RE: «) ends (MS-PST §2.5.3.1.1.1).
fn subject(text: String) -> String {
    match text.strip_prefix('\u{1}') {
        Some(rest) => rest.chars().skip(1).collect(),
        None => text,
    }
}

/// Boundaries between parts are made by chance; the same file is to be the same message in every run.
fn steady(mut composed: Vec<u8>, seed: &str) -> Vec<u8> {
    const MARK: &[u8] = b"boundary=\"";
    const OURS: &str = "hauspost-";
    let (mut at, mut count) = (0, 0);
    while let Some(found) = memmem::find(&composed[at..], MARK) {
        let start = at + found + MARK.len();
        let length = composed[start..].iter().position(|b| *b == b'"').unwrap_or(0);
        at = start;
        let old = composed[start..start + length].to_vec();
        // Those of messages within are steady already.
        if old.is_empty() || old.starts_with(OURS.as_bytes()) {
            continue;
        }
        count += 1;
        let hash = blake3::hash(format!("{seed}{count}").as_bytes()).to_hex();
        let new = format!("{OURS}{count}-{}", &hash[..16]);
        let (mut out, mut rest) = (Vec::with_capacity(composed.len()), 0);
        for found in memmem::find_iter(&composed, &old) {
            out.extend_from_slice(&composed[rest..found]);
            out.extend_from_slice(new.as_bytes());
            rest = found + old.len();
        }
        out.extend_from_slice(&composed[rest..]);
        composed = out;
    }
    composed
}

fn html(o: &mut dyn Properties) -> Result<Option<String>> {
    if let Some(raw) = o.binary(0x1013)? {
        let charset = match small(o, 0x3FDE) {
            Some(page @ 1250..=1258) => format!("windows-{page}"),
            Some(28591) => "iso-8859-1".to_owned(),
            _ => "utf-8".to_owned(),
        };
        return Ok(Some(decode_charset(&raw, Some(&charset))));
    }
    o.text(0x1013)
}

fn rich_text(o: &mut dyn Properties) -> Result<Option<OutgoingAttachment>> {
    let Some(packed) = o.binary(0x1009)? else {
        return Ok(None);
    };
    Ok(unpack_rtf(&packed).map(|content| OutgoingAttachment {
        name: "message.rtf".into(),
        content_type: "application/rtf".into(),
        content,
        content_id: None,
    }))
}

/// The header that it came with, before the lines that describe its parts as they are now.
fn with_header(composed: Vec<u8>, transport: &str, bcc: &[Mailbox]) -> Vec<u8> {
    let is_about_parts = |name: &[u8]| {
        let name = name.to_ascii_lowercase();
        name.starts_with(b"content-") || name == b"mime-version"
    };
    let mut out = Vec::with_capacity(composed.len() + transport.len());
    // Outlook puts a line of its own before some.
    let transport = transport.trim_start();
    let transport = transport
        .strip_prefix("Microsoft Mail Internet Headers Version 2.0")
        .unwrap_or(transport);
    let header = transport.trim_start().replace("\r\n", "\n").replace('\n', "\r\n");
    let kept: Vec<&[u8]> = fields(header.as_bytes())
        .filter(|f| !f.name.is_empty() && !is_about_parts(f.name))
        .map(|f| &header.as_bytes()[f.start..f.end])
        .collect();
    for field in &kept {
        out.extend_from_slice(field);
        if !field.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
    }
    if !bcc.is_empty() {
        let all: Vec<&str> = bcc
            .iter()
            .map(|b| b.address.as_str())
            .filter(|a| a.is_ascii())
            .collect();
        out.extend_from_slice(format!("Bcc: {}\r\n", all.join(",\r\n ")).as_bytes());
    }
    let mut end = 0;
    for field in fields(&composed) {
        if kept.is_empty() || is_about_parts(field.name) {
            out.extend_from_slice(&composed[field.start..field.end]);
        }
        end = field.end;
    }
    out.extend_from_slice(&composed[end..]);
    out
}
