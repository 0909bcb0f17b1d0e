//! Passkeys: public halves of keys on people's devices.

use super::DirectoryDb;
use crate::base::{Result, TimeMs};
use crate::model::AccountId;
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, Row, params};

#[derive(Clone, Debug)]
pub struct Passkey {
    pub id: i64,
    pub account_id: AccountId,
    /// What the device calls it.
    pub credential: Vec<u8>,
    /// SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    pub counter: u32,
    pub label: String,
    pub created_at_ms: TimeMs,
    pub used_at_ms: Option<TimeMs>,
}

const COLUMNS: &str = "id, account_id, credential, public_key, counter, label, created_at_ms, used_at_ms";

fn read_passkey(r: &Row<'_>) -> rusqlite::Result<Passkey> {
    Ok(Passkey {
        id: r.get(0)?,
        account_id: AccountId(r.get(1)?),
        credential: r.get(2)?,
        public_key: r.get(3)?,
        counter: r.get(4)?,
        label: r.get(5)?,
        created_at_ms: r.get(6)?,
        used_at_ms: r.get(7)?,
    })
}

impl Snapshot<'_, DirectoryDb> {
    pub fn passkeys(&self, account: AccountId) -> Result<Vec<Passkey>> {
        let mut st = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM passkey WHERE account_id = ?1 ORDER BY id"
        ))?;
        let all = st.query_map([account.0], read_passkey)?;
        Ok(all.collect::<rusqlite::Result<_>>()?)
    }

    pub fn passkey_by_credential(&self, credential: &[u8]) -> Result<Option<Passkey>> {
        let mut st = self
            .conn
            .prepare_cached(&format!("SELECT {COLUMNS} FROM passkey WHERE credential = ?1"))?;
        Ok(st.query_row([credential], read_passkey).optional()?)
    }
}

impl Tx<'_, DirectoryDb> {
    /// `id` is given by the store.
    pub fn insert_passkey(&mut self, new: &Passkey) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO passkey (account_id, credential, public_key, counter, label, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                new.account_id.0,
                new.credential,
                new.public_key,
                new.counter,
                new.label,
                new.created_at_ms
            ])?;
        Ok(())
    }

    /// False: it was used with a higher number already, or is gone.
    pub fn use_passkey(&mut self, id: i64, counter: u32, now_ms: TimeMs) -> Result<bool> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE passkey SET counter = ?2, used_at_ms = ?3 WHERE id = ?1 AND (counter < ?2 OR (counter = 0 AND ?2 = 0))",
            )?
            .execute(params![id, counter, now_ms])?;
        Ok(changed == 1)
    }

    /// False: there is no such passkey of theirs.
    pub fn rename_passkey(&mut self, account: AccountId, id: i64, label: &str) -> Result<bool> {
        let changed = self
            .conn
            .prepare_cached("UPDATE passkey SET label = ?3 WHERE id = ?2 AND account_id = ?1")?
            .execute(params![account.0, id, label])?;
        Ok(changed == 1)
    }

    /// One, or all of them. Returns how many there were.
    pub fn remove_passkeys(&mut self, account: AccountId, id: Option<i64>) -> Result<usize> {
        let removed = self
            .conn
            .prepare_cached("DELETE FROM passkey WHERE account_id = ?1 AND (?2 IS NULL OR id = ?2)")?
            .execute(params![account.0, id])?;
        Ok(removed)
    }
}
