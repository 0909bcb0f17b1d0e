//! Which accounts are somebody of another system.

use super::DirectoryDb;
use crate::base::{Error, Result};
use crate::model::AccountId;
use crate::model::directory::{OutsideLink, Source};
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, Row, params};

const COLUMNS: &str = "account_id, external_id, is_off, aliases, user_name";

fn read_link(r: &Row<'_>) -> rusqlite::Result<OutsideLink> {
    let aliases: String = r.get(3)?;
    Ok(OutsideLink {
        account_id: AccountId(r.get(0)?),
        external_id: r.get(1)?,
        is_off: r.get(2)?,
        aliases: serde_json::from_str(&aliases).unwrap_or_default(),
        user_name: r.get(4)?,
    })
}

impl Snapshot<'_, DirectoryDb> {
    pub fn outside_links(&self, source: Source) -> Result<Vec<OutsideLink>> {
        let mut st = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM outside_link WHERE source = ?1 ORDER BY external_id"
        ))?;
        let rows = st.query_map([source.as_str()], read_link)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn outside_link_of(&self, account: AccountId, source: Source) -> Result<Option<OutsideLink>> {
        let sql = format!("SELECT {COLUMNS} FROM outside_link WHERE account_id = ?1 AND source = ?2");
        let mut st = self.conn.prepare_cached(&sql)?;
        Ok(st
            .query_row(params![account.0, source.as_str()], read_link)
            .optional()?)
    }

    /// Whom another system lets sign in with this name, in small letters; None too when two of them do.
    pub fn account_by_user_name(&self, name: &str) -> Result<Option<AccountId>> {
        let sql = "SELECT DISTINCT account_id FROM outside_link WHERE user_name = ?1 LIMIT 2";
        let mut st = self.conn.prepare_cached(sql)?;
        let found: Vec<i64> = st
            .query_map([name], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(match found[..] {
            [one] => Some(AccountId(one)),
            _ => None,
        })
    }

    /// Whether anybody may sign in with a name that is no address.
    pub fn has_user_names(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM outside_link WHERE user_name IS NOT NULL)";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |r| r.get(0))?)
    }

    pub fn outside_link(&self, source: Source, external_id: &str) -> Result<Option<OutsideLink>> {
        let sql = format!("SELECT {COLUMNS} FROM outside_link WHERE source = ?1 AND external_id = ?2");
        let mut st = self.conn.prepare_cached(&sql)?;
        Ok(st
            .query_row([source.as_str(), external_id], read_link)
            .optional()?)
    }
}

impl Tx<'_, DirectoryDb> {
    pub fn put_outside_link(&mut self, source: Source, link: &OutsideLink) -> Result<()> {
        let aliases = serde_json::to_string(&link.aliases)
            .map_err(|e| Error::internal("addresses cannot be written").caused_by(e))?;
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO outside_link (source, external_id, account_id, is_off, aliases, user_name)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                source.as_str(),
                link.external_id,
                link.account_id.0,
                link.is_off,
                aliases,
                link.user_name
            ])?;
        Ok(())
    }

    /// The accounts stay. Returns how many are on their own now.
    pub fn remove_outside_links(&mut self, source: Source) -> Result<usize> {
        Ok(self
            .conn
            .execute("DELETE FROM outside_link WHERE source = ?1", [source.as_str()])?)
    }
}
