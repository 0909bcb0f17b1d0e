//! What people have agreed to that programs may do for them.

use super::DirectoryDb;
use crate::base::{Result, TimeMs};
use crate::model::AccountId;
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, Row, params};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub account_id: AccountId,
    pub client_id: String,
    pub permissions: Vec<String>,
    pub given_at_ms: TimeMs,
}

/// How a program stands to a person.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What the registration lets it ask for; None: everything.
    pub limit: Option<Vec<String>>,
    /// An administrator has agreed for everybody.
    pub is_trusted: bool,
    /// What the person has agreed to; None: to nothing.
    pub agreed: Option<Vec<String>>,
}

impl Standing {
    /// Whether the program may act for the person at all.
    pub fn counts(&self) -> bool {
        self.is_trusted || self.agreed.is_some()
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

fn read_consent(r: &Row<'_>) -> rusqlite::Result<Consent> {
    Ok(Consent {
        account_id: AccountId(r.get(0)?),
        client_id: r.get(1)?,
        permissions: words(&r.get::<_, String>(2)?),
        given_at_ms: r.get(3)?,
    })
}

const SELECT: &str = "SELECT account_id, client_id, permissions, given_at_ms FROM consent";

impl Snapshot<'_, DirectoryDb> {
    /// None: there is no such program.
    pub fn standing(&self, client: &str, account: AccountId) -> Result<Option<Standing>> {
        let mut st = self.conn.prepare_cached(
            "SELECT c.permissions, c.is_trusted, (SELECT permissions FROM consent WHERE account_id = ?2 AND client_id = ?1)
             FROM client c WHERE c.id = ?1",
        )?;
        Ok(st
            .query_row(params![client, account.0], |r| {
                Ok(Standing {
                    limit: r.get::<_, Option<String>>(0)?.as_deref().map(words),
                    is_trusted: r.get(1)?,
                    agreed: r.get::<_, Option<String>>(2)?.as_deref().map(words),
                })
            })
            .optional()?)
    }

    /// Of one person.
    pub fn consents_of(&self, account: AccountId) -> Result<Vec<Consent>> {
        let mut st = self
            .conn
            .prepare_cached(&format!("{SELECT} WHERE account_id = ?1 ORDER BY client_id"))?;
        let rows = st.query_map([account.0], read_consent)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// To one program.
    pub fn consents_to(&self, client: &str) -> Result<Vec<Consent>> {
        let mut st = self
            .conn
            .prepare_cached(&format!("{SELECT} WHERE client_id = ?1 ORDER BY account_id"))?;
        let rows = st.query_map([client], read_consent)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, DirectoryDb> {
    /// Adds or replaces.
    pub fn put_consent(&mut self, c: &Consent) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO consent (account_id, client_id, permissions, given_at_ms) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![c.account_id.0, c.client_id, c.permissions.join(" "), c.given_at_ms])?;
        Ok(())
    }

    /// Takes the agreement away, and with it everything that the program holds of the person's: tokens, codes,
    /// subscriptions. Returns whether there was one.
    pub fn end_consent(&mut self, account: AccountId, client: &str, now_ms: TimeMs) -> Result<bool> {
        let mut ended = 0;
        for sql in [
            "DELETE FROM consent WHERE account_id = ?1 AND client_id = ?2",
            "DELETE FROM refresh_token WHERE account_id = ?1 AND client_id = ?2",
            "DELETE FROM authorization_code WHERE account_id = ?1 AND client_id = ?2",
            "DELETE FROM device_code WHERE account_id = ?1 AND client_id = ?2",
        ] {
            ended += self
                .conn
                .prepare_cached(sql)?
                .execute(params![account.0, client])?;
        }
        self.end_subscriptions_by_program(account, client, now_ms)?;
        Ok(ended > 0)
    }
}
