//! mbox, in the kinds that are about: mboxrd, mboxo, Thunderbird's with its status lines, Gmail's with its labels.
//! A `From ` line after an empty line begins a message; one `>` before what looks like one is taken away.

use super::modified_ms;
use super::text::{Crlf, Lines};
use crate::base::{Error, Result, TimeMs};
use crate::formats::mime::field::{fields, first};
use crate::formats::mime::text::decode_text;
use crate::mail::Intake;
use crate::mail::category::to_keyword;
use crate::model::{Flags, Role};
use crate::moving::import::roles::role_of_name;
use crate::moving::import::source::{Listed, Marks};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Of a header, as far as it is looked at.
const HEAD: usize = 64 << 10;

/// One message in the file.
#[derive(Clone)]
struct Entry {
    name: String,
    /// Behind the From line and Thunderbird's own lines.
    offset: u64,
    length: u64,
    marks: Marks,
    /// Of the From line.
    received_at_ms: Option<TimeMs>,
    /// By its labels; of a Gmail archive.
    role: Option<Role>,
    is_deleted: bool,
}

pub struct Mbox {
    path: PathBuf,
    /// Of an archive of Gmail, which holds all folders in one file: this one only.
    role: Option<Role>,
    /// Read once, however many folders come out of it.
    scanned: Arc<std::sync::Mutex<Option<Arc<Vec<Entry>>>>>,
}

/// How Gmail's folders come out of one file.
pub const GMAIL: [(Role, &str); 6] = [
    (Role::Inbox, "INBOX"),
    (Role::Sent, "Sent"),
    (Role::Drafts, "Drafts"),
    (Role::Junk, "Spam"),
    (Role::Trash, "Trash"),
    (Role::Archive, "Archive"),
];

/// Whether a file begins as an mbox does.
pub fn is_mbox(path: &Path) -> bool {
    let mut start = [0; 1024];
    let read = File::open(path).and_then(|mut f| f.read(&mut start));
    let start = &start[..read.unwrap_or(0)];
    is_from_line(start.split(|b| *b == b'\n').next().unwrap_or(start))
}

/// Whether Gmail has written it.
pub fn is_gmail(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|f| f.take(HEAD as u64).read_to_end(&mut head));
    let header = head
        .iter()
        .position(|b| *b == b'\n')
        .map_or(&head[..0], |at| &head[at + 1..]);
    read.is_ok() && (first(header, "X-Gmail-Labels").is_some() || first(header, "X-GM-THRID").is_some())
}

impl Mbox {
    pub fn new(path: PathBuf) -> Mbox {
        Mbox {
            path,
            role: None,
            scanned: Arc::default(),
        }
    }

    /// One for each of [`GMAIL`]'s folders.
    pub fn of_gmail(path: PathBuf) -> Vec<Mbox> {
        let scanned: Arc<std::sync::Mutex<Option<Arc<Vec<Entry>>>>> = Arc::default();
        let all = GMAIL.iter().map(|(role, _)| Mbox {
            path: path.clone(),
            role: Some(*role),
            scanned: scanned.clone(),
        });
        all.collect()
    }

    fn entries(&self) -> Result<Arc<Vec<Entry>>> {
        let mut slot = self
            .scanned
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = &*slot {
            return Ok(known.clone());
        }
        let found = Arc::new(scan(&self.path)?);
        *slot = Some(found.clone());
        Ok(found)
    }

    pub fn list(&mut self) -> Result<Vec<Listed>> {
        let all = self.entries()?;
        let of_role = all.iter().enumerate().filter(|(_, e)| {
            !e.is_deleted && (self.role.is_none() || self.role == e.role.or(Some(Role::Archive)))
        });
        Ok(of_role
            .map(|(at, e)| Listed {
                name: e.name.clone(),
                size_bytes: e.length,
                marks: Some(e.marks.clone()),
                received_at_ms: e.received_at_ms,
                place: at as u64,
                ..Listed::default()
            })
            .collect())
    }

    pub fn read(&mut self, listed: &Listed, intake: &mut Intake) -> Result<()> {
        let all = self.entries()?;
        let entry = usize::try_from(listed.place).ok().and_then(|at| all.get(at));
        let entry = entry.ok_or_else(|| Error::internal("a message that was not listed"))?;
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(entry.offset))?;
        let mut lines = Lines::new(BufReader::with_capacity(64 << 10, file.take(entry.length)));
        let mut crlf = Crlf::new(intake);
        while lines.next()? {
            let quoted = lines.is_start && lines.line.starts_with(b">") && looks_like_from(&lines.line);
            crlf.write(&lines.line[usize::from(quoted)..])?;
        }
        Ok(())
    }
}

