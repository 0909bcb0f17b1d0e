//! Checking a file of the store: its pages, its counters, its bodies. Doctor reads; repairs are changes like others.

use super::account::AccountDb;
use super::blob;
use super::body::HasBodies;
use super::folder::Counts;
use super::tx::{Database, Snapshot, Tx};
use crate::base::Result;
use crate::base::text::hex;
use crate::model::{BodyId, FolderId};
use rusqlite::params;
use std::path::PathBuf;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub what: String,
    /// Can be computed again from what is there.
    pub is_repairable: bool,
}

impl Finding {
    fn lost(what: impl Into<String>) -> Self {
        Finding {
            what: what.into(),
            is_repairable: false,
        }
    }

    fn derived(what: impl Into<String>) -> Self {
        Finding {
            what: what.into(),
            is_repairable: true,
        }
    }
}

impl<D: Database> Snapshot<'_, D> {
    /// SQLite's own check of every page, index and constraint.
    pub fn check_file(&self) -> Result<Vec<Finding>> {
        let mut found = Vec::new();
        let mut st = self.conn.prepare("PRAGMA integrity_check(20)")?;
        let rows = st.query_map([], |r| r.get::<_, String>(0))?;
        for row in rows {
            let row = row?;
            if row != "ok" {
                found.push(Finding::lost(row));
            }
        }
        let mut st = self.conn.prepare("PRAGMA foreign_key_check")?;
        let rows = st.query_map([], |r| r.get::<_, String>(0))?;
        for table in rows {
            found.push(Finding::lost(format!(
                "a row of {} refers to something that is not there",
                table?
            )));
        }
        Ok(found)
    }
}

impl<D: HasBodies> Snapshot<'_, D> {
    /// Reads every body and compares it with its hash and size. A file that no row names is no damage: a power cut
    /// between linking and commit leaves one, nobody was told that it is stored, and it is tidied up.
    pub fn check_bodies(&self) -> Result<Vec<Finding>> {
        let mut found = Vec::new();
        let mut st = self.conn.prepare("SELECT id, hash, size_bytes FROM body")?;
        let mut rows = st.query([])?;
        while let Some(r) = rows.next()? {
            let (id, hash, size): (i64, blob::Hash, i64) = (r.get(0)?, r.get(1)?, r.get(2)?);
            if let Err(why) = self.check_body(BodyId(id), &hash, size as u64) {
                found.push(Finding::lost(format!(
                    "the stored message {} {why}",
                    &hex(&hash)[..12]
                )));
            }
        }
        Ok(found)
    }

    fn check_body(&self, id: BodyId, hash: &blob::Hash, size: u64) -> std::result::Result<(), String> {
        let mut reader = self.open_body(id).map_err(|e| format!("cannot be read: {e:?}"))?;
        let mut hasher = blake3::Hasher::new();
        let mut at = 0;
        loop {
            let piece = reader
                .read_at(at, 1 << 20)
                .map_err(|e| format!("is damaged: {e:?}"))?;
            if piece.is_empty() {
                break;
            }
            hasher.update(piece);
            at += piece.len() as u64;
        }
        match at == size && hasher.finalize().as_bytes() == hash {
            true => Ok(()),
            false => Err("has other bytes than were stored".to_owned()),
        }
    }

    fn blob_files(&self) -> Result<Vec<PathBuf>> {
        let mut out = Vec::new();
        let Some(blobs) = self.blobs.filter(|b| b.exists()) else {
            return Ok(out);
        };
        for folder in std::fs::read_dir(blobs)? {
            let folder = folder?.path();
            if folder.is_dir() {
                for file in std::fs::read_dir(folder)? {
                    out.push(file?.path());
                }
            }
        }
        Ok(out)
    }
}

/// What the items of a folder add up to.
struct Real {
    folder: FolderId,
    counts: Counts,
}

