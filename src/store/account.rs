//! The file of one account: its counter, and what its commits ring and leave behind.

use super::bell::Bells;
use super::blob;
use super::body::{BodyEffects, HasBodies};
use super::clock;
use super::tx::{Database, Snapshot, Tx};
use crate::base::clock::{Clock, SystemClock};
use crate::base::{Result, TimeMs};
use crate::model::{AccountId, Change, FolderId, Modseq};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

pub struct AccountDb {
    id: AccountId,
    bells: Arc<Bells>,
}

impl AccountDb {
    pub(in crate::store) fn new(id: AccountId, bells: Arc<Bells>) -> Self {
        AccountDb { id, bells }
    }
}

#[derive(Clone, Default)]
pub struct AccountEffects {
    modseq_before: Modseq,
    modseq: Modseq,
    /// Of the clock's last row.
    clock_at_ms: TimeMs,
    /// Added by the changes so far; written once, before the commit.
    added_bytes: i64,
    folders: BTreeSet<FolderId>,
    is_outbox: bool,
    bodies: BodyEffects,
}

impl Database for AccountDb {
    type Effects = AccountEffects;
    const MIGRATIONS: &'static [&'static str] = &[
        include_str!("schema/account/0001.sql"),
        include_str!("schema/account/0002.sql"),
        include_str!("schema/account/0003.sql"),
        include_str!("schema/account/0004.sql"),
        include_str!("schema/account/0005.sql"),
        include_str!("schema/account/0006.sql"),
        include_str!("schema/account/0007.sql"),
        include_str!("schema/account/0008.sql"),
        include_str!("schema/account/0009.sql"),
        include_str!("schema/account/0010.sql"),
        include_str!("schema/account/0011.sql"),
        include_str!("schema/account/0012.sql"),
        include_str!("schema/account/0013.sql"),
        include_str!("schema/account/0014.sql"),
        include_str!("schema/account/0015.sql"),
        include_str!("schema/account/0016.sql"),
        include_str!("schema/account/0017.sql"),
        include_str!("schema/account/0018.sql"),
    ];

    fn begin(&self, conn: &Connection, effects: &mut AccountEffects) -> Result<()> {
        (effects.modseq, effects.clock_at_ms) = conn
            .prepare_cached("SELECT modseq, clock_at_ms FROM state")?
            .query_row([], |r| Ok((r.get(0)?, r.get(1)?)))?;
        effects.modseq_before = effects.modseq;
        Ok(())
    }

    fn before_commit(
        &self,
        conn: &Connection,
        effects: &mut AccountEffects,
        blobs: Option<&Path>,
    ) -> Result<()> {
        if effects.modseq != effects.modseq_before || effects.added_bytes != 0 {
            let first = effects.modseq_before + 1;
            let at_ms = clock::tick(conn, first, effects.clock_at_ms, SystemClock.now_ms())?;
            conn.prepare_cached(
                "UPDATE state SET modseq = ?1, used_bytes = used_bytes + ?2, clock_at_ms = ?3",
            )?
            .execute([effects.modseq, effects.added_bytes, at_ms])?;
        }
        blob::sync_added(&effects.bodies, blobs)
    }

    fn is_listened_to(&self) -> bool {
        self.bells.has_listeners(self.id)
    }

    fn after_commit(&self, conn: &Connection, effects: AccountEffects, blobs: Option<&Path>) {
        if !effects.folders.is_empty() || effects.is_outbox {
            self.bells.ring(Change {
                account: self.id,
                modseq: effects.modseq,
                folders: effects.folders.iter().copied().collect(),
                is_outbox: effects.is_outbox,
            });
        }
        blob::remove_released(conn, &effects.bodies, blobs);
    }
}

impl HasBodies for AccountDb {
    const HAS_MESSAGES: bool = true;

    fn bodies(effects: &mut AccountEffects) -> &mut BodyEffects {
        &mut effects.bodies
    }
}

impl Snapshot<'_, AccountDb> {
    pub fn account_id(&self) -> AccountId {
        self.db.id
    }

    /// The account's position in its change log.
    pub fn modseq(&self) -> Result<Modseq> {
        Ok(self
            .conn
            .prepare_cached("SELECT modseq FROM state")?
            .query_row([], |r| r.get(0))?)
    }

    /// Tombstones up to this modseq are gone: a cursor below it cannot be served.
    pub fn horizon(&self) -> Result<Modseq> {
        Ok(self
            .conn
            .prepare_cached("SELECT horizon FROM state")?
            .query_row([], |r| r.get(0))?)
    }

    /// Bytes of all items, each counted as often as it is there; as of the last commit.
    pub fn used_bytes(&self) -> Result<i64> {
        Ok(self
            .conn
            .prepare_cached("SELECT used_bytes FROM state")?
            .query_row([], |r| r.get(0))?)
    }
}

impl Tx<'_, AccountDb> {
    /// The next number of the account's counter: a modseq, or an id.
    pub(in crate::store) fn next_number(&mut self) -> Modseq {
        self.effects.modseq += 1;
        self.effects.modseq
    }

    /// Listeners of this folder are told after the commit.
    pub(in crate::store) fn touch_folder(&mut self, folder: FolderId) {
        self.effects.folders.insert(folder);
    }

    pub(in crate::store) fn touch_outbox(&mut self) {
        self.effects.is_outbox = true;
    }

    pub(in crate::store) fn add_used_bytes(&mut self, bytes: i64) {
        self.effects.added_bytes += bytes;
    }
}