/// `From ` with any number of `>` before it.
fn looks_like_from(line: &[u8]) -> bool {
    let quotes = line.iter().take_while(|b| **b == b'>').count();
    line[quotes..].starts_with(b"From ")
}

/// A line that separates: with a time and a year in it, or Thunderbird's, which may have nothing behind. Programs that quote
/// nothing leave lines of people in the text that begin with From.
fn is_from_line(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    let rest = String::from_utf8_lossy(rest);
    let rest = rest.trim();
    let words = || rest.split_ascii_whitespace();
    let has_time = words()
        .any(|w| w.len() >= 4 && w.contains(':') && w.bytes().all(|b| b.is_ascii_digit() || b == b':'));
    let has_year = words().any(|w| w.len() == 4 && w.bytes().all(|b| b.is_ascii_digit()));
    rest.is_empty() || rest == "-" || (has_time && has_year)
}

/// `Sat Nov 22 19:41:05 2026`, with or without a zone, somewhere in the line.
fn from_date(line: &[u8]) -> Option<TimeMs> {
    let text = String::from_utf8_lossy(line);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let at = words
        .iter()
        .position(|w| w.len() >= 7 && w.matches(':').count() == 2)?;
    let (month, day, time) = (words.get(at.checked_sub(2)?)?, words.get(at - 1)?, words[at]);
    let is_number = |w: &&&str, length: usize| w.len() == length && w.bytes().all(|b| b.is_ascii_digit());
    let year = words[at + 1..].iter().find(|w| is_number(w, 4))?;
    let zone = words[at + 1..]
        .iter()
        .find(|w| w.len() == 5 && w.starts_with(['+', '-']))
        .unwrap_or(&"+0000");
    crate::formats::imap::date_time::parse_date_time(&format!("{day}-{month}-{year} {time} {zone}"))
}

fn scan(path: &Path) -> Result<Vec<Entry>> {
    let mut lines = Lines::new(BufReader::with_capacity(256 << 10, File::open(path)?));
    let mut all = Vec::new();
    let mut counts: HashMap<String, u32> = HashMap::new();
    let mut open: Option<Reading> = None;
    // The file begins as if an empty line were before it.
    let mut is_after_empty = true;
    while lines.next()? {
        let text = lines.text();
        if lines.is_start && is_after_empty && is_from_line(text) {
            if let Some(reading) = open.take() {
                all.push(reading.finish(lines.offset, &mut counts));
            }
            open = Some(Reading::begin(
                from_date(text),
                lines.offset + lines.line.len() as u64,
            ));
        } else if let Some(reading) = &mut open {
            reading.take(&lines);
        } else if !text.is_empty() {
            return Err(Error::invalid(format!(
                "{} is no mbox: it does not begin with a From line",
                path.display()
            )));
        }
        is_after_empty = lines.is_start && lines.text().is_empty();
    }
    let end = lines.offset;
    if let Some(reading) = open {
        all.push(reading.finish(end, &mut counts));
    }
    let file_date = modified_ms(path);
    for entry in all.iter_mut().filter(|e| e.received_at_ms.is_none()) {
        // The message's own Date is asked first, when it is stored.
        entry.received_at_ms = entry
            .received_at_ms
            .or(if entry.length == 0 { file_date } else { None });
    }
    Ok(all)
}

/// A message that is being read.
struct Reading {
    offset: u64,
    received_at_ms: Option<TimeMs>,
    head: Vec<u8>,
    is_header: bool,
    /// Lines that Thunderbird puts before the message.
    own: Vec<u8>,
    is_own: bool,
    hasher: blake3::Hasher,
    /// An empty line at the end belongs to the format.
    last_empty: u64,
}

impl Reading {
    fn begin(received_at_ms: Option<TimeMs>, offset: u64) -> Reading {
        Reading {
            offset,
            received_at_ms,
            head: Vec::new(),
            is_header: true,
            own: Vec::new(),
            is_own: true,
            hasher: blake3::Hasher::new(),
            last_empty: 0,
        }
    }

