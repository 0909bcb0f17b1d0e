//! An account's file for a backup: all its rows but the bodies, which lie elsewhere, and but what can be computed again.
//! [`super::rows_pieces`] makes it; here it is read, and made an account's file again.

use super::account::AccountDb;
use super::blob::{self, Hash, Staged};
use super::file::connect;
use super::layout::Layout;
use super::tx::Snapshot;
use crate::base::{Clock, Error, Result, SystemClock, TimeMs};
use crate::model::{AccountId, BodyId};
use rusqlite::{Connection, params};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

/// Bodies that are put back with one commit.
const BATCH: usize = 500;
const HASHES: usize = 20_000;
/// Clocks of file systems go in steps, of two seconds at most.
const JUST_NOW_S: i64 = 3;

/// A body as the rows know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyRow {
    pub id: BodyId,
    pub hash: Hash,
    pub size_bytes: u64,
}

/// An item whose body could not be put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostItem {
    pub folder: String,
    /// Of an event, task or card.
    pub title: Option<String>,
    pub received_at_ms: TimeMs,
    pub size_bytes: i64,
    pub hash: Hash,
}

impl Snapshot<'_, AccountDb> {
    /// Bodies behind `after`, ascending by id; at most `limit`.
    pub fn bodies_after(&self, after: BodyId, limit: usize) -> Result<Vec<BodyRow>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT id, hash, size_bytes FROM body WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let rows = st.query_map(params![after.0, limit as i64], |r| {
            Ok(BodyRow {
                id: BodyId(r.get(0)?),
                hash: r.get(1)?,
                size_bytes: r.get::<_, i64>(2)? as u64,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The bytes of all bodies.
    pub fn body_bytes(&self) -> Result<u64> {
        let mut st = self
            .conn
            .prepare_cached("SELECT coalesce(sum(size_bytes), 0) FROM body")?;
        Ok(st.query_row([], |r| r.get::<_, i64>(0))? as u64)
    }
}

/// Every item whose body is one of these, in an account's rows.
pub fn items_in_rows(rows: &Path, is_meant: impl Fn(&Hash) -> bool) -> Result<Vec<LostItem>> {
    let conn = Connection::open(rows)?;
    let look = Snapshot {
        conn: &conn,
        db: &AccountDb::new(AccountId(0), Arc::default()),
        blobs: None,
    };
    let mut after = BodyId(0);
    let mut out = Vec::new();
    loop {
        let bodies = look.bodies_after(after, BATCH)?;
        let Some(last) = bodies.last() else { return Ok(out) };
        after = last.id;
        let meant: Vec<BodyRow> = bodies.into_iter().filter(|b| is_meant(&b.hash)).collect();
        out.extend(items_of_bodies(&conn, &meant)?);
    }
}

/// Hands over the hashes of all bodies of such a file, some at a time.
pub fn hashes_in_rows(rows: &Path, mut each: impl FnMut(&[Hash]) -> Result<()>) -> Result<()> {
    let conn = Connection::open(rows)?;
    let mut st = conn.prepare("SELECT hash FROM body")?;
    let mut found = st.query([])?;
    let mut some = Vec::with_capacity(HASHES);
    while let Some(row) = found.next()? {
        some.push(row.get(0)?);
        if some.len() == HASHES {
            each(&some)?;
            some.clear();
        }
    }
    each(&some)
}

fn items_of_bodies(conn: &Connection, bodies: &[BodyRow]) -> Result<Vec<LostItem>> {
    let mut st = conn.prepare_cached(
        "SELECT f.name, o.title, i.received_at_ms, i.size_bytes FROM item i JOIN folder f ON f.id = i.folder_id
         LEFT JOIN object o ON o.item_id = i.id WHERE i.body_id = ?1",
    )?;
    let mut out = Vec::new();
    for body in bodies {
        let rows = st.query_map([body.id.0], |r| {
            Ok(LostItem {
                folder: r.get(0)?,
                title: r.get(1)?,
                received_at_ms: r.get(2)?,
                size_bytes: r.get(3)?,
                hash: body.hash,
            })
        })?;
        for row in rows {
            out.push(row?);
        }
    }
    Ok(out)
}

/// Makes an account's file of its rows, without bodies. Nothing may be there yet.
/// Errors: Exists; Unavailable, when the file is none of those that pieces make.
pub fn place_rows(layout: &Layout, id: AccountId, rows: &Path) -> Result<()> {
    let path = layout.account_file(id);
    if path.exists() {
        return Err(Error::exists(format!("{} is there already", path.display())));
    }
    fs::create_dir_all(layout.account_blobs(id))?;
    fs::copy(rows, &path)?;
    let conn = Connection::open(&path)?;
    let left_out: Vec<String> = conn
        .prepare("SELECT sql FROM left_out")?
        .query_map([], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    conn.execute_batch("BEGIN")?;
    for sql in left_out {
        conn.execute_batch(&sql)?;
    }
    // The index is filled again by and by.
    conn.execute_batch(
        "DROP TABLE left_out; DROP TABLE IF EXISTS heading; UPDATE state SET indexed_item = 0; COMMIT",
    )?;
    Ok(())
}

/// Puts the bodies of a placed account back. `fetch` returns None for one that is not to be had: what used it goes, and is
/// listed. Blocks.
pub fn place_bodies(
    layout: &Layout,
    id: AccountId,
    mut fetch: impl FnMut(&Hash) -> Result<Option<Staged>>,
) -> Result<Vec<LostItem>> {
    let conn = connect(&layout.account_file(id))?;
    let blobs = layout.account_blobs(id);
    let look = Snapshot {
        conn: &conn,
        db: &AccountDb::new(id, Arc::default()),
        blobs: Some(&blobs),
    };
    let mut after = BodyId(0);
    let mut lost = Vec::new();
    loop {
        let bodies = look.bodies_after(after, BATCH)?;
        let Some(last) = bodies.last() else { break };
        after = last.id;
        conn.execute_batch("BEGIN IMMEDIATE")?;
        for body in &bodies {
            match fetch(&body.hash)? {
                Some(staged) => put_back(&conn, &blobs, body, &staged)?,
                None => lost.push(*body),
            }
        }
        conn.execute_batch("COMMIT")?;
    }
    let items = items_of_bodies(&conn, &lost)?;
    forget(&conn, &lost)?;
    Ok(items)
}

fn put_back(conn: &Connection, blobs: &Path, body: &BodyRow, staged: &Staged) -> Result<()> {
    let storage = i64::from(staged.file().is_some());
    conn.prepare_cached("UPDATE body SET storage = ?2 WHERE id = ?1")?
        .execute([body.id.0, storage])?;
    match (staged.packed(), staged.file()) {
        (Some(packed), _) => {
            conn.prepare_cached("INSERT INTO body_data (body_id, packed) VALUES (?1, ?2)")?
                .execute(params![body.id.0, packed])?;
        }
        (None, Some(file)) => drop(blob::link(file, blobs, &body.hash)?),
        (None, None) => return Err(Error::internal("a body without bytes")),
    }
    Ok(())
}

fn forget(conn: &Connection, lost: &[BodyRow]) -> Result<()> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    for body in lost {
        for sql in [
            "DELETE FROM object WHERE item_id IN (SELECT id FROM item WHERE body_id = ?1)",
            "DELETE FROM item WHERE body_id = ?1",
            "DELETE FROM outbox WHERE body_id = ?1",
            "DELETE FROM scheduling WHERE body_id = ?1",
            "DELETE FROM reaction WHERE body_id = ?1",
            "DELETE FROM dumped WHERE body_id = ?1",
            "DELETE FROM attachment_use WHERE managed_id IN (SELECT managed_id FROM attachment WHERE body_id = ?1)",
            "DELETE FROM attachment WHERE body_id = ?1",
            "DELETE FROM body WHERE id = ?1",
        ] {
            conn.prepare_cached(sql)?.execute([body.id.0])?;
        }
    }
    Ok(conn.execute_batch("COMMIT")?)
}

/// The clients of an account that went back to an earlier state begin anew, instead of taking new items for old ones: folders
/// get other UIDVALIDITYs, numbers go on behind all that can have been given out since, and older tokens have ended.
/// `passed_ms`: since the state was taken.
pub fn begin_anew(layout: &Layout, id: AccountId, passed_ms: TimeMs, now_ms: TimeMs) -> Result<()> {
    let conn = connect(&layout.account_file(id))?;
    // Nobody makes a million changes between two looks at the clock, nor one in each millisecond.
    let leap = passed_ms.max(0) + 1_000_000;
    conn.execute_batch("BEGIN IMMEDIATE")?;
    conn.execute(
        "UPDATE state SET modseq = modseq + ?1, horizon = modseq + ?1, uid_validity = max(uid_validity, ?2)",
        [leap, now_ms / 1000],
    )?;
    let ids: Vec<i64> = conn
        .prepare("SELECT id FROM folder")?
        .query_map([], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for folder in ids {
        conn.execute("UPDATE state SET uid_validity = uid_validity + 1", [])?;
        conn.execute(
            "UPDATE folder SET (uid_validity, highest_modseq) = (SELECT uid_validity, modseq FROM state) WHERE id = ?1",
            [folder],
        )?;
    }
    // What was held back may have left since; its draft is there, and its author decides.
    conn.execute("DELETE FROM outbox WHERE send_at_ms IS NOT NULL", [])?;
    for table in ["tombstone", "folder_tombstone", "object_gone"] {
        conn.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(conn.execute_batch("COMMIT")?)
}

/// Stands for what is in an account's file: it is another after each change, as the kernel notes the time of each write.
/// None, when there is none, or when it was written to this very moment, so that the next write might bear the same time.
pub fn account_state(layout: &Layout, id: AccountId) -> Result<Option<String>> {
    let path = layout.account_file(id);
    let mut log = path.clone().into_os_string();
    log.push("-wal");
    let now_s = SystemClock.now_ms() / 1000;
    let mut state = String::new();
    for file in [path.as_os_str(), log.as_os_str()] {
        let about = match fs::metadata(file) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            other => other?,
        };
        // An empty log and none are the same.
        if about.len() == 0 {
            continue;
        }
        if (now_s - about.ctime()).abs() < JUST_NOW_S {
            return Ok(None);
        }
        let (at, ns) = (about.ctime(), about.ctime_nsec());
        state.push_str(&format!(
            "{}.{}.{}.{at}.{ns} ",
            about.dev(),
            about.ino(),
            about.len()
        ));
    }
    Ok(Some(state).filter(|s| !s.is_empty()))
}
