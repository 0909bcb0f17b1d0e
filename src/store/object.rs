//! Events, tasks and cards: items with a name, found by name, UID, time and change.

use super::account::AccountDb;
use super::blob::Staged;
use super::folder::Counts;
use super::item::{COLUMN_COUNT, COLUMNS, NewItem, read_item};
use super::tx::{Snapshot, Tx};
use crate::base::{Result, TimeMs};
use crate::model::object::{Object, ObjectColumns, ObjectKind, Shape};
use crate::model::{Flags, FolderId, ItemId, Keywords, Modseq};
use rusqlite::{OptionalExtension, Row, params};

/// How many columns [`MORE`] names.
pub(super) const MORE_COUNT: usize = 7;
pub(super) const MORE: &str =
    "object.name, object.uid, object.kind, object.shape, object.first_s, object.last_s, object.schedule_tag";

pub(super) fn read_object(r: &Row<'_>) -> rusqlite::Result<Object> {
    let at = COLUMN_COUNT;
    let (first, last): (Option<i64>, Option<i64>) = (r.get(at + 4)?, r.get(at + 5)?);
    Ok(Object {
        item: read_item(r)?,
        name: r.get(at)?,
        uid: r.get(at + 1)?,
        kind: ObjectKind::from_stored(r.get(at + 2)?),
        shape: Shape(r.get(at + 3)?),
        span: first.zip(last),
        schedule_tag: r.get(at + 6)?,
    })
}