    fn take(&mut self, lines: &Lines<impl std::io::BufRead>) {
        let line = &lines.line;
        let is_own_line = lines.is_start && starts_without_case(line, b"x-mozilla-");
        let is_fold = line.starts_with(b" ") && !self.own.is_empty();
        if self.is_own && (is_own_line || is_fold) {
            self.own.extend_from_slice(line);
            self.offset += line.len() as u64;
            return;
        }
        self.is_own = false;
        let is_empty = lines.is_start && lines.text().is_empty();
        self.last_empty = if is_empty { line.len() as u64 } else { 0 };
        if self.is_header {
            if is_empty || self.head.len() > HEAD {
                self.is_header = false;
            } else {
                self.head.extend_from_slice(line);
            }
        }
        // The same whatever the line ends are.
        self.hasher.update(lines.text());
        if line.ends_with(b"\n") {
            self.hasher.update(b"\n");
        }
    }

    fn finish(self, end: u64, counts: &mut HashMap<String, u32>) -> Entry {
        let hash = self.hasher.finalize().to_hex()[..32].to_owned();
        let count = counts.entry(hash.clone()).or_default();
        *count += 1;
        let name = match *count {
            1 => hash,
            n => format!("{hash}-{n}"),
        };
        let mut entry = Entry {
            name,
            offset: self.offset,
            length: end.saturating_sub(self.offset + self.last_empty),
            marks: Marks::default(),
            received_at_ms: self.received_at_ms,
            role: None,
            is_deleted: false,
        };
        mozilla_marks(&self.own, &mut entry);
        header_marks(&self.head, &mut entry);
        entry
    }
}

fn starts_without_case(line: &[u8], start: &[u8]) -> bool {
    line.get(..start.len())
        .is_some_and(|l| l.eq_ignore_ascii_case(start))
}

/// nsMsgMessageFlags of Thunderbird.
fn mozilla_marks(own: &[u8], entry: &mut Entry) {
    let hex = |name: &str| {
        let value = first(own, name).map(String::from_utf8_lossy)?;
        u32::from_str_radix(value.trim(), 16).ok()
    };
    let status = hex("X-Mozilla-Status").unwrap_or(0);
    for (bit, flag) in [(1, Flags::SEEN), (2, Flags::ANSWERED), (4, Flags::FLAGGED)] {
        if status & bit != 0 {
            entry.marks.add(flag);
        }
    }
    entry.is_deleted = status & 8 != 0;
    if status & 0x1000 != 0 {
        entry.marks.add_name("$Forwarded");
    }
    let keys = first(own, "X-Mozilla-Keys")
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    keys.split_ascii_whitespace()
        .for_each(|k| entry.marks.add_name(k));
}

/// What mutt, Dovecot and we ourselves write, and Gmail's labels.
fn header_marks(head: &[u8], entry: &mut Entry) {
    for field in fields(head) {
        let value = || String::from_utf8_lossy(field.value).trim().to_owned();
        if field.name.eq_ignore_ascii_case(b"Status") && value().contains('R') {
            entry.marks.add(Flags::SEEN);
        } else if field.name.eq_ignore_ascii_case(b"X-Status") {
            for letter in value().chars() {
                match letter {
                    'A' => entry.marks.add(Flags::ANSWERED),
                    'F' => entry.marks.add(Flags::FLAGGED),
                    'T' => entry.marks.add(Flags::DRAFT),
                    'D' => entry.marks.add(Flags::DELETED),
                    _ => {}
                }
            }
        } else if field.name.eq_ignore_ascii_case(b"X-Keywords") {
            value()
                .split_ascii_whitespace()
                .for_each(|k| entry.marks.add_name(k));
        } else if field.name.eq_ignore_ascii_case(b"X-Gmail-Labels") {
            gmail_marks(&decode_text(field.value), entry);
        }
    }
}

/// In the languages of whoever asked for the archive.
const UNREAD: [&str; 8] = [
    "unread",
    "ungelesen",
    "non lus",
    "no leídos",
    "non letto",
    "ongelezen",
    "não lidas",
    "nieprzeczytane",
];
const OPENED: [&str; 6] = ["opened", "geöffnet", "ouvert", "abierto", "aperto", "geopend"];
const STARRED: [&str; 7] = [
    "starred",
    "markiert",
    "suivis",
    "destacados",
    "speciali",
    "met ster",
    "com estrela",
];
const IMPORTANT: [&str; 6] = [
    "important",
    "wichtig",
    "importants",
    "importantes",
    "importanti",
    "belangrijk",
];
const INBOX: [&str; 7] = [
    "inbox",
    "posteingang",
    "boîte de réception",
    "recibidos",
    "posta in arrivo",
    "postvak in",
    "caixa de entrada",
];
const ARCHIVED: [&str; 6] = [
    "archived",
    "archiviert",
    "archivés",
    "archivados",
    "archiviati",
    "gearchiveerd",
];

