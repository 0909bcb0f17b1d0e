//! Settings: small JSON values by name.

use super::DirectoryDb;
use crate::base::{Error, Result};
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Snapshot<'_, DirectoryDb> {
    /// Errors: Internal when what is stored has another shape.
    pub fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let text: Option<String> = self
            .conn
            .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
            .query_row([key], |r| r.get(0))
            .optional()?;
        text.map(|t| {
            serde_json::from_str(&t)
                .map_err(|e| Error::internal(format!("the setting {key} cannot be read")).caused_by(e))
        })
        .transpose()
    }
}

impl Tx<'_, DirectoryDb> {
    pub fn put_setting<T: Serialize>(&mut self, key: &str, value: &T) -> Result<()> {
        let text = serde_json::to_string(value)
            .map_err(|e| Error::internal(format!("the setting {key} cannot be written")).caused_by(e))?;
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)")?
            .execute(params![key, text])?;
        Ok(())
    }

    pub fn remove_setting(&mut self, key: &str) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM setting WHERE key = ?1")?
            .execute([key])?;
        Ok(())
    }
}
