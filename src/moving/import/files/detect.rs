//! Finding out what lies in a folder: mail folders and collections, whatever program has left them there.

use super::eml::{self, Messages};
use super::maildir::{self, Maildir};
use super::mbox::{self, Mbox};
use super::objects::{Objects, look_at_calendar};
use super::{Found, Holds, Kind, entries, exported, file_name, pst};
use crate::base::Result;
use crate::formats::imap::mailbox_name::{Names, decode};
use crate::model::FolderKind;
use crate::moving::import::source::SourceFolder;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Folders within folders that are looked into.
const DEEPEST: usize = 40;

pub struct Look {
    root: PathBuf,
    pub found: Vec<Found>,
    pub problems: Vec<String>,
    /// Of exports of ours, one for each account.
    pub exports: Vec<PathBuf>,
}

/// Files of one folder, by what they are.
#[derive(Default)]
struct Sorted {
    messages: Vec<PathBuf>,
    calendars: Vec<PathBuf>,
    cards: Vec<PathBuf>,
    mailboxes: Vec<PathBuf>,
    stores: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

fn join(above: &str, name: &str) -> String {
    match above {
        "" => name.to_owned(),
        above => format!("{above}/{name}"),
    }
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    wanted.iter().any(|w| extension == *w)
}

fn count_exports(folder: &Path, depth: usize) -> usize {
    if depth > DEEPEST {
        return 0;
    }
    if exported::is_export(folder) {
        return 1;
    }
    let below = entries(folder).unwrap_or_default();
    below
        .iter()
        .filter(|path| path.is_dir())
        .map(|path| count_exports(path, depth + 1))
        .sum()
}

impl Look {
    pub fn new(root: PathBuf) -> Look {
        Look {
            root,
            found: Vec::new(),
            problems: Vec::new(),
            exports: Vec::new(),
        }
    }

    pub fn add_mail(&mut self, path: String, content: Holds) {
        let folder = SourceFolder {
            path,
            is_subscribed: true,
            ..SourceFolder::default()
        };
        self.found.push(Found { folder, content });
    }

    fn add_objects(&mut self, name: String, kind: FolderKind, files: Vec<PathBuf>) {
        let folder = SourceFolder {
            path: name,
            kind,
            ..SourceFolder::default()
        };
        let content = Holds::Objects(Objects::new(files, kind));
        self.found.push(Found { folder, content });
    }

    pub fn find(&mut self, kind: Kind) -> Result<()> {
        let root = self.root.clone();
        if root.is_file() {
            self.find_in_file(&root, kind);
            return self.name_apart();
        }
        match kind {
            Kind::Exported => exported::find(&root, self)?,
            Kind::Any if exported::is_export(&root) => exported::find(&root, self)?,
            Kind::Maildir | Kind::Any if maildir::is_maildir(&root) => self.find_maildir(&root, "")?,
            _ => {
                let start = thunderbird(&root);
                match start.is_empty() {
                    true => self.walk(&root, "", 0)?,
                    false => {
                        let is_one = start.len() == 1;
                        for server in start {
                            let above = if is_one {
                                String::new()
                            } else {
                                file_name(&server, false)
                            };
                            self.walk(&server, &above, 0)?;
                        }
                        self.note_databases(&root);
                    }
                }
            }
        }
        let is_wanted = |f: &Found| match kind {
            Kind::Any | Kind::Exported => true,
            Kind::Maildir => matches!(f.content, Holds::Maildir(_)),
            Kind::Mbox => matches!(f.content, Holds::Mbox(_)),
            Kind::Eml => matches!(f.content, Holds::Eml(_)),
            Kind::Ics => matches!(f.folder.kind, FolderKind::Calendar | FolderKind::TaskList),
            Kind::Vcf | Kind::Csv => f.folder.kind == FolderKind::AddressBook,
        };
        self.found.retain(is_wanted);
        self.name_apart()
    }

    /// Two files may call themselves the same: the second gets a number.
    fn name_apart(&mut self) -> Result<()> {
        let mut taken = HashSet::new();
        for found in &mut self.found {
            let kind = found.folder.kind;
            let plain = found.folder.path.clone();
            let mut n = 1;
            while !taken.insert((kind as i64, found.folder.path.clone())) {
                n += 1;
                found.folder.path = format!("{plain} {n}");
            }
        }
        Ok(())
    }