impl Snapshot<'_, AccountDb> {
    pub fn object_by_name(&self, folder: FolderId, name: &str) -> Result<Option<Object>> {
        let sql = format!(
            "SELECT {COLUMNS}, {MORE} FROM object JOIN item ON item.id = object.item_id
             WHERE object.folder_id = ?1 AND object.name = ?2"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        Ok(st.query_row(params![folder.0, name], read_object).optional()?)
    }

    pub fn object_by_uid(&self, folder: FolderId, uid: &str) -> Result<Option<Object>> {
        let sql = format!(
            "SELECT {COLUMNS}, {MORE} FROM object JOIN item ON item.id = object.item_id
             WHERE object.folder_id = ?1 AND object.uid = ?2"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        Ok(st.query_row(params![folder.0, uid], read_object).optional()?)
    }

    /// All objects of a collection, by id.
    pub fn objects(&self, folder: FolderId) -> Result<Vec<Object>> {
        let sql = format!(
            "SELECT {COLUMNS}, {MORE} FROM object JOIN item ON item.id = object.item_id
             WHERE object.folder_id = ?1 ORDER BY object.item_id"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([folder.0], read_object)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Objects of a collection whose span touches the window (seconds since 1970).
    pub fn objects_between(&self, folder: FolderId, from_s: i64, to_s: i64) -> Result<Vec<Object>> {
        let sql = format!(
            "SELECT {COLUMNS}, {MORE} FROM object INDEXED BY object_by_time JOIN item ON item.id = object.item_id
             WHERE object.folder_id = ?1 AND object.last_s >= ?2 AND object.first_s <= ?3 AND object.first_s IS NOT NULL"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([folder.0, from_s, to_s], read_object)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Objects that changed or came after `since`, in order of change; at most `limit`.
    pub fn objects_changed_since(
        &self,
        folder: FolderId,
        since: Modseq,
        limit: usize,
    ) -> Result<Vec<Object>> {
        let sql = format!(
            "SELECT {COLUMNS}, {MORE} FROM item INDEXED BY item_by_modseq JOIN object ON object.item_id = item.id
             WHERE item.folder_id = ?1 AND item.modseq > ?2 ORDER BY item.modseq LIMIT ?3"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([folder.0, since, limit as i64], read_object)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Names that left after `since` and are not there again, in order; at most `limit`.
    pub fn objects_gone_since(
        &self,
        folder: FolderId,
        since: Modseq,
        limit: usize,
    ) -> Result<Vec<(Modseq, String)>> {
        let mut st = self.conn.prepare_cached(
            "SELECT t.modseq, g.name FROM tombstone t
             JOIN object_gone g ON g.folder_id = t.folder_id AND g.item_id = t.item_id
             WHERE t.folder_id = ?1 AND t.modseq > ?2
             AND NOT EXISTS (SELECT 1 FROM object o WHERE o.folder_id = g.folder_id AND o.name = g.name)
             ORDER BY t.modseq LIMIT ?3",
        )?;
        let rows = st.query_map([folder.0, since, limit as i64], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, AccountDb> {
    /// Stores a new object. The name and the UID are free: the caller has looked.
    pub fn insert_object(
        &mut self,
        folder: FolderId,
        name: &str,
        staged: &Staged,
        columns: &ObjectColumns,
        now_ms: TimeMs,
    ) -> Result<Modseq> {
        let (body_id, _) = self.put_body(staged)?;
        let item = self.insert_item(&NewItem {
            folder_id: folder,
            body_id,
            flags: Flags::SEEN,
            keywords: &Keywords::default(),
            received_at_ms: now_ms,
            size_bytes: staged.size_bytes() as i64,
        })?;
        self.put_columns(item.id, folder, name, columns)?;
        Ok(item.modseq)
    }

    /// Puts other bytes in the place of an object's. Unlike a message it keeps its number: programs know it by its name.
    pub fn replace_object(
        &mut self,
        old: &Object,
        staged: &Staged,
        columns: &ObjectColumns,
        now_ms: TimeMs,
    ) -> Result<Modseq> {
        let (body_id, _) = self.put_body(staged)?;
        let (modseq, size_bytes) = (self.next_number(), staged.size_bytes() as i64);
        self.conn
            .prepare_cached(
                "UPDATE item SET modseq = ?2, body_id = ?3, size_bytes = ?4, received_at_ms = ?5, sent_at_ms = ?5
                 WHERE id = ?1",
            )?
            .execute([old.item.id.0, modseq, body_id.0, size_bytes, now_ms])?;
        self.release_body(old.item.body_id)?;
        let counts = Counts {
            size_bytes: size_bytes - old.item.size_bytes,
            ..Counts::default()
        };
        self.count_folder(old.item.folder_id, counts, modseq)?;
        self.put_columns(old.item.id, old.item.folder_id, &old.name, columns)?;
        Ok(modseq)
    }

    /// Other columns for the same bytes: nothing has changed for anybody.
    pub fn renew_columns(&mut self, object: &Object, columns: &ObjectColumns) -> Result<()> {
        self.put_columns(object.item.id, object.item.folder_id, &object.name, columns)
    }

    pub fn remove_object(&mut self, object: &Object, now_ms: TimeMs) -> Result<()> {
        self.note_gone(object)?;
        self.conn
            .prepare_cached("DELETE FROM object WHERE item_id = ?1")?
            .execute([object.item.id.0])?;
        self.leave_attachments(object.item.id, |tx| {
            tx.remove_items(std::slice::from_ref(&object.item), now_ms)
        })
    }

    /// Moves an object to a collection and a name that are free.
    pub fn move_object(&mut self, object: &Object, to: FolderId, name: &str, now_ms: TimeMs) -> Result<()> {
        self.note_gone(object)?;
        // Within one collection it leaves under its old name and comes under the new one.
        self.move_items(std::slice::from_ref(&object.item), to, now_ms)?;
        self.conn
            .prepare_cached("UPDATE object SET folder_id = ?2, name = ?3 WHERE item_id = ?1")?
            .execute(params![object.item.id.0, to.0, name])?;
        Ok(())
    }

    fn note_gone(&mut self, object: &Object) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO object_gone (folder_id, item_id, name) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![object.item.folder_id.0, object.item.id.0, object.name])?;
        Ok(())
    }

    fn put_columns(&mut self, item: ItemId, folder: FolderId, name: &str, c: &ObjectColumns) -> Result<()> {
        let lines = |all: &[String]| (!all.is_empty()).then(|| all.join("\n"));
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO object (item_id, folder_id, name, uid, kind, shape, first_s, last_s, title,
                 status, organizer, people, phones, company, due_s, priority, schedule_tag, start_s)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                 (SELECT schedule_tag FROM object WHERE item_id = ?1), ?17)",
            )?
            .execute(params![
                item.0,
                folder.0,
                name,
                c.uid,
                c.kind as i64,
                c.shape.0,
                c.span.map(|s| s.0),
                c.span.map(|s| s.1),
                c.title,
                c.status,
                c.organizer,
                lines(&c.people),
                lines(&c.phones),
                c.company,
                c.due_s,
                c.priority,
                c.start_s
            ])?;
        self.set_attachments(item, &c.files)
    }
}
