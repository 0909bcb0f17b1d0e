//! Data files of Outlook (`.pst` and `.ost`, MS-PST): folders with messages and contacts. Events, tasks and what else lies in them
//! is named, and stays where it is.

mod database;
mod message;
mod table;

use super::mapi::{self, Properties, cleaned};
use crate::base::{Error, Result};
use crate::mail::Intake;
use crate::model::{FolderKind, Role};
use crate::moving::import::source::Listed;
use database::{Database, number};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::rc::Rc;
use table::{Bag, row_ids};

/// Folders within folders.
const DEEPEST: usize = 40;
const MOST_FOLDERS: usize = 20_000;
/// The store itself, and the folder above all.
const STORE: u32 = 0x21;
const ROOT: u32 = 0x122;
/// The last five bits of a node's number say what it is.
const KIND: u32 = 0x1F;
const FOLDER: u32 = 0x02;
/// A folder's tables have its number, but for the kind.
const FOLDERS_IN: u32 = 0x0D;
const ITEMS_IN: u32 = 0x0E;

pub fn is_store(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    ["pst", "ost"].iter().any(|e| extension == *e)
}

fn damaged(what: impl std::fmt::Display) -> Error {
    Error::invalid(format!("the data file of Outlook is damaged: {what}"))
}

/// What a folder of the file holds of one kind.
pub struct Items {
    file: Rc<RefCell<Database>>,
    kind: FolderKind,
    listed: Vec<Listed>,
    ids: Vec<u32>,
}

/// A folder of the file.
pub struct Found {
    pub path: String,
    pub role: Option<Role>,
    pub items: Items,
}

/// Everything in a file that can be moved, and in words what stays. Errors: Invalid.
pub fn look(path: &Path) -> Result<(Vec<Found>, Vec<String>)> {
    let mut walk = Walk {
        file: Rc::new(RefCell::new(Database::open(path)?)),
        found: Vec::new(),
        problems: Vec::new(),
        seen: HashSet::new(),
        trash: None,
    };
    let file = walk.file.clone();
    let store = file.borrow_mut().node(STORE)?;
    let mut properties = Bag::read(&file, store)?;
    // An entry's last four bytes are its number here.
    let mut entry = |id| {
        let raw = properties.binary(id).ok().flatten();
        raw.filter(|raw| raw.len() >= 24)
            .map(|raw| number(&raw, 20, 4) as u32)
    };
    let top = entry(0x35E0);
    walk.trash = entry(0x35E3);
    let top = top.unwrap_or_else(|| walk.subtree());
    walk.below(top, "", 0)?;
    Ok((walk.found, walk.problems))
}

struct Walk {
    file: Rc<RefCell<Database>>,
    found: Vec<Found>,
    problems: Vec<String>,
    seen: HashSet<u32>,
    trash: Option<u32>,
}

impl Walk {
    /// Caches do not say where a person's folders begin, but have them under the name that servers give it; those of the
    /// whole company have it too, and are empty.
    fn subtree(&mut self) -> u32 {
        for mailbox in self.ids(ROOT, FOLDERS_IN, "") {
            for folder in self.ids(mailbox, FOLDERS_IN, "") {
                self.file.borrow_mut().begin();
                let is_named = self.name(folder).is_ok_and(|(name, _)| name == "IPM_SUBTREE");
                if is_named && !self.ids(folder, FOLDERS_IN, "").is_empty() {
                    return folder;
                }
            }
        }
        self.problems.clear();
        ROOT
    }

    fn below(&mut self, id: u32, path: &str, depth: usize) -> Result<()> {
        if depth > DEEPEST || self.seen.len() >= MOST_FOLDERS || !self.seen.insert(id) {
            self.problems.push(format!(
                "»{path}«: folders lie too deep in each other, or in a circle"
            ));
            return Ok(());
        }
        for child in self.ids(id, FOLDERS_IN, path) {
            // Searches that were kept look like folders.
            if child & KIND != FOLDER {
                continue;
            }
            self.file.borrow_mut().begin();
            let (name, class) = self.name(child)?;
            let inner = match path {
                "" => name,
                above => format!("{above}/{name}"),
            };
            self.take(child, &inner, &class);
            self.below(child, &inner, depth + 1)?;
        }
        Ok(())
    }

    /// Of the rows of one of a folder's tables.
    fn ids(&mut self, folder: u32, kind: u32, path: &str) -> Vec<u32> {
        self.file.borrow_mut().begin();
        let node = self.file.borrow_mut().node(folder & !KIND | kind);
        node.and_then(|node| row_ids(&self.file, node))
            .unwrap_or_else(|e| {
                self.problems.push(format!(
                    "»{path}«: what is in the folder cannot be read: {}",
                    e.message()
                ));
                Vec::new()
            })
    }

