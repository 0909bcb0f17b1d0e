//! What programs keep with items and folders. An owner is the number of either.

use super::account::AccountDb;
use super::tx::{Snapshot, Tx};
use crate::base::{Error, Result};
use crate::model::property::{MAX_PROPERTIES, Property, PropertyValue};
use rusqlite::params;

impl Snapshot<'_, AccountDb> {
    /// By name.
    pub fn properties(&self, owner: i64) -> Result<Vec<Property>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT name, value, is_list FROM property WHERE owner_id = ?1 ORDER BY name")?;
        let rows = st.query_map([owner], |r| {
            let value: String = r.get(1)?;
            Ok(Property {
                name: r.get(0)?,
                value: match r.get(2)? {
                    true => PropertyValue::List(serde_json::from_str(&value).unwrap_or_default()),
                    false => PropertyValue::One(value),
                },
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, AccountDb> {
    /// Errors: Invalid, when the owner has too many.
    pub fn put_properties(&mut self, owner: i64, all: &[Property]) -> Result<()> {
        for property in all {
            let (value, is_list) = match &property.value {
                PropertyValue::One(value) => (value.clone(), false),
                PropertyValue::List(values) => (
                    serde_json::to_string(values)
                        .map_err(|e| Error::internal("a list cannot be written").caused_by(e))?,
                    true,
                ),
                PropertyValue::Gone => {
                    self.conn
                        .prepare_cached("DELETE FROM property WHERE owner_id = ?1 AND name = ?2")?
                        .execute(params![owner, property.name])?;
                    continue;
                }
            };
            self.conn
                .prepare_cached(
                    "INSERT OR REPLACE INTO property (owner_id, name, value, is_list) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![owner, property.name, value, is_list])?;
        }
        let mut st = self
            .conn
            .prepare_cached("SELECT count(*) FROM property WHERE owner_id = ?1")?;
        let count: i64 = st.query_row([owner], |r| r.get(0))?;
        if count > MAX_PROPERTIES as i64 {
            return Err(Error::invalid(format!(
                "a message or a folder has at most {MAX_PROPERTIES} extended properties"
            )));
        }
        Ok(())
    }

    pub(in crate::store) fn copy_properties(&mut self, from: i64, to: i64) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO property (owner_id, name, value, is_list)
                 SELECT ?2, name, value, is_list FROM property WHERE owner_id = ?1",
            )?
            .execute([from, to])?;
        Ok(())
    }

    pub(in crate::store) fn remove_properties(&mut self, owner: i64) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM property WHERE owner_id = ?1")?
            .execute([owner])?;
        Ok(())
    }
}
