//! What is derived from messages, and the rows that lists and fetches are made from.

use super::account::AccountDb;
use super::clock;
use super::item::{self, COLUMN_COUNT};
use super::tx::{Snapshot, Tx};
use crate::base::Result;
use crate::model::message::{Derived, Item, ListedMessage};
use crate::model::{BodyId, FolderId, ItemId, Modseq, Uid};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, params};
use std::ops::ControlFlow;

/// One item with the derived columns that were asked for; lent for the time of the visit.
pub struct MessageRow<'r> {
    pub item: Item,
    pub envelope: &'r [u8],
    pub structure: &'r [u8],
    pub parts: &'r [u8],
    pub preview: &'r [u8],
}

/// Which derived columns a visit reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub envelope: bool,
    pub structure: bool,
    pub parts: bool,
    pub preview: bool,
}

impl Wanted {
    fn is_any(self) -> bool {
        self.envelope || self.structure || self.parts || self.preview
    }
}

fn bytes<'r>(r: &'r Row<'_>, column: usize) -> &'r [u8] {
    match r.get_ref(column) {
        Ok(ValueRef::Blob(b) | ValueRef::Text(b)) => b,
        _ => &[],
    }
}

impl Snapshot<'_, AccountDb> {
    /// Shows the items of an inclusive range of UIDs, ascending, until `visit` breaks off.
    pub fn visit_messages(
        &self,
        folder: FolderId,
        (first, last): (Uid, Uid),
        wanted: Wanted,
        mut visit: impl FnMut(&MessageRow<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let pick = |is: bool, name: &'static str| if is { name } else { "NULL" };
        let join = if wanted.is_any() {
            "LEFT JOIN message m ON m.body_id = item.body_id"
        } else {
            ""
        };
        let sql = format!(
            "SELECT {}, {}, {}, {}, {} FROM item INDEXED BY item_by_uid {join}
             WHERE item.folder_id = ?1 AND item.uid BETWEEN ?2 AND ?3 ORDER BY item.uid",
            item::COLUMNS,
            pick(wanted.envelope, "m.envelope"),
            pick(wanted.structure, "m.structure"),
            pick(wanted.parts, "m.parts"),
            pick(wanted.preview, "m.preview"),
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let mut rows = st.query([folder.0, i64::from(first), i64::from(last)])?;
        while let Some(r) = rows.next()? {
            let row = MessageRow {
                item: item::read_item(r)?,
                envelope: bytes(r, COLUMN_COUNT),
                structure: bytes(r, COLUMN_COUNT + 1),
                parts: bytes(r, COLUMN_COUNT + 2),
                preview: bytes(r, COLUMN_COUNT + 3),
            };
            if visit(&row)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// One message as lists show it.
    pub fn listed_message(&self, id: ItemId) -> Result<Option<ListedMessage>> {
        let sql = format!("{} WHERE item.id = ?1", select_listed());
        Ok(self
            .conn
            .prepare_cached(&sql)?
            .query_row([id.0], read_listed)
            .optional()?)
    }

    /// Messages of a folder that changed or arrived after `since`, in the order of change; at most `limit`.
    pub fn messages_changed_since(
        &self,
        folder: FolderId,
        since: Modseq,
        limit: usize,
    ) -> Result<Vec<ListedMessage>> {
        let sql = format!(
            "{} WHERE item.folder_id = ?1 AND item.modseq > ?2 ORDER BY item.modseq LIMIT ?3",
            select_listed()
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([folder.0, since, limit as i64], read_listed)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Items anywhere in the account with this Message-ID (without angle brackets).
    pub fn items_by_message_id(&self, message_id: &str) -> Result<Vec<Item>> {
        let sql = format!(
            "SELECT {} FROM message m JOIN item ON item.body_id = m.body_id WHERE m.message_id = ?1",
            item::COLUMNS
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([message_id], item::read_item)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

pub(in crate::store) fn select_listed() -> String {
    format!(
        "SELECT {}, m.message_id, m.subject, m.from_name, m.from_address, m.sent_at_ms, m.preview, m.has_attachments,
         m.importance, m.envelope, m.parts, m.conversation, {} FROM item JOIN message m ON m.body_id = item.body_id",
        item::COLUMNS,
        clock::CHANGED_AT
    )
}

pub(in crate::store) fn read_listed(r: &Row<'_>) -> rusqlite::Result<ListedMessage> {
    let at = |n: usize| COLUMN_COUNT + n;
    Ok(ListedMessage {
        item: item::read_item(r)?,
        message_id: r.get(at(0))?,
        subject: r.get(at(1))?,
        from_name: r.get(at(2))?,
        from_address: r.get(at(3))?,
        sent_at_ms: r.get(at(4))?,
        preview: r.get(at(5))?,
        has_attachments: r.get(at(6))?,
        importance: r.get(at(7))?,
        envelope: r.get(at(8))?,
        parts: r.get(at(9))?,
        conversation: r.get(at(10))?,
        changed_at_ms: r.get::<_, Option<i64>>(at(11))?.unwrap_or(0),
    })
}

impl Tx<'_, AccountDb> {
    /// Whether there is a derived row. A body that was only on its way out has none yet.
    pub fn has_derived(&self, body: BodyId) -> Result<bool> {
        Ok(self
            .conn
            .prepare_cached("SELECT 1 FROM message WHERE body_id = ?1")?
            .exists([body.0])?)
    }

    /// Keeps what was derived from a body, replacing what was there.
    pub fn put_derived(&mut self, body: BodyId, d: &Derived) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO message (body_id, message_id, in_reply_to, subject, from_name, from_address, sent_at_ms,
                 preview, has_attachments, importance, envelope, structure, parts, conversation, sender_address)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?
            .execute(params![
                body.0,
                d.message_id,
                d.in_reply_to,
                d.subject,
                d.from_name,
                d.from_address,
                d.sent_at_ms,
                d.preview,
                d.has_attachments,
                d.importance,
                d.envelope,
                d.structure,
                d.parts,
                d.conversation,
                d.sender_address
            ])?;
        // Those that are there already when derived rows are computed again.
        self.conn
            .prepare_cached("UPDATE item SET sent_at_ms = coalesce(?2, received_at_ms) WHERE body_id = ?1")?
            .execute(params![body.0, d.sent_at_ms])?;
        Ok(())
    }
}
