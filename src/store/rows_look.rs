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
    /// In title or sender, whatever the case of letters.
    pub text: Option<String>,
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
    let mut st = conn
        .prepare(&format!("{ITEMS} ORDER BY i.received_at_ms DESC, i.id DESC"))
        .map_err(unreadable)?;
    let mut found = st.query([])?;
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
