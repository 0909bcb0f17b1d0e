//! Which deliveries have been made, so that a second try of the same one changes nothing.

use super::account::AccountDb;
use super::tx::Tx;
use crate::base::{Result, TimeMs};
use rusqlite::params;

impl Tx<'_, AccountDb> {
    /// Notes a delivery. False: it was made before.
    pub fn note_delivery(&mut self, delivery_id: &str, now_ms: TimeMs) -> Result<bool> {
        let added = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO delivered (delivery_id, at_ms) VALUES (?1, ?2)")?
            .execute(params![delivery_id, now_ms])?;
        Ok(added == 1)
    }

    /// Forgets deliveries older than `before_ms`.
    pub fn prune_deliveries(&mut self, before_ms: TimeMs) -> Result<usize> {
        Ok(self
            .conn
            .execute("DELETE FROM delivered WHERE at_ms < ?1", [before_ms])?)
    }
}