impl Snapshot<'_, AccountDb> {
    /// Compares counters, uses and derived rows with what they are counted or derived from.
    pub fn check_account(&self) -> Result<Vec<Finding>> {
        let mut found = Vec::new();
        for real in self.real_counts()? {
            let f = self.folder(real.folder)?;
            let c = real.counts;
            if (f.total, f.unread, f.deleted, f.size_bytes) != (c.total, c.unread, c.deleted, c.size_bytes) {
                found.push(Finding::derived(format!(
                    "the folder »{}« counts {} messages, {} unread; there are {} and {}",
                    f.name, f.total, f.unread, c.total, c.unread
                )));
            }
        }
        let count = |sql: &str| -> Result<i64> { Ok(self.conn.query_row(sql, [], |r| r.get(0))?) };
        let checks = [
            ("uses of stored messages are counted wrongly", WRONG_REFS),
            (
                "messages have no derived row",
                "SELECT count(*) FROM item WHERE body_id NOT IN (SELECT body_id FROM message)
                 AND folder_id IN (SELECT id FROM folder WHERE kind = 1)",
            ),
            (
                "derived rows belong to no message",
                "SELECT count(*) FROM message WHERE body_id NOT IN (SELECT id FROM body)",
            ),
            (
                "the used bytes are counted wrongly",
                "SELECT (SELECT used_bytes FROM state) <> (SELECT coalesce(sum(size_bytes), 0) FROM item)
                + (SELECT coalesce(sum(size_bytes), 0) FROM attachment
                  WHERE managed_id IN (SELECT managed_id FROM attachment_use WHERE item_id IN (SELECT id FROM item)))",
            ),
            (
                "words are in the index of messages that are gone",
                "SELECT count(*) FROM item_text_docsize WHERE id NOT IN (SELECT id FROM item)",
            ),
        ];
        for (what, sql) in checks {
            let n = count(sql)?;
            if n > 0 {
                found.push(Finding::derived(format!("{what} ({n})")));
            }
        }
        let wrong = self.wrong_heads()?;
        if wrong > 0 {
            found.push(Finding::derived(format!(
                "lists by conversation show another message than the newest ({wrong})"
            )));
        }
        let lost = [
            (
                "events, tasks or cards have lost their names",
                "SELECT count(*) FROM item WHERE folder_id IN (SELECT id FROM folder WHERE kind <> 1)
                 AND id NOT IN (SELECT item_id FROM object)",
            ),
            (
                "items have numbers beyond the account's counter",
                "SELECT count(*) FROM item WHERE modseq > (SELECT modseq FROM state)",
            ),
            (
                "items have UIDs that the folder has not given out",
                "SELECT count(*) FROM item JOIN folder f ON f.id = item.folder_id WHERE item.uid >= f.uid_next",
            ),
        ];
        for (what, sql) in lost {
            let n = count(sql)?;
            if n > 0 {
                found.push(Finding::lost(format!("{what} ({n})")));
            }
        }
        Ok(found)
    }

    fn real_counts(&self) -> Result<Vec<Real>> {
        let mut st = self.conn.prepare(
            "SELECT f.id, count(i.id), coalesce(sum(i.flags & 1 = 0), 0), coalesce(sum(i.flags & 8 <> 0), 0),
             coalesce(sum(i.size_bytes), 0) FROM folder f LEFT JOIN item i ON i.folder_id = f.id GROUP BY f.id",
        )?;
        let rows = st.query_map([], |r| {
            let counts = Counts {
                total: r.get(1)?,
                unread: r.get(2)?,
                deleted: r.get(3)?,
                size_bytes: r.get(4)?,
            };
            Ok(Real {
                folder: FolderId(r.get(0)?),
                counts,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// All bodies that messages are made of.
    pub fn message_bodies(&self) -> Result<Vec<BodyId>> {
        let mut st = self
            .conn
            .prepare(
                "SELECT DISTINCT body_id FROM item WHERE folder_id IN (SELECT id FROM folder WHERE kind = 1) ORDER BY body_id",
            )?;
        let rows = st.query_map([], |r| Ok(BodyId(r.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

const WRONG_REFS: &str = "SELECT count(*) FROM body b WHERE refs <>
    (SELECT count(*) FROM item WHERE body_id = b.id) + (SELECT count(*) FROM outbox WHERE body_id = b.id)
    + (SELECT count(*) FROM scheduling WHERE body_id = b.id) + (SELECT count(*) FROM reaction WHERE body_id = b.id)
    + (SELECT count(*) FROM dumped WHERE body_id = b.id) + (SELECT count(*) FROM attachment WHERE body_id = b.id)";

impl Tx<'_, AccountDb> {
    /// Counts again what is counted, drops what belongs to nothing, and empties the text index.
    pub fn recount(&mut self) -> Result<()> {
        for real in self.real_counts()? {
            let c = real.counts;
            self.conn.execute(
                "UPDATE folder SET total = ?2, unread = ?3, deleted = ?4, size_bytes = ?5 WHERE id = ?1",
                params![real.folder.0, c.total, c.unread, c.deleted, c.size_bytes],
            )?;
        }
        self.conn.execute_batch(
            "DELETE FROM message WHERE body_id NOT IN (SELECT id FROM body);
             UPDATE body SET refs = (SELECT count(*) FROM item WHERE body_id = body.id)
               + (SELECT count(*) FROM outbox WHERE body_id = body.id) + (SELECT count(*) FROM scheduling WHERE body_id = body.id)
               + (SELECT count(*) FROM reaction WHERE body_id = body.id)
               + (SELECT count(*) FROM dumped WHERE body_id = body.id)
               + (SELECT count(*) FROM attachment WHERE body_id = body.id);
             UPDATE state SET used_bytes = (SELECT coalesce(sum(size_bytes), 0) FROM item)
              + (SELECT coalesce(sum(size_bytes), 0) FROM attachment
                  WHERE managed_id IN (SELECT managed_id FROM attachment_use WHERE item_id IN (SELECT id FROM item)));",
        )?;
        let unused: Vec<i64> = {
            let mut st = self.conn.prepare("SELECT id FROM body WHERE refs = 0")?;
            st.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for id in unused {
            self.conn
                .execute("UPDATE body SET refs = 1 WHERE id = ?1", [id])?;
            self.release_body(BodyId(id))?;
        }
        self.renew_heads()?;
        self.reset_text_index()
    }
}

/// Removes files below `blobs` that no row names. In the writer, so that none is being linked meanwhile.
pub fn remove_orphans(tx: &Tx<'_, AccountDb>) -> Result<usize> {
    let mut removed = 0;
    for file in tx.blob_files()? {
        let is_used = match file.file_name().and_then(|n| n.to_str()) {
            Some(name) => tx
                .conn
                .prepare_cached("SELECT 1 FROM body WHERE lower(hex(hash)) = ?1 AND storage = 1")?
                .exists([name])?,
            None => true,
        };
        if !is_used {
            std::fs::remove_file(&file)?;
            removed += 1;
        }
    }
    Ok(removed)
}
