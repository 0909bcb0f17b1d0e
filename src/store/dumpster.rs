//! What was deleted for good, held for a while: its bytes and what is needed to make it again. No folder, counter or
//! quota knows of it.

use super::account::AccountDb;
use super::disk::check_room;
use super::item::NewItem;
use super::tx::{Snapshot, Tx};
use crate::base::{Result, TimeMs};
use crate::model::deleted::Deleted;
use crate::model::message::Item;
use crate::model::{BodyId, Flags, FolderId, FolderKind, ItemId, Keywords};
use rusqlite::{OptionalExtension, Row, params};

/// With less room on the disk nothing is held back that somebody deletes.
const LEAST_ROOM: u64 = 256 << 20;

const COLUMNS: &str = "id, kind, folder_id, folder, name, title, sender, flags, keywords, received_at_ms, size_bytes, \
    body_id, at_ms";

fn read(r: &Row<'_>) -> rusqlite::Result<Deleted> {
    Ok(Deleted {
        id: ItemId(r.get(0)?),
        kind: FolderKind::from_stored(r.get(1)?).unwrap_or(FolderKind::Mail),
        folder_id: FolderId(r.get(2)?),
        folder: r.get(3)?,
        name: r.get(4)?,
        title: r.get(5)?,
        sender: r.get(6)?,
        flags: Flags(r.get(7)?),
        keywords: r
            .get_ref(8)?
            .as_str_or_null()?
            .map(Keywords::from_stored)
            .unwrap_or_default(),
        received_at_ms: r.get(9)?,
        size_bytes: r.get(10)?,
        body_id: BodyId(r.get(11)?),
        deleted_at_ms: r.get(12)?,
    })
}

impl Snapshot<'_, AccountDb> {
    /// The last deleted first, behind `after`; at most `limit`.
    pub fn deleted(&self, after: Option<(TimeMs, ItemId)>, limit: usize) -> Result<Vec<Deleted>> {
        let (at_ms, id) = after.unwrap_or((TimeMs::MAX, ItemId(i64::MAX)));
        let mut st = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM dumped WHERE (at_ms, id) < (?1, ?2) ORDER BY at_ms DESC, id DESC LIMIT ?3"
        ))?;
        let rows = st.query_map(params![at_ms, id.0, limit as i64], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn deleted_item(&self, id: ItemId) -> Result<Option<Deleted>> {
        let sql = format!("SELECT {COLUMNS} FROM dumped WHERE id = ?1");
        Ok(self
            .conn
            .prepare_cached(&sql)?
            .query_row([id.0], read)
            .optional()?)
    }

    /// Of all that is held.
    pub fn deleted_bytes(&self) -> Result<i64> {
        let sql = "SELECT coalesce(sum(size_bytes), 0) FROM dumped";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |r| r.get(0))?)
    }

    fn folder_path(&self, id: FolderId) -> Result<String> {
        let mut folder = self.folder(id)?;
        let mut path = folder.name.clone();
        while let Some(parent) = folder.parent_id {
            folder = self.folder(parent)?;
            path = format!("{}/{path}", folder.name);
        }
        Ok(path)
    }
}

impl Tx<'_, AccountDb> {
    /// Notes items of one folder that are about to be removed. One whose bytes are still in another item is not noted:
    /// it was copied, or comes twice. Nothing is noted when the disk is nearly full: who deletes then needs the room.
    pub fn dump_items(&mut self, items: &[Item], now_ms: TimeMs) -> Result<()> {
        let Some(first) = items.first() else {
            return Ok(());
        };
        let account = self.blobs.and_then(|blobs| blobs.parent());
        if let Some(account) = account
            && check_room(account, 0, LEAST_ROOM).is_err()
        {
            return Ok(());
        }
        let path = self.folder_path(first.folder_id)?;
        for item in items {
            let noted = self
                .conn
                .prepare_cached(
                    "INSERT OR REPLACE INTO dumped
                     SELECT i.id, f.kind, f.id, ?2, o.name, coalesce(o.title, m.subject, ''), coalesce(m.from_address, m.from_name),
                     i.flags & ~8, i.keywords, i.received_at_ms, i.size_bytes, i.body_id, ?3
                     FROM item i JOIN folder f ON f.id = i.folder_id LEFT JOIN object o ON o.item_id = i.id
                     LEFT JOIN message m ON m.body_id = i.body_id
                     WHERE i.id = ?1 AND NOT EXISTS (SELECT 1 FROM item other WHERE other.body_id = i.body_id AND other.id <> i.id)",
                )?
                .execute(params![item.id.0, path, now_ms])?;
            if noted > 0 {
                self.hold_body(item.body_id)?;
            }
        }
        Ok(())
    }

    /// A message again, in this folder, as something that arrives there.
    pub fn bring_back_deleted(&mut self, deleted: &Deleted, to: FolderId) -> Result<Item> {
        self.hold_body(deleted.body_id)?;
        let item = self.insert_item(&NewItem {
            folder_id: to,
            body_id: deleted.body_id,
            flags: deleted.flags,
            keywords: &deleted.keywords,
            received_at_ms: deleted.received_at_ms,
            size_bytes: deleted.size_bytes,
        })?;
        self.forget_deleted(deleted)?;
        Ok(item)
    }

    /// Lets one go. The bytes go with it unless something else uses them.
    pub fn forget_deleted(&mut self, deleted: &Deleted) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM dumped WHERE id = ?1")?
            .execute([deleted.id.0])?;
        self.forget_attachments(deleted.id)?;
        self.release_body(deleted.body_id)?;
        Ok(())
    }

    /// The oldest that were deleted before a time; at most `limit`.
    pub fn deleted_before(&self, before_ms: TimeMs, limit: usize) -> Result<Vec<Deleted>> {
        let mut st = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM dumped WHERE at_ms < ?1 ORDER BY at_ms, id LIMIT ?2"
        ))?;
        let rows = st.query_map(params![before_ms, limit as i64], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
