//! When series took place before their times were changed. Kept as long as the change log knows of what left a folder.

use super::account::AccountDb;
use super::tx::{Snapshot, Tx};
use crate::base::Result;
use crate::model::{ItemId, Modseq};
use rusqlite::params;

/// More of one series are not kept: whoever changes it every minute is forgotten first.
const MOST: i64 = 50;

impl Snapshot<'_, AccountDb> {
    /// The times of a series that ended after `since`.
    pub fn series_before(&self, item: ItemId, since: Modseq) -> Result<Vec<Vec<u8>>> {
        let mut st = self.conn.prepare_cached(
            "SELECT times FROM series_before WHERE item_id = ?1 AND modseq > ?2 ORDER BY modseq",
        )?;
        let rows = st.query_map([item.0, since], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, AccountDb> {
    /// `modseq`: of the change that ended these times.
    pub fn keep_series_before(&mut self, item: ItemId, modseq: Modseq, times: &[u8]) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO series_before (item_id, modseq, times) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![item.0, modseq, times])?;
        self.conn
            .prepare_cached(
                "DELETE FROM series_before WHERE item_id = ?1 AND modseq <= (SELECT modseq FROM series_before
                 WHERE item_id = ?1 ORDER BY modseq DESC LIMIT 1 OFFSET ?2)",
            )?
            .execute(params![item.0, MOST])?;
        Ok(())
    }
}
