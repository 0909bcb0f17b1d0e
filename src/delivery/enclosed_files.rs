//! Files that come with an invitation by mail, as parts that the calendar refers to by their Content-ID (RFC 5545
//! §3.8.1.1) or as bytes inside of it: they are held beside the event like those that people attach here (RFC 8607).

use crate::base::Result;
use crate::calendar::attach::{MAX_FILE_BYTES, MAX_FILES, PATH};
use crate::formats::content_line::Property;
use crate::formats::ical::Message;
use crate::formats::ical::attachment::{HeldLine, content_type, file_name};
use crate::formats::mime::calendar_part::{CalendarMail, MailFile};
use crate::formats::mime::transfer::decode_base64;
use crate::store::Store;
use crate::store::attachment::HeldFile;
use crate::store::blob::Staged;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::collections::HashMap;

/// Different files of one mail that are decoded, and lines of it that are looked at: a few bytes may name a large part
/// again and again.
const MAX_TRIED: usize = 2 * MAX_FILES;
const MAX_LINES: usize = 5_000;

/// The files of one mail: each is decoded and staged once, whichever lines of whichever messages name it.
pub struct EnclosedFiles<'a> {
    store: &'a Store,
    mail: &'a CalendarMail<'a>,
    /// By which name it is asked for; None: there is none, or it is too large.
    found: HashMap<String, Option<Found>>,
    lines: usize,
}

#[derive(Clone)]
struct Found {
    /// What the mail calls it.
    name: Option<String>,
    content_type: String,
    staged: Staged,
}

impl<'a> EnclosedFiles<'a> {
    pub fn new(store: &'a Store, mail: &'a CalendarMail<'a>) -> Self {
        EnclosedFiles {
            store,
            mail,
            found: HashMap::new(),
            lines: 0,
        }
    }

    /// Takes the files out of a message, which names them by their managed ids from now on. What is too large, or one too
    /// many, stays as it is. `most_bytes`: what there is room for. `host`: ours. Blocks. Errors: what the disk says.
    pub fn take(&mut self, message: &mut Message, host: &str, most_bytes: u64) -> Result<Vec<HeldFile>> {
        let uid = message.object.uid.clone();
        let mut out: Vec<HeldFile> = Vec::new();
        let mut left = most_bytes;
        let lines = message.object.calendar.parts.iter_mut();
        for line in lines
            .flat_map(|c| &mut c.properties)
            .filter(|p| p.name == "ATTACH")
        {
            // A name of ours that somebody outside writes means nothing.
            line.take_param("MANAGED-ID");
            self.lines += 1;
            if self.lines > MAX_LINES {
                continue;
            }
            let Some(file) = self.find(line, left)? else {
                continue;
            };
            let managed_id = managed_id_of(&uid, &file.staged);
            let size_bytes = file.staged.size_bytes();
            if !out.iter().any(|f| f.managed_id == managed_id) {
                if out.len() >= MAX_FILES || size_bytes > left {
                    continue;
                }
                left -= size_bytes;
                out.push(HeldFile {
                    managed_id: managed_id.clone(),
                    staged: file.staged,
                });
            }
            // What the calendar calls it, where it calls it something.
            let own = file_name(line);
            let name = file.name.filter(|_| own == "attachment");
            let name = name.unwrap_or_else(|| own.to_owned());
            let path = utf8_percent_encode(&name, NON_ALPHANUMERIC).to_string();
            let held = HeldLine {
                url: format!("https://{host}{PATH}{managed_id}/{}", path.replace("%2E", ".")),
                managed_id,
                name,
                content_type: file.content_type,
                size_bytes,
            };
            *line = Property {
                line: line.line,
                ..held.print()
            };
        }
        Ok(out)
    }

    /// The file that a line names or holds. `left`: what is larger is not even staged.
    fn find(&mut self, line: &Property, left: u64) -> Result<Option<Found>> {
        let Some(source) = Source::of(line) else {
            return Ok(None);
        };
        let key = source.key();
        if let Some(known) = self.found.get(&key) {
            return Ok(known.clone());
        }
        if self.found.len() >= MAX_TRIED {
            return Ok(None);
        }
        let file = source
            .read(self.mail, line)
            .filter(|f| f.content.len() as u64 <= left);
        let found = match file {
            Some(file) => Some(Found {
                staged: Staged::from_bytes(self.store.layout(), &file.content)?,
                name: file.name,
                content_type: file.content_type,
            }),
            None => None,
        };
        self.found.insert(key, found.clone());
        Ok(found)
    }
}

/// The same file of the same event has the same name, however often it comes; nobody guesses it who has not got it.
fn managed_id_of(uid: &str, staged: &Staged) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(uid.as_bytes());
    hasher.update(staged.hash());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// Where a line has its file.
enum Source<'l> {
    /// In the line, as base64.
    Inside(&'l str),
    /// In the part of this Content-ID.
    Part(String),
}

