//! Calendars that are published.

use super::DirectoryDb;
use crate::base::Result;
use crate::model::publication::{Detail, Publication};
use crate::model::{AccountId, FolderId};
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, Row, params};

const COLUMNS: &str = "account_id, folder_id, detail, created_at_ms";

fn read(row: &Row<'_>) -> rusqlite::Result<Publication> {
    let detail: String = row.get(2)?;
    Ok(Publication {
        account: AccountId(row.get(0)?),
        folder: FolderId(row.get(1)?),
        // A word of a newer program shows the least.
        detail: Detail::parse(&detail).unwrap_or(Detail::Busy),
        since_ms: row.get(3)?,
    })
}

impl Snapshot<'_, DirectoryDb> {
    pub fn publication(&self, account: AccountId, folder: FolderId) -> Result<Option<Publication>> {
        let sql = format!("SELECT {COLUMNS} FROM publication WHERE account_id = ?1 AND folder_id = ?2");
        let mut st = self.conn.prepare_cached(&sql)?;
        Ok(st.query_row([account.0, folder.0], read).optional()?)
    }

    pub fn publication_by_hash(&self, secret_hash: &[u8]) -> Result<Option<Publication>> {
        let sql = format!("SELECT {COLUMNS} FROM publication WHERE secret_hash = ?1");
        let mut st = self.conn.prepare_cached(&sql)?;
        Ok(st.query_row([secret_hash], read).optional()?)
    }
}

impl Tx<'_, DirectoryDb> {
    /// In the place of the one before, whose address ends with that.
    pub fn put_publication(&mut self, publication: &Publication, secret_hash: &[u8]) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO publication (account_id, folder_id, secret_hash, detail, created_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                publication.account.0,
                publication.folder.0,
                secret_hash,
                publication.detail.as_str(),
                publication.since_ms
            ])?;
        Ok(())
    }

    /// Returns whether there was one.
    pub fn remove_publication(&mut self, account: AccountId, folder: FolderId) -> Result<bool> {
        let removed = self
            .conn
            .prepare_cached("DELETE FROM publication WHERE account_id = ?1 AND folder_id = ?2")?
            .execute([account.0, folder.0])?;
        Ok(removed == 1)
    }
}
