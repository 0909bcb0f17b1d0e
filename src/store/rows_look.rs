//! Looking for something in an account's rows as a backup has them, without making an account of them.

use super::blob::Hash;
use crate::base::{Error, Result, TimeMs};
use crate::model::FolderKind;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// Something that the account had then.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredItem {
    pub id: i64,
    /// message, event, task or contact.
    pub kind: &'static str,
    /// Path of the mail folder, name of the collection.
    pub folder: String,
    /// Subject, summary or full name.
    pub title: String,
    pub sender: Option<String>,
    pub at_ms: TimeMs,
    pub size_bytes: i64,
    #[serde(skip)]
    pub hash: Hash,
}

/// Which of them are meant; None: all.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub folder: Option<String>,
    /// As [`StoredFolder`] numbers it.
    pub folder_id: Option<i64>,
    /// Only what comes behind this one in the list: its time and number.
    pub after: Option<(TimeMs, i64)>,
    /// In title or sender, whatever the case of letters.
    pub text: Option<String>,
}

/// A folder that the account had then.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredFolder {
    pub id: i64,
    /// What is in it: message, event, task or contact.
    pub kind: &'static str,
    /// Path of a mail folder, name of a collection as people see it.
    pub name: String,
    /// The task that it has among its kind (`inbox`, `sent`), where it has one.
    pub role: Option<String>,
    pub items: i64,
}

const ITEMS: &str = "SELECT i.id, i.folder_id, o.kind, coalesce(o.title, h.subject, ''), h.sender, i.received_at_ms, i.size_bytes, b.hash
    FROM item i JOIN body b ON b.id = i.body_id LEFT JOIN object o ON o.item_id = i.id LEFT JOIN heading h ON h.body_id = i.body_id";

struct Folders(HashMap<i64, (Option<i64>, FolderKind, String)>);

impl Folders {
    fn read(conn: &Connection) -> Result<Folders> {
        let mut st = conn.prepare("SELECT id, parent_id, kind, name FROM folder")?;
        let rows = st.query_map([], |r| {
            let kind = FolderKind::from_stored(r.get(2)?).unwrap_or(FolderKind::Mail);
            Ok((r.get(0)?, (r.get(1)?, kind, r.get(3)?)))
        })?;
        Ok(Folders(rows.collect::<rusqlite::Result<_>>()?))
    }

    fn path(&self, id: i64) -> String {
        let mut names = Vec::new();
        let mut at = Some(id);
        // The rows may be damaged: no tree is deeper than it has folders.
        while let Some((parent, _, name)) = at
            .and_then(|id| self.0.get(&id))
            .filter(|_| names.len() < self.0.len())
        {
            names.push(name.as_str());
            at = *parent;
        }
        names.reverse();
        names.join("/")
    }

    fn kind(&self, id: i64) -> &'static str {
        match self.0.get(&id).map(|(_, kind, _)| *kind) {
            Some(FolderKind::Calendar | FolderKind::ScheduleInbox) => "event",
            Some(FolderKind::TaskList) => "task",
            Some(FolderKind::AddressBook) => "contact",
            _ => "message",
        }
    }

    fn item(&self, r: &Row<'_>) -> rusqlite::Result<StoredItem> {
        let folder: i64 = r.get(1)?;
        Ok(StoredItem {
            id: r.get(0)?,
            kind: self.kind(folder),
            folder: self.path(folder),
            title: r.get(3)?,
            sender: r.get(4)?,
            at_ms: r.get(5)?,
            size_bytes: r.get(6)?,
            hash: r.get(7)?,
        })
    }
}

