//! Messages that Outlook has saved (`.msg`): a compound file with a stream for each property (MS-OXMSG).

use super::mapi::{self, DEEPEST, Parts, Properties, charset, cleaned, travelling};
use crate::base::{Error, Result, TimeMs};
use crate::formats::mime::text::decode_charset;
use crate::moving::import::source::Marks;
use cfb::CompoundFile;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A file is read at once.
const MAX_FILE: u64 = 256 << 20;
const MOST_PARTS: u32 = 2_000;

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

    fn has_storage(&self, name: &str) -> bool {
        self.file.is_storage(format!("{}/{name}", self.at))
    }
}

impl Properties for Object<'_> {
    fn number(&self, id: u16) -> Option<u64> {
        self.fixed
            .iter()
            .find(|(tag, _)| tag >> 16 == u32::from(id))
            .map(|(_, v)| *v)
    }

    fn binary(&mut self, id: u16) -> Result<Option<Vec<u8>>> {
        self.stream(&format!("__substg1.0_{id:04X}0102"))
    }

    fn text(&mut self, id: u16) -> Result<Option<String>> {
        if let Some(raw) = self.stream(&format!("__substg1.0_{id:04X}001F"))? {
            let units: Vec<u16> = raw
                .chunks_exact(2)
                .map(|c| u16::from_le_bytes([c[0], c[1]]))
                .collect();
            return Ok(Some(cleaned(&String::from_utf16_lossy(&units))));
        }
        let raw = self.stream(&format!("__substg1.0_{id:04X}001E"))?;
        let charset = charset(self);
        Ok(raw.map(|raw| cleaned(&decode_charset(&raw, Some(&charset)))))
    }
}

/// Flags, and when it came or was sent. None, when it cannot be read: reading it says why.
pub fn marks(path: &Path) -> Option<(Marks, Option<TimeMs>)> {
    let mut file = open(path).ok()?;
    let object = Object::new(&mut file, "", 32).ok()?;
    Some(mapi::marks(&object))
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
    let mut parts = Parts::default();
    for n in 0..MOST_PARTS {
        let at = format!("{at}/__recip_version1.0_#{n:08X}");
        if !file.is_storage(&at) {
            break;
        }
        parts.add_recipient(&mut Object::new(file, &at, 8)?)?;
    }
    for n in 0..MOST_PARTS {
        let at = format!("{at}/__attach_version1.0_#{n:08X}");
        if !file.is_storage(&at) {
            break;
        }
        let mut part = Object::new(file, &at, 8)?;
        if part.has_storage("__substg1.0_3701000D") {
            let inner = message(part.file, &format!("{at}/__substg1.0_3701000D"), 24, depth + 1)?;
            parts.add_message(&mut part, inner)?;
        } else if let Some(content) = part.binary(0x3701)? {
            parts.add_file(&mut part, content)?;
        }
    }
    travelling(&mut Object::new(file, at, head)?, parts, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Flags;
    use crate::moving::import::files::mapi::UNIX_IN_FILETIME;
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
}
