//! Sign-ins of devices, waiting for somebody to type their code elsewhere. RFC 8628.

use super::DirectoryDb;
use super::sessions::TokenHash;
use crate::base::{Result, TimeMs};
use crate::model::AccountId;
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, Row, params};

#[derive(Clone, Debug)]
pub struct DeviceCode {
    pub user_code: String,
    pub client_id: String,
    pub scope: String,
    pub expires_at_ms: TimeMs,
    /// When the device asked last.
    pub asked_at_ms: TimeMs,
    /// Who has signed in, and the generation of their sign-ins then.
    pub approved: Option<(AccountId, i64)>,
}

const SELECT: &str =
    "SELECT user_code, client_id, scope, expires_at_ms, asked_at_ms, account_id, generation FROM device_code";

fn read_device(r: &Row<'_>) -> rusqlite::Result<DeviceCode> {
    let (account, generation): (Option<i64>, Option<i64>) = (r.get(5)?, r.get(6)?);
    Ok(DeviceCode {
        user_code: r.get(0)?,
        client_id: r.get(1)?,
        scope: r.get(2)?,
        expires_at_ms: r.get(3)?,
        asked_at_ms: r.get(4)?,
        approved: account.map(AccountId).zip(generation),
    })
}

impl Snapshot<'_, DirectoryDb> {
    /// By the code that people type.
    pub fn device_by_user_code(&self, code: &str, now_ms: TimeMs) -> Result<Option<DeviceCode>> {
        Ok(self
            .conn
            .prepare_cached(&format!("{SELECT} WHERE user_code = ?1 AND expires_at_ms > ?2"))?
            .query_row(params![code, now_ms], read_device)
            .optional()?)
    }
}

impl Tx<'_, DirectoryDb> {
    pub fn insert_device(&mut self, hash: &TokenHash, d: &DeviceCode, now_ms: TimeMs) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM device_code WHERE expires_at_ms <= ?1")?
            .execute([now_ms - 3_600_000])?;
        self.conn
            .prepare_cached(
                "INSERT INTO device_code (hash, user_code, client_id, scope, expires_at_ms, asked_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![hash, d.user_code, d.client_id, d.scope, d.expires_at_ms, d.asked_at_ms])?;
        Ok(())
    }

    /// Returns whether there was one that nobody has answered yet.
    pub fn approve_device(&mut self, code: &str, account: AccountId, generation: i64) -> Result<bool> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE device_code SET account_id = ?2, generation = ?3 WHERE user_code = ?1 AND account_id IS NULL",
            )?
            .execute(params![code, account.0, generation])?;
        Ok(changed == 1)
    }

    /// The device asks. An answered or expired one is taken: it can be used once.
    pub fn ask_device(&mut self, hash: &TokenHash, now_ms: TimeMs) -> Result<Option<DeviceCode>> {
        let found = self
            .conn
            .prepare_cached(&format!("{SELECT} WHERE hash = ?1"))?
            .query_row([hash], read_device)
            .optional()?;
        if let Some(device) = &found {
            let sql = if device.approved.is_some() || device.expires_at_ms <= now_ms {
                "DELETE FROM device_code WHERE hash = ?1 AND ?2 > 0"
            } else {
                "UPDATE device_code SET asked_at_ms = ?2 WHERE hash = ?1"
            };
            self.conn.prepare_cached(sql)?.execute(params![hash, now_ms])?;
        }
        Ok(found)
    }
}
