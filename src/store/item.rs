//! Items: their place, flags and numbers. Every change takes a number of the change log.

use super::account::AccountDb;
use super::blob::Hash;
use super::folder::Counts;
use super::tx::{Snapshot, Tx};
use crate::base::{Error, Result, TimeMs};
use crate::model::message::Item;
use crate::model::{BodyId, Flags, FolderId, ItemId, Keywords, Modseq, Uid, UidSet};
use rusqlite::{OptionalExtension, Row, params};

pub(in crate::store) const COLUMNS: &str = "item.id, item.folder_id, item.uid, item.created_modseq, item.modseq, \
                       item.flags, item.keywords, item.received_at_ms, item.size_bytes, item.body_id";

/// How many columns [`COLUMNS`] names.
pub(in crate::store) const COLUMN_COUNT: usize = 10;

/// An item to be stored; its body is there already and has been counted.
pub struct NewItem<'a> {
    pub folder_id: FolderId,
    pub body_id: BodyId,
    pub flags: Flags,
    pub keywords: &'a Keywords,
    pub received_at_ms: TimeMs,
    pub size_bytes: i64,
}

/// New flags for one item.
pub struct FlagChange {
    pub id: ItemId,
    pub before: Flags,
    pub flags: Flags,
    pub keywords: Keywords,
}

pub(in crate::store) fn read_item(r: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        id: ItemId(r.get(0)?),
        folder_id: FolderId(r.get(1)?),
        uid: r.get(2)?,
        created_modseq: r.get(3)?,
        modseq: r.get(4)?,
        flags: Flags(r.get(5)?),
        keywords: r
            .get_ref(6)?
            .as_str_or_null()?
            .map(Keywords::from_stored)
            .unwrap_or_default(),
        received_at_ms: r.get(7)?,
        size_bytes: r.get(8)?,
        body_id: BodyId(r.get(9)?),
    })
}

