//! The queue: mail waiting to leave, each recipient with its own state and clock.

use super::blob::{self, Staged};
use super::body::{BodyEffects, HasBodies};
use super::tx::{Database, Snapshot, Tx};
use crate::base::{Error, Result, TimeMs};
use crate::model::outgoing::{Envelope, Queued, QueuedRecipient, Recipient, RecipientState};
use crate::model::{AccountId, BodyId, OutgoingId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::path::Path;

pub struct QueueDb;

impl Database for QueueDb {
    type Effects = BodyEffects;
    const MIGRATIONS: &'static [&'static str] = &[include_str!("schema/queue/0001.sql")];

    fn before_commit(&self, _: &Connection, effects: &mut BodyEffects, blobs: Option<&Path>) -> Result<()> {
        blob::sync_added(effects, blobs)
    }

    fn after_commit(&self, conn: &Connection, effects: BodyEffects, blobs: Option<&Path>) {
        blob::remove_released(conn, &effects, blobs);
    }
}

impl HasBodies for QueueDb {
    const HAS_MESSAGES: bool = false;

    fn bodies(effects: &mut BodyEffects) -> &mut BodyEffects {
        effects
    }
}

/// A message to be queued.
pub struct NewOutgoing<'a> {
    /// Names the origin; queuing the same one again changes nothing.
    pub source: &'a str,
    pub account_id: Option<AccountId>,
    pub envelope: &'a Envelope,
    pub body: &'a Staged,
    pub now_ms: TimeMs,
}

/// How an attempt for one recipient went.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub row: i64,
    pub state: RecipientState,
    pub next_attempt_at_ms: TimeMs,
    pub reply: String,
    pub is_delay_told: bool,
}

const OUTGOING: &str = "o.id, o.account_id, o.sender, o.envelope_id, o.return_headers_only, o.smtputf8, o.created_at_ms, b.size_bytes";

fn read_outgoing(r: &Row<'_>) -> rusqlite::Result<Queued> {
    Ok(Queued {
        id: OutgoingId(r.get(0)?),
        account_id: r.get::<_, Option<i64>>(1)?.map(AccountId),
        sender: r.get(2)?,
        envelope_id: r.get(3)?,
        return_headers_only: r.get(4)?,
        smtputf8: r.get(5)?,
        created_at_ms: r.get(6)?,
        size_bytes: r.get(7)?,
        recipients: Vec::new(),
    })
}

fn state_word(state: RecipientState) -> &'static str {
    match state {
        RecipientState::Waiting => "waiting",
        RecipientState::Sent => "sent",
        RecipientState::Failed => "failed",
    }
}

fn read_recipient(r: &Row<'_>) -> rusqlite::Result<QueuedRecipient> {
    let notify: String = r.get(2)?;
    let state: String = r.get(4)?;
    Ok(QueuedRecipient {
        row: r.get(0)?,
        recipient: Recipient {
            address: r.get(1)?,
            notify: serde_json::from_str(&notify).unwrap_or_default(),
            original: r.get(3)?,
        },
        state: match state.as_str() {
            "sent" => RecipientState::Sent,
            "failed" => RecipientState::Failed,
            _ => RecipientState::Waiting,
        },
        attempts: r.get(5)?,
        next_attempt_at_ms: r.get(6)?,
        last_reply: r.get(7)?,
        is_delay_told: r.get(8)?,
    })
}

