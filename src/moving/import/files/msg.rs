//! Messages that Outlook has saved (`.msg`): a compound file with a stream for each property (MS-OXMSG) becomes a message as it
//! travels, with the header lines that it came with, where they were kept.

use crate::base::{Error, Result, TimeMs};
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::{Outgoing, OutgoingAttachment, compose};
use crate::formats::mime::field::fields;
use crate::formats::mime::text::decode_charset;
use crate::model::Flags;
use crate::moving::import::source::Marks;
use cfb::CompoundFile;
use memchr::memmem;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Messages within messages.
const DEEPEST: usize = 5;
/// A file is read at once.
const MAX_FILE: u64 = 256 << 20;
const MOST_PARTS: u32 = 2_000;
/// Windows counts from 1601, in tenths of microseconds.
const UNIX_IN_FILETIME: i64 = 116_444_736_000_000_000;
/// Somebody of whom only a name of Exchange is known.
const UNKNOWN: &str = "unknown@address.invalid";

/// One object of the file: the message, a recipient, an attachment.
struct Object<'a> {
    file: &'a mut CompoundFile<File>,
    at: String,
    /// Of the fixed properties: tag and value.
    fixed: Vec<(u32, u64)>,
}

fn open(path: &Path) -> Result<CompoundFile<File>> {
    if std::fs::metadata(path)?.len() > MAX_FILE {
        return Err(Error::too_large(format!(
            "it is larger than {} MB",
            MAX_FILE >> 20
        )));
    }
    cfb::open(path).map_err(|e| Error::invalid(format!("it is no message of Outlook: {e}")).caused_by(e))
}

impl<'a> Object<'a> {
    /// `head`: bytes before the fixed properties.
    fn new(file: &'a mut CompoundFile<File>, at: &str, head: usize) -> Result<Object<'a>> {
        let mut object = Object {
            file,
            at: at.to_owned(),
            fixed: Vec::new(),
        };
        let raw = object.stream("__properties_version1.0")?.unwrap_or_default();
        let number = |b: &[u8]| b.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
        let entries = raw.get(head..).unwrap_or_default().chunks_exact(16);
        object.fixed = entries
            .map(|e| (number(&e[..4]) as u32, number(&e[8..16])))
            .collect();
        Ok(object)
    }

    fn stream(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = format!("{}/{name}", self.at);
        if !self.file.is_stream(&path) {
            return Ok(None);
        }
        let mut out = Vec::new();
        self.file
            .open_stream(&path)?
            .take(MAX_FILE)
            .read_to_end(&mut out)?;
        Ok(Some(out))
    }

    /// Of a property with a fixed size.
    fn number(&self, id: u32) -> Option<u64> {
        self.fixed
            .iter()
            .find(|(tag, _)| tag >> 16 == id)
            .map(|(_, v)| *v)
    }

    fn time(&self, id: u32) -> Option<TimeMs> {
        let value = i64::try_from(self.number(id)?).ok()?;
        (value > UNIX_IN_FILETIME).then(|| (value - UNIX_IN_FILETIME) / 10_000)
    }

    fn binary(&mut self, id: u32) -> Result<Option<Vec<u8>>> {
        self.stream(&format!("__substg1.0_{id:04X}0102"))
    }

    fn text(&mut self, id: u32) -> Result<Option<String>> {
        if let Some(raw) = self.stream(&format!("__substg1.0_{id:04X}001F"))? {
            let units: Vec<u16> = raw
                .chunks_exact(2)
                .map(|c| u16::from_le_bytes([c[0], c[1]]))
                .collect();
            return Ok(Some(cleaned(&String::from_utf16_lossy(&units))));
        }
        let raw = self.stream(&format!("__substg1.0_{id:04X}001E"))?;
        let charset = self.charset();
        Ok(raw.map(|raw| cleaned(&decode_charset(&raw, Some(&charset)))))
    }

    fn charset(&self) -> String {
        match self
            .number(0x3FFD)
            .or(self.number(0x3FDE))
            .map(|n| n & 0xFFFF_FFFF)
        {
            Some(65001) => "utf-8".to_owned(),
            Some(page @ 1250..=1258) => format!("windows-{page}"),
            _ => "windows-1252".to_owned(),
        }
    }

    fn has_storage(&self, name: &str) -> bool {
        self.file.is_storage(format!("{}/{name}", self.at))
    }
}

/// Without zeros at the end, which some writers leave.
fn cleaned(text: &str) -> String {
    text.trim_end_matches('\0').to_owned()
}

/// Flags, and when it came or was sent. None, when it cannot be read: reading it says why.
pub fn marks(path: &Path) -> Option<(Marks, Option<TimeMs>)> {
    let mut file = open(path).ok()?;
    let object = Object::new(&mut file, "", 32).ok()?;
    let mut marks = Marks::default();
    let flags = object.number(0x0E07).unwrap_or(1);
    if flags & 1 != 0 {
        marks.add(Flags::SEEN);
    }
    if flags & 8 != 0 {
        marks.add(Flags::DRAFT);
    }
    if object.number(0x1090).is_some_and(|n| n & 0xFFFF_FFFF == 2) {
        marks.add(Flags::FLAGGED);
    }
    match object.number(0x1081).map(|n| n & 0xFFFF_FFFF) {
        Some(102 | 103) => marks.add(Flags::ANSWERED),
        Some(104) => marks.add_name("$Forwarded"),
        _ => {}
    }
    Some((marks, object.time(0x0E06).or(object.time(0x0039))))
}

/// The message as it travels. Errors: Invalid; TooLarge.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut file = open(path)?;
    message(&mut file, "", 32, 0)
}