impl Snapshot<'_, AccountDb> {
    pub fn item(&self, id: ItemId) -> Result<Option<Item>> {
        let sql = format!("SELECT {COLUMNS} FROM item WHERE id = ?1");
        Ok(self
            .conn
            .prepare_cached(&sql)?
            .query_row([id.0], read_item)
            .optional()?)
    }

    /// Items of all folders with the hashes of their bodies, ascending by id behind `after`; at most `limit`.
    pub fn items_after(&self, after: i64, limit: usize) -> Result<Vec<(Item, Hash)>> {
        let sql = format!(
            "SELECT {COLUMNS}, body.hash FROM item JOIN body ON body.id = item.body_id WHERE item.id > ?1 ORDER BY item.id LIMIT ?2"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map(params![after, limit as i64], |r| {
            Ok((read_item(r)?, r.get(COLUMN_COUNT)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// As [`Snapshot::item`], for those who speak of mail only.
    pub fn mail_item(&self, id: ItemId) -> Result<Option<Item>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item WHERE id = ?1 AND folder_id IN (SELECT id FROM folder WHERE kind = 1)"
        );
        Ok(self
            .conn
            .prepare_cached(&sql)?
            .query_row([id.0], read_item)
            .optional()?)
    }

    /// Messages in the mailbox that have this body.
    pub fn mail_items_of_body(&self, body: BodyId) -> Result<Vec<Item>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item WHERE body_id = ?1 AND folder_id IN (SELECT id FROM folder WHERE kind = 1)"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([body.0], read_item)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The lowest UID of a folder that nobody has read, and how many items there are from it on.
    pub fn first_unread(&self, folder: FolderId) -> Result<Option<(Uid, i64)>> {
        let first: Option<Uid> = self
            .conn
            .prepare_cached(
                "SELECT min(uid) FROM item INDEXED BY item_unread WHERE folder_id = ?1 AND flags & 1 = 0",
            )?
            .query_row([folder.0], |r| r.get(0))?;
        let Some(first) = first else { return Ok(None) };
        let count = self
            .conn
            .prepare_cached("SELECT count(*) FROM item WHERE folder_id = ?1 AND uid >= ?2")?
            .query_row([folder.0, i64::from(first)], |r| r.get(0))?;
        Ok(Some((first, count)))
    }

    pub fn item_by_uid(&self, folder: FolderId, uid: Uid) -> Result<Option<Item>> {
        let sql = format!("SELECT {COLUMNS} FROM item WHERE folder_id = ?1 AND uid = ?2");
        Ok(self
            .conn
            .prepare_cached(&sql)?
            .query_row([folder.0, i64::from(uid)], read_item)
            .optional()?)
    }

    /// The items of an inclusive range of UIDs, ascending.
    pub fn items_by_uid(&self, folder: FolderId, first: Uid, last: Uid) -> Result<Vec<Item>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item INDEXED BY item_by_uid WHERE folder_id = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([folder.0, i64::from(first), i64::from(last)], read_item)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// All UIDs of a folder.
    pub fn uids(&self, folder: FolderId) -> Result<UidSet> {
        let mut st = self
            .conn
            .prepare_cached("SELECT uid FROM item WHERE folder_id = ?1 ORDER BY uid")?;
        let mut rows = st.query([folder.0])?;
        let mut out = UidSet::default();
        while let Some(r) = rows.next()? {
            out.push(r.get(0)?);
        }
        Ok(out)
    }

    /// UIDs of a folder that changed or arrived after `since`, ascending.
    pub fn uids_changed_since(&self, folder: FolderId, since: Modseq) -> Result<UidSet> {
        let mut st = self.conn.prepare_cached(
            "SELECT uid FROM item INDEXED BY item_by_modseq WHERE folder_id = ?1 AND modseq > ?2",
        )?;
        let rows = st.query_map([folder.0, since], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Items of an inclusive range of UIDs that nobody has read, ascending.
    pub fn unread_items(&self, folder: FolderId, first: Uid, last: Uid) -> Result<Vec<Item>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item WHERE folder_id = ?1 AND flags & 1 = 0 AND uid BETWEEN ?2 AND ?3 ORDER BY uid"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([folder.0, i64::from(first), i64::from(last)], read_item)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// UIDs above `after`, ascending.
    pub fn uids_after(&self, folder: FolderId, after: Uid) -> Result<Vec<Uid>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT uid FROM item WHERE folder_id = ?1 AND uid > ?2 ORDER BY uid")?;
        let rows = st.query_map([folder.0, i64::from(after)], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Items of a folder that carry the deleted flag, ascending by UID.
    pub fn deleted_items(&self, folder: FolderId) -> Result<Vec<Item>> {
        let sql = format!("SELECT {COLUMNS} FROM item WHERE folder_id = ?1 AND flags & 8 <> 0 ORDER BY uid");
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([folder.0], read_item)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Items of a folder that changed or arrived after `since`, in order of change; at most `limit`.
    pub fn items_changed_since(&self, folder: FolderId, since: Modseq, limit: usize) -> Result<Vec<Item>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item INDEXED BY item_by_modseq WHERE folder_id = ?1 AND modseq > ?2
             ORDER BY modseq LIMIT ?3"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([folder.0, since, limit as i64], read_item)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Items of a folder with the same bytes; finds out whether something is there already.
    pub fn items_with_body(&self, folder: FolderId, hash: &[u8]) -> Result<Vec<Item>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item JOIN body ON body.id = item.body_id WHERE item.folder_id = ?1 AND body.hash = ?2"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map(params![folder.0, hash], read_item)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn counts_of(flags: Flags, sign: i64, size_bytes: i64) -> Counts {
    Counts {
        total: sign,
        unread: if flags.contains(Flags::SEEN) { 0 } else { sign },
        deleted: if flags.contains(Flags::DELETED) { sign } else { 0 },
        size_bytes: sign * size_bytes,
    }
}

fn keywords_column(k: &Keywords) -> Option<&str> {
    (!k.is_empty()).then(|| k.as_str())
}

impl Tx<'_, AccountDb> {
    pub fn insert_item(&mut self, new: &NewItem<'_>) -> Result<Item> {
        // One number serves as id and as modseq.
        let number = self.next_number();
        let uid = self.count_arrival(new.folder_id, counts_of(new.flags, 1, new.size_bytes), number)?;
        self.conn
            .prepare_cached(
                "INSERT INTO item (id, folder_id, uid, created_modseq, modseq, flags, keywords, received_at_ms, size_bytes, body_id, sent_at_ms)
                 VALUES (?1, ?2, ?3, ?1, ?1, ?4, ?5, ?6, ?7, ?8, coalesce((SELECT sent_at_ms FROM message WHERE body_id = ?8), ?6))",
            )?
            .execute(params![
                number,
                new.folder_id.0,
                uid,
                new.flags.0,
                keywords_column(new.keywords),
                new.received_at_ms,
                new.size_bytes,
                new.body_id.0
            ])?;
        Ok(Item {
            id: ItemId(number),
            folder_id: new.folder_id,
            uid,
            created_modseq: number,
            modseq: number,
            flags: new.flags,
            keywords: new.keywords.clone(),
            received_at_ms: new.received_at_ms,
            size_bytes: new.size_bytes,
            body_id: new.body_id,
        })
    }

    /// Puts a copy of an item into a folder: the bytes are shared, flags and arrival time are kept.
    pub fn insert_copy(&mut self, item: &Item, to: FolderId) -> Result<Item> {
        self.hold_body(item.body_id)?;
        let copy = self.insert_item(&NewItem {
            folder_id: to,
            body_id: item.body_id,
            flags: item.flags,
            keywords: &item.keywords,
            received_at_ms: item.received_at_ms,
            size_bytes: item.size_bytes,
        })?;
        self.copy_properties(item.id.0, copy.id.0)?;
        Ok(copy)
    }

    /// Sets flags of items of one folder. Returns each one's new modseq, in the same order.
    pub fn change_flags(&mut self, folder: FolderId, changes: &[FlagChange]) -> Result<Vec<Modseq>> {
        let mut modseqs = Vec::with_capacity(changes.len());
        let mut counts = Counts::default();
        for change in changes {
            let modseq = self.next_number();
            self.conn
                .prepare_cached("UPDATE item SET flags = ?2, keywords = ?3, modseq = ?4 WHERE id = ?1")?
                .execute(params![
                    change.id.0,
                    change.flags.0,
                    keywords_column(&change.keywords),
                    modseq
                ])?;
            let bit = |f: Flags, b: Flags| i64::from(f.contains(b));
            counts.unread += bit(change.before, Flags::SEEN) - bit(change.flags, Flags::SEEN);
            counts.deleted += bit(change.flags, Flags::DELETED) - bit(change.before, Flags::DELETED);
            modseqs.push(modseq);
        }
        if let Some(last) = modseqs.last() {
            self.count_folder(folder, counts, *last)?;
        }
        Ok(modseqs)
    }

    /// Moves items of one folder to another: they keep their ids and flags and get new UIDs there.
    /// Returns the new UIDs in the same order. Errors: Internal, when one is not where it says it is, or is named twice:
    /// the numbers of both folders would be wrong ever after.
    pub fn move_items(&mut self, items: &[Item], to: FolderId, now_ms: TimeMs) -> Result<Vec<Uid>> {
        let Some(first) = items.first() else {
            return Ok(Vec::new());
        };
        let from = first.folder_id;
        let first_uid = self.take_uids(to, items.len() as i64)?;
        let (mut out, mut counts_in, mut counts_out) = (Vec::new(), Counts::default(), Counts::default());
        let mut last = 0;
        for (i, item) in items.iter().enumerate() {
            let uid = first_uid + i as u32;
            self.bury(item, now_ms)?;
            last = self.next_number();
            let moved = self
                .conn
                .prepare_cached(
                    "UPDATE item SET folder_id = ?2, uid = ?3, modseq = ?4, created_modseq = ?4
                     WHERE id = ?1 AND folder_id = ?5 AND uid = ?6",
                )?
                .execute([item.id.0, to.0, i64::from(uid), last, from.0, i64::from(item.uid)])?;
            require_there(item, moved)?;
            add(&mut counts_in, counts_of(item.flags, 1, item.size_bytes));
            add(&mut counts_out, counts_of(item.flags, -1, item.size_bytes));
            out.push(uid);
        }
        self.count_folder(from, counts_out, last)?;
        self.count_folder(to, counts_in, last)?;
        Ok(out)
    }

    /// Puts another body in the place of an item's: it keeps its id and flags and gets a new UID, because what a UID
    /// stands for never changes. The new body has been counted.
    pub fn renew_item(&mut self, item: &Item, body: BodyId, size_bytes: i64, now_ms: TimeMs) -> Result<Item> {
        self.bury(item, now_ms)?;
        let uid = self.take_uids(item.folder_id, 1)?;
        let modseq = self.next_number();
        self.conn
            .prepare_cached(
                "UPDATE item SET uid = ?2, modseq = ?3, created_modseq = ?3, body_id = ?4, size_bytes = ?5,
                 sent_at_ms = coalesce((SELECT sent_at_ms FROM message WHERE body_id = ?4), received_at_ms) WHERE id = ?1",
            )?
            .execute([item.id.0, i64::from(uid), modseq, body.0, size_bytes])?;
        self.release_body(item.body_id)?;
        let counts = Counts {
            size_bytes: size_bytes - item.size_bytes,
            ..Counts::default()
        };
        self.count_folder(item.folder_id, counts, modseq)?;
        Ok(Item {
            uid,
            modseq,
            created_modseq: modseq,
            body_id: body,
            size_bytes,
            ..item.clone()
        })
    }

    /// Removes items of one folder for good, with their text and, where nothing else uses them, their bodies.
    /// Errors: Internal, as in [`Tx::move_items`].
    pub fn remove_items(&mut self, items: &[Item], now_ms: TimeMs) -> Result<()> {
        let Some(first) = items.first() else {
            return Ok(());
        };
        let mut counts = Counts::default();
        let mut last = 0;
        for item in items {
            last = self.bury(item, now_ms)?;
            self.remove_text(item.id)?;
            self.remove_properties(item.id.0)?;
            let removed = self
                .conn
                .prepare_cached("DELETE FROM item WHERE id = ?1 AND folder_id = ?2")?
                .execute([item.id.0, first.folder_id.0])?;
            require_there(item, removed)?;
            self.release_body(item.body_id)?;
            add(&mut counts, counts_of(item.flags, -1, item.size_bytes));
        }
        self.count_folder(first.folder_id, counts, last)
    }
}

/// What is counted has happened once. Errors: Internal.
fn require_there(item: &Item, changed: usize) -> Result<()> {
    if changed == 1 {
        return Ok(());
    }
    Err(Error::internal(format!(
        "item {} is not in folder {} any more, or is named twice",
        item.id.0, item.folder_id.0
    )))
}

fn add(sum: &mut Counts, more: Counts) {
    sum.total += more.total;
    sum.unread += more.unread;
    sum.deleted += more.deleted;
    sum.size_bytes += more.size_bytes;
}