/// The newest first, at most `limit`. Errors: Unavailable, for what are no rows of an account, or of a program that did not
/// write headings yet.
pub fn stored_items(rows: &Path, wanted: &Wanted, limit: usize) -> Result<Vec<StoredItem>> {
    let conn = open(rows)?;
    let folders = Folders::read(&conn)?;
    let mut only = Vec::new();
    let mut values = Vec::new();
    if let Some(folder) = wanted.folder_id {
        only.push("i.folder_id = ?");
        values.push(folder);
    }
    if let Some((at_ms, id)) = wanted.after {
        only.push("(i.received_at_ms, i.id) < (?, ?)");
        values.extend([at_ms, id]);
    }
    let only = match only.is_empty() {
        true => String::new(),
        false => format!("WHERE {}", only.join(" AND ")),
    };
    let mut st = conn
        .prepare(&format!(
            "{ITEMS} {only} ORDER BY i.received_at_ms DESC, i.id DESC"
        ))
        .map_err(unreadable)?;
    let mut found = st.query(rusqlite::params_from_iter(values))?;
    let text = wanted.text.as_deref().map(str::to_lowercase);
    let mut out = Vec::new();
    while let Some(row) = found.next()? {
        let item = folders.item(row)?;
        let has = |t: &str, w: &str| t.to_lowercase().contains(w);
        let fits = text
            .as_deref()
            .is_none_or(|w| has(&item.title, w) || item.sender.as_deref().is_some_and(|s| has(s, w)));
        let is_there = wanted
            .folder
            .as_deref()
            .is_none_or(|f| f.eq_ignore_ascii_case(&item.folder));
        if fits && is_there {
            out.push(item);
        }
        if out.len() >= limit {
            break;
        }
    }
    Ok(out)
}

/// What the lists of such a file are read by, when many will be.
pub fn prepare_look(rows: &Path) -> Result<()> {
    Ok(Connection::open(rows)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS look_in_folder ON item (folder_id, received_at_ms, id);
         CREATE INDEX IF NOT EXISTS look_at_all ON item (received_at_ms, id);",
    )?)
}

/// All folders, calendars, task lists and address books with something in them, by name.
pub fn stored_folders(rows: &Path) -> Result<Vec<StoredFolder>> {
    let conn = open(rows)?;
    let folders = Folders::read(&conn)?;
    let mut st = conn.prepare(
        "SELECT f.id, f.role, c.display_name, count(i.id) FROM folder f JOIN item i ON i.folder_id = f.id
         LEFT JOIN collection c ON c.folder_id = f.id WHERE f.kind <> ?1 GROUP BY f.id",
    )?;
    let rows = st.query_map([FolderKind::ScheduleInbox as i64], |r| {
        let id = r.get(0)?;
        let shown: Option<String> = r.get(2)?;
        Ok(StoredFolder {
            id,
            kind: folders.kind(id),
            name: shown.unwrap_or_else(|| folders.path(id)),
            role: r.get(1)?,
            items: r.get(3)?,
        })
    })?;
    let mut out = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    out.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(out)
}

/// Errors: NotFound; as [`stored_items`].
pub fn stored_item(rows: &Path, id: i64) -> Result<StoredItem> {
    let conn = open(rows)?;
    let folders = Folders::read(&conn)?;
    let mut st = conn
        .prepare(&format!("{ITEMS} WHERE i.id = ?1"))
        .map_err(unreadable)?;
    let item = st.query_row(params![id], |r| folders.item(r)).optional()?;
    item.ok_or_else(|| Error::not_found(format!("there is no item {id} in that backup of the account")))
}

/// What accounts are called by for ever, by their numbers, in a directory as a backup has it.
pub fn oids_in_directory(directory: &Path) -> Result<HashMap<i64, String>> {
    let conn = open(directory)?;
    let mut st = conn.prepare("SELECT id, oid FROM account")?;
    let rows = st.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn open(rows: &Path) -> Result<Connection> {
    Ok(Connection::open_with_flags(
        rows,
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )?)
}

fn unreadable(e: rusqlite::Error) -> Error {
    Error::unavailable(
        "this backup was written by an older program; single items can be looked for in newer ones",
    )
    .caused_by(e)
}
