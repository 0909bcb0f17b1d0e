//! Browser sessions. Only a hash of the cookie is kept.

use super::DirectoryDb;
use crate::base::{Result, TimeMs};
use crate::model::AccountId;
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, params};

pub type TokenHash = [u8; 32];

impl Snapshot<'_, DirectoryDb> {
    /// Whose session it is, if it is one that still counts.
    pub fn session(&self, hash: &TokenHash, now_ms: TimeMs) -> Result<Option<AccountId>> {
        Ok(self
            .conn
            .prepare_cached("SELECT account_id FROM session WHERE hash = ?1 AND expires_at_ms > ?2")?
            .query_row(params![hash, now_ms], |r| Ok(AccountId(r.get(0)?)))
            .optional()?)
    }

    /// Those that still count, newest first: hash, beginning, end.
    pub fn sessions_of(
        &self,
        account: AccountId,
        now_ms: TimeMs,
    ) -> Result<Vec<(TokenHash, TimeMs, TimeMs)>> {
        let mut st = self.conn.prepare_cached(
            "SELECT hash, created_at_ms, expires_at_ms FROM session WHERE account_id = ?1 AND expires_at_ms > ?2 \
             ORDER BY created_at_ms DESC",
        )?;
        let rows = st.query_map(params![account.0, now_ms], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, DirectoryDb> {
    pub fn insert_session(
        &mut self,
        hash: &TokenHash,
        account: AccountId,
        now_ms: TimeMs,
        expires_at_ms: TimeMs,
    ) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM session WHERE expires_at_ms <= ?1")?
            .execute([now_ms])?;
        self.conn
            .prepare_cached("INSERT INTO session (hash, account_id, created_at_ms, expires_at_ms) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![hash, account.0, now_ms, expires_at_ms])?;
        Ok(())
    }

    pub fn remove_session(&mut self, hash: &TokenHash) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM session WHERE hash = ?1")?
            .execute([hash])?;
        Ok(())
    }

    /// Ends every session, every token and every open connection of an account.
    pub fn end_sign_ins(&mut self, account: AccountId) -> Result<()> {
        for sql in [
            "DELETE FROM session WHERE account_id = ?1",
            "DELETE FROM refresh_token WHERE account_id = ?1",
            "DELETE FROM authorization_code WHERE account_id = ?1",
            "UPDATE account SET sign_in_generation = sign_in_generation + 1 WHERE id = ?1",
        ] {
            self.conn.prepare_cached(sql)?.execute([account.0])?;
        }
        self.effects.ends_sign_ins = true;
        Ok(())
    }
}
