//! When calendars that are read from elsewhere are read again.

use super::DirectoryDb;
use crate::base::{Result, TimeMs};
use crate::model::feed::Feed;
use crate::model::{AccountId, FolderId};
use crate::store::{Snapshot, Tx};
use rusqlite::{Row, params};

const COLUMNS: &str = "account_id, folder_id, url, etag, modified, next_at_ms, fetched_at_ms, failure";

fn read(row: &Row<'_>) -> rusqlite::Result<Feed> {
    Ok(Feed {
        account: AccountId(row.get(0)?),
        folder: FolderId(row.get(1)?),
        url: row.get(2)?,
        etag: row.get(3)?,
        modified: row.get(4)?,
        next_at_ms: row.get(5)?,
        fetched_at_ms: row.get(6)?,
        failure: row.get(7)?,
    })
}

impl Snapshot<'_, DirectoryDb> {
    /// Those whose time has come, the longest overdue first.
    pub fn due_feeds(&self, now_ms: TimeMs, limit: usize) -> Result<Vec<Feed>> {
        let sql = format!("SELECT {COLUMNS} FROM feed WHERE next_at_ms <= ?1 ORDER BY next_at_ms LIMIT ?2");
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([now_ms, limit as i64], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn feeds_of(&self, account: AccountId) -> Result<Vec<Feed>> {
        let sql = format!("SELECT {COLUMNS} FROM feed WHERE account_id = ?1 ORDER BY folder_id");
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([account.0], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, DirectoryDb> {
    pub fn put_feed(&mut self, feed: &Feed) -> Result<()> {
        let sql = format!("INSERT OR REPLACE INTO feed ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        self.conn.prepare_cached(&sql)?.execute(params![
            feed.account.0,
            feed.folder.0,
            feed.url,
            feed.etag,
            feed.modified,
            feed.next_at_ms,
            feed.fetched_at_ms,
            feed.failure
        ])?;
        Ok(())
    }

    pub fn remove_feed(&mut self, account: AccountId, folder: FolderId) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM feed WHERE account_id = ?1 AND folder_id = ?2")?
            .execute([account.0, folder.0])?;
        Ok(())
    }
}
