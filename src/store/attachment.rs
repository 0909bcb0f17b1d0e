//! Files of events and tasks that lie beside them, found by their managed id. An account has each once, however many of
//! its events name it; it goes with the last of them, or thirty days later when that one can be got back as long.

use super::account::AccountDb;
use super::blob::{Hash, Staged};
use super::body::BodyReader;
use super::item::COLUMNS;
use super::layout::Layout;
use super::object::{MORE, read_object};
use super::tx::{Snapshot, Tx};
use crate::base::Result;
use crate::model::object::Object;
use crate::model::{BodyId, ItemId};
use rusqlite::{OptionalExtension, params};
use std::fmt;

/// A file that is ready to be held.
#[derive(Clone)]
pub struct HeldFile {
    pub managed_id: String,
    pub staged: Staged,
}

impl fmt::Debug for HeldFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.managed_id, self.staged.size_bytes())
    }
}

impl Snapshot<'_, AccountDb> {
    fn attachment_body(&self, managed_id: &str) -> Result<Option<BodyId>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT body_id FROM attachment WHERE managed_id = ?1")?;
        Ok(st.query_row([managed_id], |r| r.get(0).map(BodyId)).optional()?)
    }

    /// Whether the account holds a file of this name, for whatever event.
    pub fn has_attachment(&self, managed_id: &str) -> Result<bool> {
        Ok(self.attachment_body(managed_id)?.is_some())
    }

    /// The hash of its bytes. None: the account does not hold it.
    pub fn attachment_hash(&self, managed_id: &str) -> Result<Option<Hash>> {
        let body = self.attachment_body(managed_id)?;
        body.map(|body| self.body_hash(body)).transpose()
    }

    pub fn open_attachment(&self, managed_id: &str) -> Result<Option<BodyReader>> {
        let body = self.attachment_body(managed_id)?;
        body.map(|body| self.open_body(body)).transpose()
    }

    /// Events and tasks that name a file, by id.
    pub fn objects_of_attachment(&self, managed_id: &str) -> Result<Vec<Object>> {
        let sql = format!(
            "SELECT {COLUMNS}, {MORE} FROM attachment_use u JOIN object ON object.item_id = u.item_id
             JOIN item ON item.id = object.item_id WHERE u.managed_id = ?1 ORDER BY object.item_id"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([managed_id], read_object)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A file as it goes into another account: a large one is linked, not copied.
    pub fn stage_attachment(&self, managed_id: &str, layout: &Layout) -> Result<Option<HeldFile>> {
        let Some(body) = self.attachment_body(managed_id)? else {
            return Ok(None);
        };
        Ok(Some(HeldFile {
            managed_id: managed_id.to_owned(),
            staged: self.stage_body(body, layout)?,
        }))
    }

    /// What the files that are named by something that is there add up to, among some.
    fn live_bytes(&self, ids: &[String]) -> Result<i64> {
        let mut st = self.conn.prepare_cached(
            "SELECT size_bytes FROM attachment a WHERE managed_id = ?1 AND EXISTS
             (SELECT 1 FROM attachment_use u JOIN item ON item.id = u.item_id WHERE u.managed_id = a.managed_id)",
        )?;
        let mut sum = 0;
        for id in ids {
            sum += st.query_row([id], |r| r.get(0)).optional()?.unwrap_or(0);
        }
        Ok(sum)
    }

    fn attachments_of(&self, item: ItemId) -> Result<Vec<String>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT managed_id FROM attachment_use WHERE item_id = ?1")?;
        let rows = st.query_map([item.0], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, AccountDb> {
    /// Takes a file in; one that is there already stays as it is. Whoever takes it in calls
    /// [`Tx::drop_unused_attachments`] behind the change that is to name it.
    pub fn hold_attachment(&mut self, file: &HeldFile) -> Result<()> {
        if self.has_attachment(&file.managed_id)? {
            return Ok(());
        }
        let (body, _) = self.put_body(&file.staged)?;
        self.conn
            .prepare_cached("INSERT INTO attachment (managed_id, body_id, size_bytes) VALUES (?1, ?2, ?3)")?
            .execute(params![file.managed_id, body.0, file.staged.size_bytes() as i64])?;
        Ok(())
    }

    /// Which files an item names from now on; those that the account does not hold are no concern of it.
    pub(super) fn set_attachments(&mut self, item: ItemId, ids: &[String]) -> Result<()> {
        let mut touched = self.attachments_of(item)?;
        if ids.is_empty() && touched.is_empty() {
            return Ok(());
        }
        touched.extend(
            ids.iter()
                .filter(|id| !touched.contains(id))
                .cloned()
                .collect::<Vec<_>>(),
        );
        let before = self.live_bytes(&touched)?;
        self.conn
            .prepare_cached("DELETE FROM attachment_use WHERE item_id = ?1")?
            .execute([item.0])?;
        let mut st = self.conn.prepare_cached(
            "INSERT OR IGNORE INTO attachment_use SELECT ?1, managed_id FROM attachment WHERE managed_id = ?2",
        )?;
        for id in ids {
            st.execute(params![item.0, id])?;
        }
        drop(st);
        let after = self.live_bytes(&touched)?;
        self.add_used_bytes(after - before);
        self.drop_unused_attachments(&touched)
    }

    /// Removes an item by `remove`. Its files stay as long as it can be got back.
    pub(super) fn leave_attachments(
        &mut self,
        item: ItemId,
        remove: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let named = self.attachments_of(item)?;
        if named.is_empty() {
            return remove(self);
        }
        let before = self.live_bytes(&named)?;
        remove(self)?;
        let after = self.live_bytes(&named)?;
        self.add_used_bytes(after - before);
        if self.deleted_item(item)?.is_none() {
            self.forget_attachments(item)?;
        }
        Ok(())
    }

    /// Of something that is gone and cannot be got back any more.
    pub(super) fn forget_attachments(&mut self, item: ItemId) -> Result<()> {
        let named = self.attachments_of(item)?;
        self.conn
            .prepare_cached("DELETE FROM attachment_use WHERE item_id = ?1")?
            .execute([item.0])?;
        self.drop_unused_attachments(&named)
    }

    /// Lets those of some files go that nothing names.
    pub fn drop_unused_attachments(&mut self, ids: &[String]) -> Result<()> {
        for id in ids {
            let body = self
                .conn
                .prepare_cached(
                    "DELETE FROM attachment WHERE managed_id = ?1
                     AND NOT EXISTS (SELECT 1 FROM attachment_use u WHERE u.managed_id = ?1) RETURNING body_id",
                )?
                .query_row([id], |r| r.get(0).map(BodyId))
                .optional()?;
            if let Some(body) = body {
                self.release_body(body)?;
            }
        }
        Ok(())
    }
}
