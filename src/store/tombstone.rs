//! Tombstones: what left a folder, and how far back that is known.

use super::account::AccountDb;
use super::tx::{Snapshot, Tx};
use crate::base::{Result, TimeMs};
use crate::model::message::Item;
use crate::model::{FolderId, ItemId, Modseq, Uid, UidSet};
use rusqlite::params;

/// An item that left a folder, by removal or by a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tombstone {
    pub modseq: Modseq,
    pub item_id: ItemId,
    pub uid: Uid,
}

impl Snapshot<'_, AccountDb> {
    /// What left a folder after `since`, in order; at most `limit`.
    pub fn tombstones_since(&self, folder: FolderId, since: Modseq, limit: usize) -> Result<Vec<Tombstone>> {
        let mut st = self.conn.prepare_cached(
            "SELECT modseq, item_id, uid FROM tombstone WHERE folder_id = ?1 AND modseq > ?2 ORDER BY modseq LIMIT ?3",
        )?;
        let rows = st.query_map([folder.0, since, limit as i64], |r| {
            Ok(Tombstone {
                modseq: r.get(0)?,
                item_id: ItemId(r.get(1)?),
                uid: r.get(2)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// UIDs that left a folder after `since`.
    pub fn uids_gone_since(&self, folder: FolderId, since: Modseq) -> Result<UidSet> {
        let mut st = self
            .conn
            .prepare_cached("SELECT uid FROM tombstone WHERE folder_id = ?1 AND modseq > ?2")?;
        let rows = st.query_map([folder.0, since], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// As [`Self::folder_tombstones_since`], with the place of each in the change log.
    pub fn folder_tombstone_rows_since(&self, since: Modseq) -> Result<Vec<(Modseq, FolderId)>> {
        let mut st = self.conn.prepare_cached(
            "SELECT modseq, folder_id FROM folder_tombstone WHERE modseq > ?1 ORDER BY modseq",
        )?;
        let rows = st.query_map([since], |r| Ok((r.get(0)?, FolderId(r.get(1)?))))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Folders that were removed after `since`.
    pub fn folder_tombstones_since(&self, since: Modseq) -> Result<Vec<FolderId>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT folder_id FROM folder_tombstone WHERE modseq > ?1 ORDER BY modseq")?;
        let rows = st.query_map([since], |r| Ok(FolderId(r.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, AccountDb> {
    pub(in crate::store) fn bury(&mut self, item: &Item, now_ms: TimeMs) -> Result<Modseq> {
        let modseq = self.next_number();
        self.conn
            .prepare_cached(
                "INSERT INTO tombstone (folder_id, modseq, item_id, uid, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![item.folder_id.0, modseq, item.id.0, item.uid, now_ms])?;
        Ok(modseq)
    }

    /// Forgets tombstones older than `before_ms` and remembers how far back the log still goes.
    pub fn prune_tombstones(&mut self, before_ms: TimeMs) -> Result<usize> {
        let newest: Option<Modseq> = self.conn.query_row(
            "SELECT max(m) FROM (SELECT max(modseq) AS m FROM tombstone WHERE at_ms < ?1
             UNION ALL SELECT max(modseq) FROM folder_tombstone WHERE at_ms < ?1)",
            [before_ms],
            |r| r.get(0),
        )?;
        let Some(horizon) = newest else {
            return Ok(0);
        };
        self.conn
            .execute("UPDATE state SET horizon = max(horizon, ?1)", [horizon])?;
        let items = self
            .conn
            .execute("DELETE FROM tombstone WHERE modseq <= ?1", [horizon])?;
        self.conn
            .execute("DELETE FROM series_before WHERE modseq <= ?1", [horizon])?;
        self.conn.execute(
            "DELETE FROM object_gone WHERE NOT EXISTS (SELECT 1 FROM tombstone t
             WHERE t.folder_id = object_gone.folder_id AND t.item_id = object_gone.item_id)",
            [],
        )?;
        let folders = self
            .conn
            .execute("DELETE FROM folder_tombstone WHERE modseq <= ?1", [horizon])?;
        Ok(items + folders)
    }
}