    fn name(&self, folder: u32) -> Result<(String, String)> {
        let node = self.file.borrow_mut().node(folder)?;
        let mut bag = Bag::read(&self.file, node)?;
        let name = bag.text(0x3001)?.unwrap_or_else(|| format!("{folder:x}"));
        Ok((
            cleaned(&name).replace('/', "-"),
            bag.text(0x3613)?.unwrap_or_default(),
        ))
    }

    /// `class`: what the folder says that it is for.
    fn take(&mut self, folder: u32, path: &str, class: &str) {
        let mut kinds: BTreeMap<i64, Items> = BTreeMap::new();
        let file = self.file.clone();
        let new = |kind| Items {
            file: file.clone(),
            kind,
            listed: Vec::new(),
            ids: Vec::new(),
        };
        if class.is_empty() || class.starts_with("IPF.Note") {
            kinds.insert(FolderKind::Mail as i64, new(FolderKind::Mail));
        }
        let mut left: BTreeMap<String, u64> = BTreeMap::new();
        for id in self.ids(folder, ITEMS_IN, path) {
            file.borrow_mut().begin();
            let node = file.borrow_mut().node(id);
            // What cannot be read says so when it is fetched.
            let mut bag = node.and_then(|node| Bag::read(&file, node)).ok();
            let class = bag.as_mut().and_then(|b| b.text(0x001A).ok().flatten());
            let Some(kind) = kind_of(class.as_deref().unwrap_or_default()) else {
                *left.entry(class.unwrap_or_default()).or_default() += 1;
                continue;
            };
            let items = kinds.entry(kind as i64).or_insert_with(|| new(kind));
            items.add(id, bag.as_ref());
        }
        for (class, count) in left {
            self.problems.push(format!(
                "»{path}«: {count} {} in the data file of Outlook",
                staying(&class)
            ));
        }
        let role = (self.trash == Some(folder)).then_some(Role::Trash);
        for items in kinds.into_values() {
            self.found.push(Found {
                path: path.to_owned(),
                role: role.filter(|_| items.kind == FolderKind::Mail),
                items,
            });
        }
    }
}

/// None: it is nothing that can be moved.
fn kind_of(class: &str) -> Option<FolderKind> {
    let is = |name: &str| {
        let head = class.get(..name.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(name))
    };
    if is("IPM.Contact") {
        return Some(FolderKind::AddressBook);
    }
    let stays = ["IPM.Appointment", "IPM.Task", "IPM.DistList", "IPM.Activity"];
    (!stays.into_iter().any(is)).then_some(FolderKind::Mail)
}

fn staying(class: &str) -> &str {
    match class
        .split('.')
        .nth(1)
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "appointment" => "events stay (save the calendar in Outlook as .ics, and import that)",
        "task" => "tasks stay",
        "distlist" => "distribution lists stay",
        _ => "entries of the journal stay",
    }
}

impl Items {
    pub fn kind(&self) -> FolderKind {
        self.kind
    }

    fn add(&mut self, id: u32, bag: Option<&Bag<'_>>) {
        let is_mail = self.kind == FolderKind::Mail;
        let (marks, received_at_ms) = bag.map(|b| mapi::marks(b)).unwrap_or_default();
        let changed = bag.and_then(|b| b.number(0x3008)).unwrap_or_default();
        self.listed.push(Listed {
            name: format!("{id:08x}"),
            size_bytes: bag.and_then(|b| b.number(0x0E08)).unwrap_or(0),
            marks: is_mail.then_some(marks),
            received_at_ms: received_at_ms.filter(|_| is_mail),
            tag: format!("{changed:x}"),
            place: self.ids.len() as u64,
        });
        self.ids.push(id);
    }

    pub fn list(&self) -> Result<Vec<Listed>> {
        Ok(self.listed.clone())
    }

    /// Errors: Invalid.
    pub fn read(&self, listed: &Listed, intake: &mut Intake) -> Result<()> {
        intake.write(&self.bytes(listed)?)
    }

    fn bytes(&self, listed: &Listed) -> Result<Vec<u8>> {
        let at = usize::try_from(listed.place).ok();
        let id = at.and_then(|at| self.ids.get(at));
        let id = *id.ok_or_else(|| Error::internal("an item that was not listed"))?;
        self.file.borrow_mut().begin();
        match self.kind {
            FolderKind::AddressBook => message::contact(&self.file, id),
            _ => message::message(&self.file, id),
        }
    }
}

/// The bytes that all items of a file come to; what cannot be read counts nothing. Errors: Invalid.
pub fn weigh(path: &Path) -> Result<u64> {
    let (found, _) = look(path)?;
    let sizes = found.iter().flat_map(|f| {
        let bytes = |item| f.items.bytes(item).map_or(0, |raw| raw.len() as u64);
        f.items.listed.iter().map(bytes)
    });
    Ok(sizes.sum())
}
