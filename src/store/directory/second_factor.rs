//! The second factors of accounts: secrets of apps, and codes on paper.

use super::DirectoryDb;
use crate::base::{Result, TimeMs};
use crate::model::AccountId;
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, params};

#[derive(Clone, Debug)]
pub struct SecondFactor {
    pub secret: Vec<u8>,
    /// The step of the last code that was taken.
    pub last_step: i64,
    pub created_at_ms: TimeMs,
}

impl Snapshot<'_, DirectoryDb> {
    pub fn second_factor(&self, account: AccountId) -> Result<Option<SecondFactor>> {
        let mut st = self.conn.prepare_cached(
            "SELECT secret, last_step, created_at_ms FROM second_factor WHERE account_id = ?1",
        )?;
        let found = st.query_row([account.0], |r| {
            Ok(SecondFactor {
                secret: r.get(0)?,
                last_step: r.get(1)?,
                created_at_ms: r.get(2)?,
            })
        });
        Ok(found.optional()?)
    }

    pub fn recovery_codes_left(&self, account: AccountId) -> Result<u32> {
        let mut st = self
            .conn
            .prepare_cached("SELECT count(*) FROM recovery_code WHERE account_id = ?1")?;
        Ok(st.query_row([account.0], |r| r.get(0))?)
    }
}

impl Tx<'_, DirectoryDb> {
    pub fn put_second_factor(
        &mut self,
        account: AccountId,
        secret: &[u8],
        last_step: i64,
        now_ms: TimeMs,
    ) -> Result<()> {
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO second_factor (account_id, secret, last_step, created_at_ms) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![account.0, secret, last_step, now_ms])?;
        Ok(())
    }

    /// False: a code of this step or a later one was taken already.
    pub fn take_step(&mut self, account: AccountId, step: i64) -> Result<bool> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE second_factor SET last_step = ?2 WHERE account_id = ?1 AND last_step < ?2",
            )?
            .execute([account.0, step])?;
        Ok(changed == 1)
    }

    /// Those before do not count any more.
    pub fn put_recovery_codes(&mut self, account: AccountId, hashes: &[[u8; 32]]) -> Result<()> {
        self.conn
            .execute("DELETE FROM recovery_code WHERE account_id = ?1", [account.0])?;
        for hash in hashes {
            self.conn
                .prepare_cached("INSERT INTO recovery_code (account_id, hash) VALUES (?1, ?2)")?
                .execute(params![account.0, hash])?;
        }
        Ok(())
    }

    /// False: there is no such code, or it was used.
    pub fn take_recovery_code(&mut self, account: AccountId, hash: &[u8; 32]) -> Result<bool> {
        let taken = self
            .conn
            .prepare_cached("DELETE FROM recovery_code WHERE account_id = ?1 AND hash = ?2")?
            .execute(params![account.0, hash])?;
        Ok(taken == 1)
    }

    /// False: there was none.
    pub fn remove_second_factor(&mut self, account: AccountId) -> Result<bool> {
        self.conn
            .execute("DELETE FROM recovery_code WHERE account_id = ?1", [account.0])?;
        let removed = self
            .conn
            .execute("DELETE FROM second_factor WHERE account_id = ?1", [account.0])?;
        Ok(removed == 1)
    }
}