fn message(file: &mut CompoundFile<File>, at: &str, head: usize, depth: usize) -> Result<Vec<u8>> {
    if depth > DEEPEST {
        return Err(Error::invalid("it holds messages within messages too deep"));
    }
    let mut o = Object::new(file, at, head)?;
    let transport = o.text(0x007D)?.unwrap_or_default();
    let address = |o: &mut Object<'_>, ids: [u32; 2], name: u32| -> Result<Option<Mailbox>> {
        let (mut found, name) = (None, o.text(name)?.filter(|n| !n.is_empty()));
        for id in ids {
            found = found.or(o
                .text(id)?
                .filter(|a| a.contains('@') && !a.contains(char::is_whitespace)));
        }
        Ok((found.is_some() || name.is_some()).then(|| Mailbox {
            name,
            address: found.unwrap_or_else(|| UNKNOWN.to_owned()),
        }))
    };
    let sender = address(&mut o, [0x5D01, 0x0C1F], 0x0C1A)?;
    let author = address(&mut o, [0x5D02, 0x0065], 0x0042)?.or(sender.clone());
    let id = |text: Option<String>| {
        text.map(|t| t.trim().trim_matches(['<', '>']).to_owned())
            .filter(|t| !t.is_empty())
    };
    let message_id = id(o.text(0x1035)?);
    let mut out = Outgoing {
        sender: sender.filter(|s| author.as_ref().is_some_and(|a| a.address != s.address)),
        from: author.into_iter().collect(),
        subject: o.text(0x0037)?.unwrap_or_default(),
        text: o.text(0x1000)?,
        html: html(&mut o)?,
        in_reply_to: id(o.text(0x1042)?),
        date_ms: o.time(0x0039).or(o.time(0x0E06)).unwrap_or(0),
        ..Outgoing::default()
    };
    let mut bcc = Vec::new();
    for n in 0..MOST_PARTS {
        let at = format!("{at}/__recip_version1.0_#{n:08X}");
        if !o.file.is_storage(&at) {
            break;
        }
        let mut recipient = Object::new(o.file, &at, 8)?;
        let kind = recipient.number(0x0C15).unwrap_or(1) & 0xF;
        if let Some(mailbox) = address(&mut recipient, [0x39FE, 0x3003], 0x3001)? {
            match kind {
                2 => out.cc.push(mailbox),
                3 => bcc.push(mailbox),
                _ => out.to.push(mailbox),
            }
        }
    }
    if out.text.is_none() && out.html.is_none() {
        out.attachments.extend(rich_text(&mut o)?);
    }
    attachments(&mut o, &mut out, depth)?;
    // The same in every run.
    let seed = format!("{}{:?}{}", out.subject, out.from, out.date_ms);
    let made = || format!("{}@msg.invalid", &blake3::hash(seed.as_bytes()).to_hex()[..32]);
    out.message_id = message_id.unwrap_or_else(made);
    let composed = steady(compose(&out), &format!("{seed}{at}"));
    Ok(with_header(composed, &transport, &bcc))
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

