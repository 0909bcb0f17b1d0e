//! What belongs to an account itself, by name.

use super::account::AccountDb;
use super::tx::{Snapshot, Tx};
use crate::base::Result;
use rusqlite::{OptionalExtension, params};

impl Snapshot<'_, AccountDb> {
    pub fn account_setting(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self
            .conn
            .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
            .query_row([key], |r| r.get(0))
            .optional()?)
    }
}

impl Tx<'_, AccountDb> {
    /// None takes it away.
    pub fn put_account_setting(&mut self, key: &str, value: Option<&[u8]>) -> Result<()> {
        match value {
            Some(value) => self
                .conn
                .prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)")?
                .execute(params![key, value])?,
            None => self
                .conn
                .prepare_cached("DELETE FROM setting WHERE key = ?1")?
                .execute([key])?,
        };
        Ok(())
    }
}