    fn find_in_file(&mut self, file: &Path, kind: Kind) {
        let sorted = |s: &mut Sorted| match kind {
            Kind::Mbox => s.mailboxes.push(file.to_owned()),
            Kind::Eml => s.messages.push(file.to_owned()),
            Kind::Ics => s.calendars.push(file.to_owned()),
            Kind::Vcf | Kind::Csv => s.cards.push(file.to_owned()),
            _ => sort_file(file.to_owned(), s),
        };
        let mut all = Sorted::default();
        sorted(&mut all);
        self.take_files(all, "", "INBOX");
    }

    fn walk(&mut self, folder: &Path, above: &str, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            self.problems.push(format!("{}: too deep", folder.display()));
            return Ok(());
        }
        if exported::is_export(folder) {
            return self.find_export(folder, above);
        }
        if maildir::is_maildir(folder) {
            return self.find_maildir(folder, above);
        }
        let mut sorted = Sorted::default();
        for path in entries(folder)? {
            match path.is_dir() {
                true => sorted.folders.push(path),
                false => sort_file(path, &mut sorted),
            }
        }
        let folders = std::mem::take(&mut sorted.folders);
        let own = file_name(folder, false);
        self.take_files(sorted, above, if above.is_empty() { &own } else { above });
        for below in folders {
            let name = file_name(&below, false);
            if name.starts_with('.') {
                continue;
            }
            // Thunderbird's and Apple's way to say that something lies below a folder, and a mail server's for all of it.
            let name = name
                .strip_suffix(".sbd")
                .or(name.strip_suffix(".mbox"))
                .unwrap_or(&name);
            let path = if name == "Maildir" {
                above.to_owned()
            } else {
                join(above, name)
            };
            self.walk(&below, &path, depth + 1)?;
        }
        Ok(())
    }

    /// Somewhere below. The only one comes as it was; of several each has its folders below its name, as one mailbox has one inbox.
    fn find_export(&mut self, home: &Path, above: &str) -> Result<()> {
        let start = self.found.len();
        exported::find(home, self)?;
        if count_exports(&self.root, 0) > 1 {
            for found in &mut self.found[start..] {
                if found.folder.kind == FolderKind::Mail {
                    found.folder.path = join(above, &found.folder.path);
                    found.folder.role = None;
                }
            }
        }
        Ok(())
    }

    /// `whole`: what the folder itself is called.
    fn take_files(&mut self, sorted: Sorted, above: &str, whole: &str) {
        for file in sorted.mailboxes {
            let name = match file_name(&file, false) {
                // Apple's folder `Name.mbox` with a file `mbox` in it.
                name if name == "mbox" && !above.is_empty() => above.to_owned(),
                name => join(above, name.strip_suffix(".mbox").unwrap_or(&name)),
            };
            if mbox::is_gmail(&file) {
                for (mailbox, (_, folder)) in Mbox::of_gmail(file).into_iter().zip(mbox::GMAIL) {
                    self.add_mail(folder.to_owned(), Holds::Mbox(mailbox));
                }
            } else {
                self.add_mail(name, Holds::Mbox(Mbox::new(file)));
            }
        }
        for file in sorted.stores {
            self.take_store(&file, above);
        }
        if !sorted.messages.is_empty() {
            let path = if above.is_empty() { whole } else { above };
            self.add_mail(path.to_owned(), Holds::Eml(Messages::new(sorted.messages)));
        }
        self.take_collections(sorted.calendars, sorted.cards, whole);
    }

    fn take_store(&mut self, file: &Path, above: &str) {
        let (found, problems) = match pst::look(file) {
            Ok(found) => found,
            Err(e) => {
                self.problems.push(format!("{}: {}", file.display(), e.message()));
                return;
            }
        };
        let named = problems.into_iter().map(|p| format!("{}: {p}", file.display()));
        self.problems.extend(named);
        for f in found {
            let folder = SourceFolder {
                path: match f.items.kind() {
                    FolderKind::Mail => join(above, &f.path),
                    _ => f.path.rsplit('/').next().unwrap_or(&f.path).to_owned(),
                },
                kind: f.items.kind(),
                role: f.role,
                is_subscribed: true,
                ..SourceFolder::default()
            };
            self.found.push(Found {
                folder,
                content: Holds::Outlook(f.items),
            });
        }
    }

