//! The outbox of an account: accepted for sending in the account's own commit, taken over by the post room later. What is
//! held back until its time lies here too, and its draft stays where it is until then.

use super::account::AccountDb;
use super::blob::Staged;
use super::tx::{Snapshot, Tx};
use crate::base::{Error, Result, TimeMs};
use crate::model::message::Item;
use crate::model::outgoing::Envelope;
use crate::model::{BodyId, ItemId, Role};
use rusqlite::{OptionalExtension, params};

#[derive(Clone, Debug)]
pub struct OutboxRow {
    pub id: i64,
    pub body_id: BodyId,
    pub envelope: Envelope,
    pub created_at_ms: TimeMs,
}

/// A message that is held back.
#[derive(Clone, Debug)]
pub struct HeldRow {
    pub row: OutboxRow,
    pub send_at_ms: TimeMs,
    pub draft: ItemId,
    /// What the draft was: another one now means that somebody goes on writing.
    draft_body: BodyId,
}

const COLUMNS: &str = "id, body_id, envelope, created_at_ms";

fn read_row(r: &rusqlite::Row<'_>) -> rusqlite::Result<OutboxRow> {
    let envelope = r.get_ref(2)?.as_str()?;
    let wrong = |e| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(e));
    Ok(OutboxRow {
        id: r.get(0)?,
        body_id: BodyId(r.get(1)?),
        envelope: serde_json::from_str(envelope).map_err(wrong)?,
        created_at_ms: r.get(3)?,
    })
}

impl Snapshot<'_, AccountDb> {
    /// What waits to be taken over, oldest first; at most `limit`.
    pub fn outbox(&self, limit: usize) -> Result<Vec<OutboxRow>> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE send_at_ms IS NULL ORDER BY id LIMIT ?1");
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([limit as i64], read_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What is held back, the next to leave first.
    pub fn held(&self) -> Result<Vec<HeldRow>> {
        let sql = format!(
            "SELECT {COLUMNS}, send_at_ms, draft_id, draft_body_id FROM outbox WHERE send_at_ms IS NOT NULL
             ORDER BY send_at_ms, id"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([], |r| {
            Ok(HeldRow {
                row: read_row(r)?,
                send_at_ms: r.get(4)?,
                draft: ItemId(r.get(5)?),
                draft_body: BodyId(r.get(6)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
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

    /// Holds a message back that is made of a draft; one that is held for it already is let go. The draft stays.
    pub fn hold_back(
        &mut self,
        (staged, envelope): (&Staged, &Envelope),
        draft: &Item,
        (send_at_ms, now_ms): (TimeMs, TimeMs),
    ) -> Result<()> {
        self.let_go(draft.id)?;
        let id = self.insert_outbox(staged, envelope, now_ms)?;
        self.conn
            .prepare_cached(
                "UPDATE outbox SET send_at_ms = ?2, draft_id = ?3, draft_body_id = ?4 WHERE id = ?1",
            )?
            .execute(params![id, send_at_ms, draft.id.0, draft.body_id.0])?;
        Ok(())
    }

    /// The message that is held back for a draft does not leave. False: none is.
    pub fn let_go(&mut self, draft: ItemId) -> Result<bool> {
        let held = self.held()?.into_iter().find(|h| h.draft == draft);
        if let Some(held) = &held {
            self.remove_outbox(&held.row)?;
        }
        Ok(held.is_some())
    }

    /// The draft that a held message was made of, as it was then. None: it was changed or thrown away since, or sent.
    pub fn draft_of(&self, held: &HeldRow) -> Result<Option<Item>> {
        let stands: Option<i64> = self
            .conn
            .prepare_cached("SELECT id FROM outbox WHERE id = ?1 AND send_at_ms IS NOT NULL")?
            .query_row([held.row.id], |r| r.get(0))
            .optional()?;
        let trash = self.folder_by_role(Role::Trash)?.map(|f| f.id);
        let item = self.item(held.draft)?;
        Ok(item.filter(|i| stands.is_some() && i.body_id == held.draft_body && Some(i.folder_id) != trash))
    }

    /// What was held back leaves now.
    pub fn release_held(&mut self, held: &HeldRow) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE outbox SET send_at_ms = NULL WHERE id = ?1")?
            .execute([held.row.id])?;
        self.touch_outbox();
        Ok(())
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
