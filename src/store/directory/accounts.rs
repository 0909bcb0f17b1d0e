//! Accounts and their further addresses.

use super::DirectoryDb;
use crate::base::{Error, Result};
use crate::model::{Account, AccountId, AccountKind, AccountState};
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, Row, params};

const COLUMNS: &str = "id, oid, kind, address, display_name, language, is_admin, state, quota_bytes, created_at_ms, sign_in_generation";

fn read_account(r: &Row<'_>) -> rusqlite::Result<Account> {
    let kind: String = r.get(2)?;
    let state: String = r.get(7)?;
    Ok(Account {
        id: AccountId(r.get(0)?),
        oid: r.get(1)?,
        kind: AccountKind::parse(&kind).unwrap_or(AccountKind::Person),
        address: r.get(3)?,
        display_name: r.get(4)?,
        language: r.get(5)?,
        is_admin: r.get(6)?,
        state: if state == "active" {
            AccountState::Active
        } else {
            AccountState::Disabled
        },
        quota_bytes: r.get(8)?,
        created_at_ms: r.get(9)?,
        sign_in_generation: r.get(10)?,
        aliases: Vec::new(),
    })
}

fn state_word(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Disabled => "disabled",
    }
}

impl Snapshot<'_, DirectoryDb> {
    /// By address.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        let mut st = self
            .conn
            .prepare_cached(&format!("SELECT {COLUMNS} FROM account ORDER BY address"))?;
        let rows: Vec<Account> = st.query_map([], read_account)?.collect::<rusqlite::Result<_>>()?;
        rows.into_iter().map(|a| self.with_aliases(a)).collect()
    }

    pub fn account(&self, id: AccountId) -> Result<Option<Account>> {
        self.find_account("id = ?1", id.0)
    }

    /// The number under which somebody may be signed in now; None: not at all.
    pub fn sign_in_generation(&self, id: AccountId) -> Result<Option<i64>> {
        Ok(self
            .conn
            .prepare_cached("SELECT sign_in_generation FROM account WHERE id = ?1 AND state = 'active'")?
            .query_row([id.0], |r| r.get(0))
            .optional()?)
    }

    pub fn account_by_oid(&self, oid: &str) -> Result<Option<Account>> {
        self.find_account("oid = ?1", oid)
    }

    /// By primary address or alias; `address` in lower case.
    pub fn account_by_address(&self, address: &str) -> Result<Option<Account>> {
        match self.find_account("address = ?1", address)? {
            Some(account) => Ok(Some(account)),
            None => self.find_account("id = (SELECT account_id FROM alias WHERE address = ?1)", address),
        }
    }

    /// Whom the office has changed or lost after a number, in that order: the number, the object id, and the account as
    /// it is now, when it is.
    pub fn people_since(&self, since: i64) -> Result<Vec<(i64, String, Option<Account>)>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT number, oid FROM person_change WHERE number > ?1 ORDER BY number")?;
        let rows = st.query_map([since], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let rows: Vec<(i64, String)> = rows.collect::<rusqlite::Result<_>>()?;
        rows.into_iter()
            .map(|(number, oid)| {
                let account = self.account_by_oid(&oid)?;
                Ok((number, oid, account))
            })
            .collect()
    }

    fn find_account(&self, condition: &str, value: impl rusqlite::ToSql) -> Result<Option<Account>> {
        let sql = format!("SELECT {COLUMNS} FROM account WHERE {condition}");
        let found = self
            .conn
            .prepare_cached(&sql)?
            .query_row([value], read_account)
            .optional()?;
        found.map(|a| self.with_aliases(a)).transpose()
    }

    fn with_aliases(&self, mut account: Account) -> Result<Account> {
        let mut st = self
            .conn
            .prepare_cached("SELECT address FROM alias WHERE account_id = ?1 ORDER BY address")?;
        account.aliases = st
            .query_map([account.id.0], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(account)
    }
}

impl Tx<'_, DirectoryDb> {
    /// Keeps a new account; `id` and `aliases` of what is given do not count. Errors: Exists.
    pub fn insert_account(&mut self, a: &Account) -> Result<AccountId> {
        self.check_address_is_free(&a.address)?;
        self.conn
            .prepare_cached(
                "INSERT INTO account (oid, kind, address, display_name, language, is_admin, state, quota_bytes, created_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                a.oid,
                a.kind.as_str(),
                a.address,
                a.display_name,
                a.language,
                a.is_admin,
                state_word(a.state),
                a.quota_bytes,
                a.created_at_ms
            ])?;
        let id = AccountId(self.conn.last_insert_rowid());
        self.note_person(id)?;
        Ok(id)
    }

    /// Keeps what can change: names, language, rights, state, quota.
    pub fn update_account(&mut self, a: &Account) -> Result<()> {
        self.conn
            .prepare_cached(
                "UPDATE account SET kind = ?2, display_name = ?3, language = ?4, is_admin = ?5, state = ?6, quota_bytes = ?7
                 WHERE id = ?1",
            )?
            .execute(params![
                a.id.0,
                a.kind.as_str(),
                a.display_name,
                a.language,
                a.is_admin,
                state_word(a.state),
                a.quota_bytes
            ])?;
        self.note_person(a.id)
    }

    pub fn delete_account(&mut self, id: AccountId) -> Result<()> {
        self.note_person(id)?;
        self.conn
            .prepare_cached("DELETE FROM account WHERE id = ?1")?
            .execute([id.0])?;
        self.effects.ends_sign_ins = true;
        Ok(())
    }

    /// Errors: Exists.
    pub fn change_address(&mut self, id: AccountId, address: &str) -> Result<()> {
        self.check_address_is_free(address)?;
        self.conn
            .prepare_cached("UPDATE account SET address = ?2 WHERE id = ?1")?
            .execute(params![id.0, address])?;
        self.note_person(id)
    }

    /// Errors: Exists.
    pub fn add_alias(&mut self, id: AccountId, address: &str) -> Result<()> {
        self.check_address_is_free(address)?;
        self.conn
            .prepare_cached("INSERT INTO alias (address, account_id) VALUES (?1, ?2)")?
            .execute(params![address, id.0])?;
        self.note_person(id)
    }

    /// Errors: NotFound.
    pub fn remove_alias(&mut self, id: AccountId, address: &str) -> Result<()> {
        let removed = self
            .conn
            .prepare_cached("DELETE FROM alias WHERE address = ?1 AND account_id = ?2")?
            .execute(params![address, id.0])?;
        if removed == 0 {
            return Err(Error::not_found(format!(
                "{address} is no further address of this account"
            )));
        }
        self.note_person(id)
    }

    /// What the office sees of somebody has changed, or they go.
    fn note_person(&mut self, id: AccountId) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO person_change (oid, number)
                 SELECT oid, (SELECT coalesce(max(number), 0) + 1 FROM person_change) FROM account WHERE id = ?1",
            )?
            .execute([id.0])?;
        Ok(())
    }

    fn check_address_is_free(&self, address: &str) -> Result<()> {
        match self.account_by_address(address)? {
            Some(owner) if owner.address == address => {
                Err(Error::exists(format!("there is already an account {address}")))
            }
            Some(owner) => Err(Error::exists(format!(
                "{address} already belongs to {}",
                owner.address
            ))),
            None => Ok(()),
        }
    }
}