fn html(o: &mut Object<'_>) -> Result<Option<String>> {
    if let Some(raw) = o.binary(0x1013)? {
        let charset = match o.number(0x3FDE).map(|n| n & 0xFFFF_FFFF) {
            Some(page @ 1250..=1258) => format!("windows-{page}"),
            Some(28591) => "iso-8859-1".to_owned(),
            _ => "utf-8".to_owned(),
        };
        return Ok(Some(decode_charset(&raw, Some(&charset))));
    }
    o.text(0x1013)
}

fn rich_text(o: &mut Object<'_>) -> Result<Option<OutgoingAttachment>> {
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

fn attachments(o: &mut Object<'_>, out: &mut Outgoing, depth: usize) -> Result<()> {
    for n in 0..MOST_PARTS {
        let at = format!("{}/__attach_version1.0_#{n:08X}", o.at);
        if !o.file.is_storage(&at) {
            break;
        }
        let mut part = Object::new(o.file, &at, 8)?;
        let name = part.text(0x3707)?.or(part.text(0x3704)?).or(part.text(0x3001)?);
        let content_id = part.text(0x3712)?.filter(|c| !c.is_empty());
        let content_type = part.text(0x370E)?.unwrap_or_default();
        if part.has_storage("__substg1.0_3701000D") {
            let inner = format!("{at}/__substg1.0_3701000D");
            let content = message(part.file, &inner, 24, depth + 1)?;
            out.attachments.push(OutgoingAttachment {
                name: name.unwrap_or_else(|| "message".into()) + ".eml",
                content_type: "message/rfc822".into(),
                content,
                content_id: None,
            });
            continue;
        }
        if let Some(content) = part.binary(0x3701)? {
            out.attachments.push(OutgoingAttachment {
                name: name.unwrap_or_else(|| format!("attachment-{}", n + 1)),
                content_type,
                content,
                content_id,
            });
        }
    }
    Ok(())
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

/// LZFu (MS-OXRTFCP). None: it is damaged.
fn unpack_rtf(packed: &[u8]) -> Option<Vec<u8>> {
    const START: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor \
        MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
    let head = packed.get(..16)?;
    let raw = packed.get(16..)?;
    if &head[8..12] == b"MELA" {
        return Some(raw.to_vec());
    }
    let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as u64;
    if &head[8..12] != b"LZFu" || size > MAX_FILE {
        return None;
    }
    let mut window = [b' '; 4096];
    window[..START.len()].copy_from_slice(START);
    let (mut at, mut out, mut bytes) = (START.len(), Vec::new(), raw.iter());
    while let Some(control) = bytes.next() {
        for bit in 0..8 {
            let Some(first) = bytes.next() else {
                return Some(out);
            };
            if control & (1 << bit) == 0 {
                out.push(*first);
                window[at] = *first;
                at = (at + 1) % window.len();
                continue;
            }
            let second = bytes.next()?;
            let pair = usize::from(*first) << 8 | usize::from(*second);
            let (from, length) = (pair >> 4, (pair & 0xF) + 2);
            if from == at {
                return Some(out);
            }
            for i in 0..length {
                let byte = window[(from + i) % window.len()];
                out.push(byte);
                window[at] = byte;
                at = (at + 1) % window.len();
            }
            if out.len() as u64 > MAX_FILE {
                return None;
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn put(file: &mut CompoundFile<File>, path: &str, content: &[u8]) {
        file.create_stream(path).unwrap().write_all(content).unwrap();
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn fixed(head: usize, all: &[(u32, u64)]) -> Vec<u8> {
        let mut out = vec![0; head];
        for (tag, value) in all {
            out.extend(tag.to_le_bytes());
            out.extend([0; 4]);
            out.extend(value.to_le_bytes());
        }
        out
    }

    #[test]
    fn a_saved_message_travels_again() {
        let path = std::env::temp_dir().join(format!("hauspost-msg-{}.msg", std::process::id()));
        let mut file = cfb::create(&path).unwrap();
        let sent = (1_795_376_465_000i64 * 10_000 + UNIX_IN_FILETIME) as u64;
        let props = [(0x0039_0040, sent), (0x0E07_0003, 1), (0x1081_0003, 102)];
        put(&mut file, "/__properties_version1.0", &fixed(32, &props));
        for (id, text) in [
            ("0037", "Grüße"),
            ("1000", "Hallo\r\nWelt"),
            ("0042", "Zoë"),
            ("5D02", "zoe@x.test"),
            ("1035", "<1@x.test>"),
            (
                "007D",
                "Received: by somewhere;\r\n today\r\nFrom: zoe@x.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/html\r\n",
            ),
        ] {
            put(&mut file, &format!("/__substg1.0_{id}001F"), &wide(text));
        }
        file.create_storage("/__recip_version1.0_#00000000").unwrap();
        put(
            &mut file,
            "/__recip_version1.0_#00000000/__properties_version1.0",
            &fixed(8, &[(0x0C15_0003, 3)]),
        );
        put(
            &mut file,
            "/__recip_version1.0_#00000000/__substg1.0_39FE001F",
            &wide("ben@x.test"),
        );
        file.create_storage("/__attach_version1.0_#00000000").unwrap();
        put(
            &mut file,
            "/__attach_version1.0_#00000000/__properties_version1.0",
            &fixed(8, &[]),
        );
        put(
            &mut file,
            "/__attach_version1.0_#00000000/__substg1.0_3707001F",
            &wide("a.bin"),
        );
        put(
            &mut file,
            "/__attach_version1.0_#00000000/__substg1.0_37010102",
            &[0, 1, 2, 255],
        );
        drop(file);
        let (marks, date) = marks(&path).unwrap();
        let raw = read(&path).unwrap();
        assert_eq!(raw, read(&path).unwrap(), "the same in every run");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(marks.flags, Flags::SEEN.with(Flags::ANSWERED));
        assert_eq!(date, Some(1_795_376_465_000));
        let text = String::from_utf8_lossy(&raw);
        assert!(
            text.starts_with("Received: by somewhere;\r\n today\r\nFrom: zoe@x.test\r\n"),
            "{text}"
        );
        assert!(
            !text.contains("text/html") && text.contains("Bcc: ben@x.test\r\n"),
            "{text}"
        );
        let digest = crate::formats::mime::digest::digest_around(&raw, &[]);
        assert_eq!(digest.subject, "Grüße");
        assert!(digest.has_attachments);
        assert!(
            text.contains("Hallo") && text.contains("a.bin") && text.contains("AAEC/w=="),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_message_says_so() {
        let path = std::env::temp_dir().join(format!("hauspost-nomsg-{}.msg", std::process::id()));
        std::fs::write(&path, "no").unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .message()
                .contains("no message of Outlook")
        );
        assert!(marks(&path).is_none());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn rich_text_is_unpacked() {
        // The example of MS-OXRTFCP §3.1.
        let packed = b"\x2d\x00\x00\x00\x2b\x00\x00\x00LZFu\xf1\xc5\xc7\xa7\x03\x00\x0a\x00rcpg125\x42\x32\x0a\xf3 hel\x09\x00 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        assert_eq!(
            String::from_utf8(unpack_rtf(packed).unwrap()).unwrap(),
            "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
        );
        assert_eq!(unpack_rtf(b"short"), None);
    }
}
