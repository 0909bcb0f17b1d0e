//! What a reader sees and what a writer changes: a [`Snapshot`] and a [`Tx`] of one file.
//!
//! Both hide the connection from everybody outside the store; a `Tx` is also a `Snapshot`.

use rusqlite::Connection;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::base::Result;

/// One sort of file: its schema, and what happens around its commits.
pub trait Database: Send + Sync + 'static {
    /// What the changes of a transaction leave to be done at its end. Cloned before each change of
    /// a group, so that one that fails takes its effects back with it.
    type Effects: Clone + Default + Send;

    /// Forward only; entry n brings a file from version n to n + 1.
    const MIGRATIONS: &'static [&'static str];

    /// Prepares the effects after BEGIN.
    fn begin(&self, _conn: &Connection, _effects: &mut Self::Effects) -> Result<()> {
        Ok(())
    }

    /// Last work inside the transaction.
    fn before_commit(
        &self,
        _conn: &Connection,
        _effects: &mut Self::Effects,
        _blobs: Option<&Path>,
    ) -> Result<()> {
        Ok(())
    }

    /// Whether somebody waits to hear of commits.
    fn is_listened_to(&self) -> bool {
        false
    }

    /// After the commit is durable. Must not fail: what it leaves undone, doctor finds.
    fn after_commit(&self, _conn: &Connection, _effects: Self::Effects, _blobs: Option<&Path>) {}
}

/// One consistent state of a file.
pub struct Snapshot<'c, D: Database> {
    pub(in crate::store) conn: &'c Connection,
    pub(in crate::store) db: &'c D,
    pub(in crate::store) blobs: Option<&'c PathBuf>,
}

/// A change in the making.
pub struct Tx<'c, D: Database> {
    snapshot: Snapshot<'c, D>,
    pub(in crate::store) effects: D::Effects,
}

impl<'c, D: Database> Tx<'c, D> {
    pub(in crate::store) fn new(snapshot: Snapshot<'c, D>) -> Self {
        Tx {
            snapshot,
            effects: D::Effects::default(),
        }
    }
}

impl<'c, D: Database> Deref for Tx<'c, D> {
    type Target = Snapshot<'c, D>;

    fn deref(&self) -> &Snapshot<'c, D> {
        &self.snapshot
    }
}
