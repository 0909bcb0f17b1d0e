//! Mail domains that are ours, and their DKIM keys.

use super::DirectoryDb;
use crate::base::{Error, Result, TimeMs};
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    pub name: String,
    pub created_at_ms: TimeMs,
    pub dkim_selector: Option<String>,
    /// PKCS#8 PEM.
    #[serde(skip)]
    pub dkim_key: Option<String>,
}

fn read_domain(r: &Row<'_>) -> rusqlite::Result<Domain> {
    Ok(Domain {
        name: r.get(0)?,
        created_at_ms: r.get(1)?,
        dkim_selector: r.get(2)?,
        dkim_key: r.get(3)?,
    })
}

const SELECT: &str = "SELECT name, created_at_ms, dkim_selector, dkim_key FROM domain";

impl Snapshot<'_, DirectoryDb> {
    pub fn domains(&self) -> Result<Vec<Domain>> {
        let mut st = self
            .conn
            .prepare_cached(&format!("{SELECT} ORDER BY created_at_ms, name"))?;
        let rows = st.query_map([], read_domain)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn domain(&self, name: &str) -> Result<Option<Domain>> {
        let mut st = self.conn.prepare_cached(&format!("{SELECT} WHERE name = ?1"))?;
        Ok(st.query_row([name], read_domain).optional()?)
    }
}

impl Tx<'_, DirectoryDb> {
    /// Returns whether it is new.
    pub fn add_domain(&mut self, domain: &Domain) -> Result<bool> {
        let added = self
            .conn
            .prepare_cached(
                "INSERT OR IGNORE INTO domain (name, created_at_ms, dkim_selector, dkim_key) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![domain.name, domain.created_at_ms, domain.dkim_selector, domain.dkim_key])?;
        Ok(added == 1)
    }

    /// Errors: NotFound; Conflict while addresses of it are in use.
    pub fn remove_domain(&mut self, name: &str) -> Result<()> {
        let pattern = format!(
            "%@{}",
            name.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
        );
        let in_use = self
            .conn
            .prepare_cached(
                "SELECT 1 FROM account WHERE address LIKE ?1 ESCAPE '\\' UNION SELECT 1 FROM alias WHERE address LIKE ?1 ESCAPE '\\'",
            )?
            .exists([&pattern])?;
        if in_use {
            return Err(Error::conflict(format!(
                "there are still accounts with addresses of {name}; remove them first"
            )));
        }
        match self
            .conn
            .prepare_cached("DELETE FROM domain WHERE name = ?1")?
            .execute([name])?
        {
            0 => Err(Error::not_found(format!(
                "there is no domain {name}; hauspost domain list shows which there are"
            ))),
            _ => Ok(()),
        }
    }
}