impl<'l> Source<'l> {
    /// None: elsewhere.
    fn of(line: &'l Property) -> Option<Source<'l>> {
        let says = |name: &str, word: &str| line.param(name).is_some_and(|v| v.eq_ignore_ascii_case(word));
        if says("VALUE", "BINARY") || says("ENCODING", "BASE64") {
            return Some(Source::Inside(&line.value));
        }
        let scheme = line.value.get(..4).filter(|s| s.eq_ignore_ascii_case("cid:"));
        let id = scheme.and_then(|_| line.value.get(4..))?;
        let id = percent_decode_str(id.trim()).decode_utf8_lossy();
        Some(Source::Part(id.trim_matches(['<', '>']).to_owned()))
    }

    fn key(&self) -> String {
        match self {
            Source::Inside(text) => format!("={}", blake3::hash(text.as_bytes()).to_hex()),
            Source::Part(id) => format!(":{id}"),
        }
    }

    fn read(&self, mail: &CalendarMail<'_>, line: &Property) -> Option<MailFile> {
        let most = MAX_FILE_BYTES as usize;
        match self {
            Source::Inside(text) => {
                let content = decode_base64(text.as_bytes(), most + 1);
                (content.len() <= most).then(|| MailFile {
                    name: None,
                    content_type: content_type(line).to_owned(),
                    content,
                })
            }
            Source::Part(id) => mail.file(id, most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::print::print_component;
    use crate::formats::ical::itip::read_messages;

    /// Where files are put while they are on their way.
    struct Scratch {
        root: std::path::PathBuf,
        store: std::sync::Arc<Store>,
    }

    fn scratch(name: &str) -> Scratch {
        let root = std::env::temp_dir().join(format!("hauspost-enclosed-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        let clock = std::sync::Arc::new(crate::base::SystemClock);
        let store = Store::open(&root, crate::store::Options::default(), clock).unwrap();
        Scratch { root, store }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }

    const MAIL: &str = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n\
        BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20300107T090000Z\r\n\
        ATTACH;FMTTYPE=text/plain;FILENAME=plan.txt:CID:%3Cone@other%3E\r\nATTACH;MANAGED-ID=guessed:cid:one@other\r\n\
        ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=image/png;X-FILENAME=p.png:aGFsbG8=\r\nATTACH:https://other.test/x\r\n\
        ATTACH:cid:missing\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b\r\nContent-Type: text/plain; name=\"w.txt\"\r\nContent-ID: <one@other>\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nVGhlIHBsYW4=\r\n--b--\r\n";

    #[test]
    fn files_are_taken_out_once_and_what_is_elsewhere_stays() {
        let scratch = scratch("taken");
        let mail = CalendarMail::parse(MAIL.as_bytes());
        let text = mail.calendars().remove(0).text;
        let taken = |most: u64| {
            let mut message = read_messages(text.as_bytes(), None).unwrap().remove(0);
            let mut enclosed = EnclosedFiles::new(&scratch.store, &mail);
            let files = enclosed.take(&mut message, "box.test", most).unwrap();
            let lines = print_component(&message.object.calendar).replace("\r\n ", "");
            (files, lines)
        };
        let (files, lines) = taken(u64::MAX);
        let contents: Vec<Vec<u8>> = files.iter().map(|f| f.staged.read_all().unwrap()).collect();
        assert_eq!(contents, [b"The plan".to_vec(), b"hallo".to_vec()]);
        assert!(
            lines.contains("FMTTYPE=text/plain;SIZE=8;FILENAME=plan.txt:https://box.test/dav/attachments/"),
            "{lines}"
        );
        assert!(
            lines.contains("FMTTYPE=image/png;SIZE=5;FILENAME=p.png:https://box.test/"),
            "{lines}"
        );
        assert!(
            lines.contains("ATTACH:https://other.test/x\r\n") && lines.contains("ATTACH:cid:missing"),
            "{lines}"
        );
        assert!(
            !lines.contains("guessed") && !lines.contains("aGFsbG8"),
            "{lines}"
        );
        assert_eq!(
            lines.matches(&files[0].managed_id).count(),
            4,
            "both lines name the one file: {lines}"
        );
        // The same again has the same name; without room all stays as it came.
        assert_eq!(taken(u64::MAX).1, lines);
        let (none, lines) = taken(4);
        assert!(
            none.is_empty() && lines.contains("aGFsbG8=") && lines.contains("%3Cone@other"),
            "{lines}"
        );
    }

    /// A few bytes that name a large part cost nothing more than the part, however often they come.
    #[test]
    fn a_file_is_decoded_and_staged_once_and_only_so_many_are_tried() {
        let scratch = scratch("often");
        let same = "ATTACH;MANAGED-ID=guessed:cid:one@other\r\n".repeat(MAX_LINES + 10);
        let missing: String = (0..3 * MAX_TRIED)
            .map(|n| format!("ATTACH:cid:{n}@missing\r\n"))
            .collect();
        for (lines, tried, taken) in [(same, 1, MAX_LINES), (missing, MAX_TRIED, 0)] {
            let raw = MAIL.replace("ATTACH:https://other.test/x\r\n", "");
            let start = raw.find("ATTACH;FMTTYPE").unwrap();
            let end = raw.find("END:VEVENT").unwrap();
            let raw = format!("{}{lines}{}", &raw[..start], &raw[end..]);
            let mail = CalendarMail::parse(raw.as_bytes());
            let text = mail.calendars().remove(0).text;
            let mut enclosed = EnclosedFiles::new(&scratch.store, &mail);
            // Twice: each message of the mail shares what was found for the one before.
            for n in 0..2 {
                let mut message = read_messages(text.as_bytes(), None).unwrap().remove(0);
                let files = enclosed.take(&mut message, "box.test", u64::MAX).unwrap();
                assert_eq!(enclosed.found.len(), tried);
                let printed = print_component(&message.object.calendar).replace("\r\n ", "");
                let held = printed.matches(":https://box.test/dav/attachments/").count();
                let expected = if n == 0 { taken } else { 0 };
                assert_eq!((held, files.len()), (expected, expected.min(1)));
                assert!(!printed.contains("guessed"));
            }
        }
    }
}
