//! Maildir++: a file for each message, flags in its name, the date of arrival as its own (<https://cr.yp.to/proto/maildir.html>,
//! with Dovecot's folders, keywords and subscriptions). Bytes are as they were stored.

use super::items::Record;
use super::{Letter, create, make_folder, names, replace};
use crate::base::{Error, Result};
use crate::model::message::Item;
use crate::model::{Flags, Folder};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

pub struct Maildir {
    root: PathBuf,
    taken: HashSet<String>,
    folders: HashMap<String, Place>,
    /// As Dovecot names them.
    subscribed: BTreeMap<String, ()>,
}

struct Place {
    /// Below the root; empty for the inbox.
    name: String,
    /// The letter is the place in this list.
    keywords: Vec<String>,
}

impl Maildir {
    pub fn open(root: PathBuf) -> Result<Maildir> {
        make_folder(&root)?;
        Ok(Maildir {
            root,
            taken: HashSet::new(),
            folders: HashMap::new(),
            subscribed: BTreeMap::new(),
        })
    }

    pub fn open_folder(&mut self, path: &str, folder: &Folder) -> Result<()> {
        if self.folders.contains_key(path) {
            return Ok(());
        }
        let name = match path {
            "INBOX" => String::new(),
            path => names::unique(names::maildir_folder(path), &mut self.taken),
        };
        let place = self.root.join(&name);
        for sub in ["tmp", "new", "cur"] {
            make_folder(&place.join(sub))?;
        }
        if !name.is_empty() {
            create(&place.join("maildirfolder"))?;
            if folder.is_subscribed {
                self.subscribed.insert(name[1..].to_owned(), ());
                let list: String = self.subscribed.keys().map(|n| format!("{n}\n")).collect();
                replace(&self.root.join("subscriptions"), list.as_bytes())?;
            }
        }
        let keywords = read_keywords(&place)?;
        self.folders.insert(path.to_owned(), Place { name, keywords });
        Ok(())
    }

    pub fn put(&mut self, path: &str, mut letter: Letter<'_>) -> Result<Record> {
        let place = self
            .folders
            .get_mut(path)
            .ok_or_else(|| Error::internal("a message for a folder that is not open"))?;
        let folder = self.root.join(&place.name);
        let letters = keyword_letters(&folder, place, letter.item)?;
        let name = file_name(letter.item, letter.body.size_bytes(), &letters);
        let temporary = folder.join("tmp").join(format!("{}.hauspost", letter.item.id));
        let mut file = create(&temporary)?;
        let sha256 = letter.copy(|piece| Ok(file.write_all(piece)?))?;
        let received = Duration::from_millis(letter.item.received_at_ms.max(0) as u64);
        file.set_modified(UNIX_EPOCH + received)?;
        let to = folder.join("cur").join(&name);
        fs::rename(&temporary, &to).map_err(|e| match e.raw_os_error() {
            Some(libc::EINVAL) => Error::invalid(
                "the disk does not take the file names of a Maildir (exFAT and NTFS have no »:«); use --as mbox",
            )
            .caused_by(e),
            _ => e.into(),
        })?;
        let mut below = PathBuf::from("Maildir");
        below.push(&place.name);
        below.push("cur");
        below.push(name);
        Ok(letter.record(path, below.to_string_lossy().into_owned(), sha256))
    }
}

/// `1763800000.42.hauspost,S=1234:2,FSa`. S is what Dovecot would otherwise have to find out.
fn file_name(item: &Item, size: u64, keyword_letters: &str) -> String {
    let mut flags = String::new();
    // In the order of the alphabet, as the format wants it.
    for (flag, letter) in [
        (Flags::DRAFT, 'D'),
        (Flags::FLAGGED, 'F'),
        (Flags::ANSWERED, 'R'),
        (Flags::SEEN, 'S'),
        (Flags::DELETED, 'T'),
    ] {
        if item.flags.contains(flag) {
            flags.push(letter);
        }
    }
    let seconds = item.received_at_ms.div_euclid(1000);
    format!(
        "{seconds}.{}.hauspost,S={size}:2,{flags}{keyword_letters}",
        item.id
    )
}

/// Dovecot's file: a line for each, number and word. A folder has room for 26.
fn read_keywords(folder: &Path) -> Result<Vec<String>> {
    let text = match fs::read_to_string(folder.join("dovecot-keywords")) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e.into()),
    };
    Ok(text
        .lines()
        .filter_map(|l| l.split_once(' '))
        .map(|(_, word)| word.to_owned())
        .collect())
}

/// The letters of an item's keywords; a new word gets the next one. What finds none is in items.jsonl still.
fn keyword_letters(folder: &Path, place: &mut Place, item: &Item) -> Result<String> {
    let mut letters = Vec::new();
    let before = place.keywords.len();
    for word in item.keywords.as_str().split(' ').filter(|w| !w.is_empty()) {
        let known = place.keywords.iter().position(|k| k.eq_ignore_ascii_case(word));
        let at = match known {
            Some(at) => at,
            None if place.keywords.len() < 26 => {
                place.keywords.push(word.to_owned());
                place.keywords.len() - 1
            }
            None => continue,
        };
        letters.push(b'a' + at as u8);
    }
    if place.keywords.len() > before {
        let lines = place.keywords.iter().enumerate();
        let text: String = lines.map(|(n, word)| format!("{n} {word}\n")).collect();
        replace(&folder.join("dovecot-keywords"), text.as_bytes())?;
    }
    letters.sort_unstable();
    Ok(String::from_utf8_lossy(&letters).into_owned())
}