fn gmail_marks(labels: &str, entry: &mut Entry) {
    let (mut roles, mut is_unread) = (Vec::new(), false);
    for label in labels.split(',').map(str::trim).filter(|l| !l.is_empty()) {
        let lower = label.to_lowercase();
        let is_one_of = |names: &[&str]| names.contains(&lower.as_str());
        if is_one_of(&UNREAD) {
            is_unread = true;
        } else if is_one_of(&STARRED) {
            entry.marks.add(Flags::FLAGGED);
        } else if is_one_of(&INBOX) {
            roles.push(Role::Inbox);
        } else if is_one_of(&IMPORTANT) || is_one_of(&OPENED) || is_one_of(&ARCHIVED) {
            // Gmail's own opinion, and where the message lies anyway.
        } else if let Some(role) = role_of_name(label).filter(|r| *r != Role::Archive) {
            roles.push(role);
        } else if let Some(keyword) = to_keyword(label) {
            entry.marks.keywords.add(&keyword);
        }
    }
    if !is_unread {
        entry.marks.add(Flags::SEEN);
    }
    if roles.contains(&Role::Drafts) {
        entry.marks.add(Flags::DRAFT);
    }
    // One message is in one folder: where it would be missed first.
    let order = [Role::Trash, Role::Junk, Role::Drafts, Role::Inbox, Role::Sent];
    entry.role = order.into_iter().find(|r| roles.contains(r));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(text: &str) -> Vec<Entry> {
        let path = std::env::temp_dir().join(format!(
            "hauspost-mbox-{}-{}",
            std::process::id(),
            &blake3::hash(text.as_bytes()).to_hex()[..16]
        ));
        std::fs::write(&path, text).unwrap();
        let all = scan(&path);
        std::fs::remove_file(&path).unwrap();
        all.unwrap()
    }

    #[test]
    fn messages_are_found_with_their_marks() {
        let all = scanned(
            "From - Sat Nov 22 19:41:05 2026\nX-Mozilla-Status: 1003\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: $label1 \nSubject: a\n\n\
             From here on\n\nFrom me to you\n\n\
             From x@y Sun Feb 02 04:05:06 +0100 2003\nSubject: b\nStatus: RO\nX-Status: F\n\nb\n\n\
             From - Sat Nov 22 19:41:05 2026\nX-Mozilla-Status: 0009\n\nSubject: gone\n\n\n",
        );
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].marks.flags, Flags::SEEN.with(Flags::ANSWERED));
        assert_eq!(all[0].marks.keywords.as_str(), "$Forwarded $label1");
        assert_eq!(
            all[0].length,
            "Subject: a\n\nFrom here on\n\nFrom me to you\n".len() as u64
        );
        assert_eq!(all[0].received_at_ms, Some(1_795_376_465_000));
        assert_eq!(all[1].marks.flags, Flags::SEEN.with(Flags::FLAGGED));
        assert_eq!(all[1].received_at_ms, Some(1_044_155_106_000));
        assert!(all[2].is_deleted && !all[1].is_deleted);
    }

    #[test]
    fn labels_of_gmail_are_folders_flags_and_categories() {
        let all = scanned(
            "From 1@xxx Sun Feb 02 04:05:06 +0000 2003\nX-Gmail-Labels: =?UTF-8?Q?Posteingang,Ungelesen,B=C3=BCro_1,Markiert?=\n\nx\n\n\
             From 2@xxx Sun Feb 02 04:05:06 +0000 2003\nX-Gmail-Labels: Archived,Opened\n\nx\n",
        );
        assert_eq!(
            (all[0].role, all[0].marks.flags),
            (Some(Role::Inbox), Flags::FLAGGED)
        );
        assert_eq!(all[0].marks.keywords.as_str(), "B=C3=BCro=201");
        assert_eq!((all[1].role, all[1].marks.flags), (None, Flags::SEEN));
    }

    #[test]
    fn the_same_message_twice_has_two_names() {
        let one = "From a Sun Feb 02 04:05:06 2003\nA: b\n\nx\n\n";
        let all = scanned(&one.repeat(2));
        assert_eq!(all[1].name, format!("{}-2", all[0].name));
    }
}