impl Snapshot<'_, QueueDb> {
    /// Everything in the queue, oldest first.
    pub fn queued(&self) -> Result<Vec<Queued>> {
        let sql = format!("SELECT {OUTGOING} FROM outgoing o JOIN body b ON b.id = o.body_id ORDER BY o.id");
        let mut st = self.conn.prepare_cached(&sql)?;
        let all: Vec<Queued> = st
            .query_map([], read_outgoing)?
            .collect::<rusqlite::Result<_>>()?;
        all.into_iter().map(|o| self.with_recipients(o)).collect()
    }

    pub fn queued_message(&self, id: OutgoingId) -> Result<Option<Queued>> {
        let sql =
            format!("SELECT {OUTGOING} FROM outgoing o JOIN body b ON b.id = o.body_id WHERE o.id = ?1");
        let found = self
            .conn
            .prepare_cached(&sql)?
            .query_row([id.0], read_outgoing)
            .optional()?;
        found.map(|o| self.with_recipients(o)).transpose()
    }

    /// Messages with a recipient whose time has come.
    pub fn due(&self, now_ms: TimeMs, limit: usize) -> Result<Vec<OutgoingId>> {
        let mut st = self.conn.prepare_cached(
            "SELECT DISTINCT outgoing_id FROM recipient WHERE state = 'waiting' AND next_attempt_at_ms <= ?1
             ORDER BY next_attempt_at_ms LIMIT ?2",
        )?;
        let rows = st.query_map(params![now_ms, limit as i64], |r| Ok(OutgoingId(r.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// When the next attempt is to be made.
    pub fn next_due(&self) -> Result<Option<TimeMs>> {
        let sql = "SELECT min(next_attempt_at_ms) FROM recipient WHERE state = 'waiting'";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |r| r.get(0))?)
    }

    pub fn outgoing_body(&self, id: OutgoingId) -> Result<BodyId> {
        let mut st = self
            .conn
            .prepare_cached("SELECT body_id FROM outgoing WHERE id = ?1")?;
        st.query_row([id.0], |r| Ok(BodyId(r.get(0)?)))
            .optional()?
            .ok_or_else(no_such_message)
    }

    fn with_recipients(&self, mut outgoing: Queued) -> Result<Queued> {
        let mut st = self.conn.prepare_cached(
            "SELECT id, address, notify, original, state, attempts, next_attempt_at_ms, last_reply, is_delay_told
             FROM recipient WHERE outgoing_id = ?1 ORDER BY id",
        )?;
        outgoing.recipients = st
            .query_map([outgoing.id.0], read_recipient)?
            .collect::<rusqlite::Result<_>>()?;
        Ok(outgoing)
    }
}

fn no_such_message() -> Error {
    Error::not_found("there is no such message in the queue; hauspost queue list shows what is there")
}

impl Tx<'_, QueueDb> {
    /// Queues a message. None: this source was queued before.
    pub fn enqueue(&mut self, new: &NewOutgoing<'_>) -> Result<Option<OutgoingId>> {
        let taken = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO taken (source, at_ms) VALUES (?1, ?2)")?
            .execute(params![new.source, new.now_ms])?;
        if taken == 0 {
            return Ok(None);
        }
        let (body, _) = self.put_body(new.body)?;
        let e = new.envelope;
        self.conn
            .prepare_cached(
                "INSERT INTO outgoing (source, account_id, sender, envelope_id, return_headers_only, smtputf8, created_at_ms, body_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                new.source,
                new.account_id.map(|a| a.0),
                e.sender,
                e.envelope_id,
                e.return_headers_only,
                e.smtputf8,
                new.now_ms,
                body.0
            ])?;
        let id = self.conn.last_insert_rowid();
        for r in &e.recipients {
            let notify = serde_json::to_string(&r.notify)
                .map_err(|e| Error::internal("an envelope cannot be written").caused_by(e))?;
            self.conn
                .prepare_cached(
                    "INSERT INTO recipient (outgoing_id, address, notify, original, state, attempts, next_attempt_at_ms, is_delay_told)
                     VALUES (?1, ?2, ?3, ?4, 'waiting', 0, ?5, 0)",
                )?
                .execute(params![id, r.address, notify, r.original, new.now_ms])?;
        }
        Ok(Some(OutgoingId(id)))
    }

    /// Notes how attempts went, and takes the message out of the queue when no recipient waits any more.
    pub fn note_attempts(&mut self, id: OutgoingId, attempts: &[Attempt]) -> Result<()> {
        for a in attempts {
            self.conn
                .prepare_cached(
                    "UPDATE recipient SET state = ?2, attempts = attempts + 1, next_attempt_at_ms = ?3, last_reply = ?4,
                     is_delay_told = ?5 WHERE id = ?1",
                )?
                .execute(params![a.row, state_word(a.state), a.next_attempt_at_ms, a.reply, a.is_delay_told])?;
        }
        let mut waiting = self
            .conn
            .prepare_cached("SELECT 1 FROM recipient WHERE outgoing_id = ?1 AND state = 'waiting'")?;
        if !waiting.exists([id.0])? {
            drop(waiting);
            self.drop_outgoing(id)?;
        }
        Ok(())
    }

    /// After a restore: nobody knows what has left since, so nothing leaves by itself. Returns to how many people that is.
    pub fn hold_waiting(&mut self) -> Result<u64> {
        const NEVER_MS: TimeMs = 4_102_444_800_000;
        let n = self
            .conn
            .prepare_cached(
                "UPDATE recipient SET next_attempt_at_ms = ?1, is_delay_told = 1, last_reply = ?2 WHERE state = 'waiting'",
            )?
            .execute(params![
                NEVER_MS,
                "Restored from a backup: it may have left since. Send it with »queue retry«, or drop it."
            ])?;
        Ok(n as u64)
    }

    /// Puts the next attempt of one message, or of all, to `now_ms`. Returns how many recipients that concerns.
    pub fn retry_now(&mut self, id: Option<OutgoingId>, now_ms: TimeMs) -> Result<usize> {
        if let Some(id) = id {
            self.outgoing_body(id)?;
        }
        Ok(self.conn.execute(
            "UPDATE recipient SET next_attempt_at_ms = ?2 WHERE state = 'waiting' AND (?1 IS NULL OR outgoing_id = ?1)",
            params![id.map(|i| i.0), now_ms],
        )?)
    }

    /// Takes a message out of the queue, whatever its state. Errors: NotFound.
    pub fn drop_outgoing(&mut self, id: OutgoingId) -> Result<()> {
        let body = self.outgoing_body(id)?;
        self.conn
            .prepare_cached("DELETE FROM outgoing WHERE id = ?1")?
            .execute([id.0])?;
        self.release_body(body)?;
        Ok(())
    }

    /// Forgets sources older than `before_ms` that are not in the queue any more.
    pub fn prune_taken(&mut self, before_ms: TimeMs) -> Result<usize> {
        Ok(self.conn.execute(
            "DELETE FROM taken WHERE at_ms < ?1 AND source NOT IN (SELECT source FROM outgoing)",
            [before_ms],
        )?)
    }
}
