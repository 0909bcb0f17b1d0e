//! Who may use whose mailbox.

use super::DirectoryDb;
use crate::base::Result;
use crate::model::AccountId;
use crate::model::access::AccessLevel;
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, params};

impl Snapshot<'_, DirectoryDb> {
    pub fn access(&self, account: AccountId, actor: AccountId) -> Result<Option<AccessLevel>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT level FROM access WHERE account_id = ?1 AND actor_id = ?2")?;
        let word: Option<String> = st.query_row([account.0, actor.0], |r| r.get(0)).optional()?;
        word.map(|w| AccessLevel::parse(&w)).transpose()
    }

    /// Who may use a mailbox.
    pub fn accesses(&self, account: AccountId) -> Result<Vec<(AccountId, AccessLevel)>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT actor_id, level FROM access WHERE account_id = ?1 ORDER BY actor_id")?;
        let rows = st.query_map([account.0], |r| {
            Ok((AccountId(r.get(0)?), r.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            let (id, word) = row?;
            Ok((id, AccessLevel::parse(&word)?))
        })
        .collect()
    }

    /// Into which mailboxes somebody is let.
    pub fn mailboxes_open_to(&self, actor: AccountId) -> Result<Vec<(AccountId, AccessLevel)>> {
        let mut st = self.conn.prepare_cached(
            "SELECT account_id, level FROM access WHERE actor_id = ?1 AND account_id <> ?1 ORDER BY account_id",
        )?;
        let rows = st.query_map([actor.0], |r| Ok((AccountId(r.get(0)?), r.get::<_, String>(1)?)))?;
        rows.map(|row| {
            let (id, word) = row?;
            Ok((id, AccessLevel::parse(&word)?))
        })
        .collect()
    }
}

impl Tx<'_, DirectoryDb> {
    /// None takes it away.
    pub fn put_access(
        &mut self,
        account: AccountId,
        actor: AccountId,
        level: Option<AccessLevel>,
    ) -> Result<()> {
        match level {
            Some(level) => self
                .conn
                .prepare_cached(
                    "INSERT OR REPLACE INTO access (account_id, actor_id, level) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![account.0, actor.0, level.as_str()])?,
            None => self
                .conn
                .prepare_cached("DELETE FROM access WHERE account_id = ?1 AND actor_id = ?2")?
                .execute([account.0, actor.0])?,
        };
        Ok(())
    }
}
