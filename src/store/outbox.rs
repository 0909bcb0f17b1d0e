//! The outbox of an account: accepted for sending in the account's own commit, taken over by the post room later.

use super::account::AccountDb;
use super::blob::Staged;
use super::tx::{Snapshot, Tx};
use crate::base::{Error, Result, TimeMs};
use crate::model::BodyId;
use crate::model::outgoing::Envelope;
use rusqlite::params;

#[derive(Clone, Debug)]
pub struct OutboxRow {
    pub id: i64,
    pub body_id: BodyId,
    pub envelope: Envelope,
    pub created_at_ms: TimeMs,
}

impl Snapshot<'_, AccountDb> {
    /// What waits, oldest first; at most `limit`.
    pub fn outbox(&self, limit: usize) -> Result<Vec<OutboxRow>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT id, body_id, envelope, created_at_ms FROM outbox ORDER BY id LIMIT ?1")?;
        let rows = st.query_map([limit as i64], |r| {
            Ok((r.get(0)?, BodyId(r.get(1)?), r.get::<_, String>(2)?, r.get(3)?))
        })?;
        rows.map(|row| {
            let (id, body_id, envelope, created_at_ms) = row?;
            let envelope = serde_json::from_str(&envelope)
                .map_err(|e| Error::internal("an outbox row cannot be read").caused_by(e))?;
            Ok(OutboxRow {
                id,
                body_id,
                envelope,
                created_at_ms,
            })
        })
        .collect()
    }
}

impl Tx<'_, AccountDb> {
    /// Returns the row's id, never used twice in this account.
    pub fn insert_outbox(&mut self, staged: &Staged, envelope: &Envelope, now_ms: TimeMs) -> Result<i64> {
        let (body, _) = self.put_body(staged)?;
        let envelope = serde_json::to_string(envelope)
            .map_err(|e| Error::internal("an envelope cannot be written").caused_by(e))?;
        let id = self.next_number();
        self.conn
            .prepare_cached(
                "INSERT INTO outbox (id, body_id, envelope, created_at_ms) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![id, body.0, envelope, now_ms])?;
        self.touch_outbox();
        Ok(id)
    }

    /// Does nothing when the row is gone.
    pub fn remove_outbox(&mut self, row: &OutboxRow) -> Result<()> {
        let removed = self
            .conn
            .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
            .execute([row.id])?;
        if removed == 1 {
            self.release_body(row.body_id)?;
        }
        Ok(())
    }
}
