//! Password hashes of accounts: the password itself and app passwords.

use super::DirectoryDb;
use crate::base::{Error, Result, TimeMs};
use crate::model::AccountId;
use crate::store::{Snapshot, Tx};
use rusqlite::params;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// What the person types on the page.
    Password,
    /// One device or program; not valid for the page and for tokens.
    App,
}

#[derive(Clone, Debug)]
pub struct Credential {
    pub id: i64,
    pub kind: CredentialKind,
    pub label: String,
    /// PHC string, argon2id.
    pub hash: String,
    pub created_at_ms: TimeMs,
}

impl CredentialKind {
    fn word(self) -> &'static str {
        match self {
            CredentialKind::Password => "password",
            CredentialKind::App => "app",
        }
    }
}

impl Snapshot<'_, DirectoryDb> {
    pub fn credentials(&self, account: AccountId) -> Result<Vec<Credential>> {
        let mut st = self.conn.prepare_cached(
            "SELECT id, kind, label, hash, created_at_ms FROM credential WHERE account_id = ?1 ORDER BY id",
        )?;
        let rows = st.query_map([account.0], |r| {
            let kind: String = r.get(1)?;
            Ok(Credential {
                id: r.get(0)?,
                kind: if kind == "password" {
                    CredentialKind::Password
                } else {
                    CredentialKind::App
                },
                label: r.get(2)?,
                hash: r.get(3)?,
                created_at_ms: r.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, DirectoryDb> {
    /// Replaces the account's password.
    pub fn put_password(&mut self, account: AccountId, hash: &str, now_ms: TimeMs) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM credential WHERE account_id = ?1 AND kind = 'password'")?
            .execute([account.0])?;
        self.insert_credential(account, CredentialKind::Password, "", hash, now_ms)
            .map(drop)
    }

    pub fn insert_credential(
        &mut self,
        account: AccountId,
        kind: CredentialKind,
        label: &str,
        hash: &str,
        now_ms: TimeMs,
    ) -> Result<i64> {
        self.conn
            .prepare_cached("INSERT INTO credential (account_id, kind, label, hash, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![account.0, kind.word(), label, hash, now_ms])?;
        Ok(self.conn.last_insert_rowid())
    }

    /// Errors: NotFound.
    pub fn remove_credential(&mut self, account: AccountId, id: i64) -> Result<()> {
        match self.conn.execute(
            "DELETE FROM credential WHERE id = ?1 AND account_id = ?2",
            [id, account.0],
        )? {
            0 => Err(Error::not_found("there is no such app password")),
            _ => Ok(()),
        }
    }
}