    fn take_collections(&mut self, calendars: Vec<PathBuf>, cards: Vec<PathBuf>, whole: &str) {
        let last = whole.rsplit('/').next().unwrap_or(whole).to_owned();
        let is_many = calendars.len() > 3;
        let mut by_name: BTreeMap<String, (Vec<PathBuf>, bool, bool)> = BTreeMap::new();
        for file in calendars {
            let (name, has_events, has_tasks) = look_at_calendar(&file);
            // One event a file, as vdirsyncer keeps them: the folder is the calendar.
            let name = if is_many && name == file_name(&file, true) {
                last.clone()
            } else {
                name
            };
            let entry = by_name.entry(name).or_default();
            entry.0.push(file);
            entry.1 |= has_events;
            entry.2 |= has_tasks;
        }
        for (name, (files, has_events, has_tasks)) in by_name {
            if has_events {
                self.add_objects(name.clone(), FolderKind::Calendar, files.clone());
            }
            if has_tasks {
                self.add_objects(name, FolderKind::TaskList, files);
            }
        }
        if cards.len() > 3 {
            self.add_objects(last, FolderKind::AddressBook, cards);
        } else {
            for file in cards {
                self.add_objects(file_name(&file, true), FolderKind::AddressBook, vec![file]);
            }
        }
    }

    /// A mailbox with its folders, as Maildir++ (`.A.B`) or in folders.
    fn find_maildir(&mut self, root: &Path, above: &str) -> Result<()> {
        let subscribed = std::fs::read_to_string(root.join("subscriptions")).ok();
        let name = if above.is_empty() { "INBOX" } else { above };
        self.add_mail(name.to_owned(), Holds::Maildir(Maildir::new(root.to_owned())));
        for path in entries(root)? {
            let raw = file_name(&path, false);
            if !path.is_dir() || ["cur", "new", "tmp"].contains(&raw.as_str()) {
                continue;
            }
            if !maildir::is_maildir(&path) {
                if !raw.starts_with('.') {
                    self.walk(&path, &join(above, &raw), 1)?;
                }
                continue;
            }
            let Some(levels) = raw.strip_prefix('.') else {
                self.find_maildir(&path, &join(above, &raw))?;
                continue;
            };
            let decoded = decode(levels.as_bytes(), Names::Utf7).unwrap_or_else(|| levels.to_owned());
            let below = decoded.replace('/', "_").replace('.', "/");
            self.add_mail(join(above, &below), Holds::Maildir(Maildir::new(path)));
            if let (Some(list), Some(last)) = (&subscribed, self.found.last_mut()) {
                last.folder.is_subscribed = list.lines().any(|l| l == levels);
            }
        }
        Ok(())
    }

    /// Contacts and calendars of a profile lie in databases that belong to Thunderbird.
    fn note_databases(&mut self, root: &Path) {
        for (file, what) in [
            (
                "abook.sqlite",
                "contacts: export them in Thunderbird's address book as VCF",
            ),
            (
                "calendar-data/local.sqlite",
                "events: export them in Thunderbird's calendar as ICS",
            ),
        ] {
            if root.join(file).exists() {
                self.problems
                    .push(format!("{file} holds {what}, and import that file too"));
            }
        }
    }
}

fn sort_file(path: PathBuf, sorted: &mut Sorted) {
    let name = file_name(&path, false);
    if name.starts_with('.') || !path.is_file() {
        return;
    }
    if pst::is_store(&path) {
        sorted.stores.push(path);
    } else if eml::is_message(&path) {
        sorted.messages.push(path);
    } else if has_extension(&path, &["ics", "ical", "icalendar"]) {
        sorted.calendars.push(path);
    } else if has_extension(&path, &["vcf", "vcard"])
        || (has_extension(&path, &["csv"]) && is_table_of_contacts(&path))
    {
        sorted.cards.push(path);
    } else if mbox::is_mbox(&path) {
        sorted.mailboxes.push(path);
    }
}

fn is_table_of_contacts(path: &Path) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|f| f.take(64 << 10).read_to_end(&mut head));
    read.is_ok() && super::csv::is_contacts(&head)
}

/// The servers' folders of a profile, with a mailbox in them. Empty: it is none.
fn thunderbird(root: &Path) -> Vec<PathBuf> {
    if !root.join("prefs.js").exists() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for place in ["Mail", "ImapMail"] {
        let servers = entries(&root.join(place)).unwrap_or_default();
        out.extend(servers.into_iter().filter(|p| p.is_dir()));
    }
    out
}
