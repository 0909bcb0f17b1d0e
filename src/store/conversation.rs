//! Lists by conversation: the newest message of each in a folder, by an index, and what else belongs to it.
//!
//! The rows of `conversation_head` are kept by triggers (`schema/account/0018.sql`), whatever writes items.

use super::account::AccountDb;
use super::item::{self, read_item};
use super::tx::{Snapshot, Tx};
use crate::base::Result;
use crate::model::message::{Conversation, Item, ListedMessage};
use crate::model::{FolderId, ItemId};
use rusqlite::{OptionalExtension, params};

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    pub name: Option<String>,
    pub address: String,
}

/// A message of a conversation, as far as the row of the conversation needs it.
#[derive(Clone, Debug)]
pub struct Member {
    pub item: Item,
    /// Of the newest messages only, and where one is known.
    pub writer: Option<Writer>,
    /// As `writer`.
    pub has_attachments: bool,
}

/// A conversation of a folder.
#[derive(Clone, Debug)]
pub struct ListedConversation {
    pub key: Conversation,
    /// In this folder.
    pub newest: ListedMessage,
    /// Of all mail folders, the oldest first.
    pub members: Vec<Member>,
}

/// Of so many messages of a conversation, the newest, it is read who wrote them.
const LOOKED_AT: usize = 100;

/// The rows as they are computed from all items.
const HEADS: &str = "SELECT folder_id, conversation, received_at_ms, id FROM (
    SELECT i.folder_id, coalesce(m.conversation, unhex(format('%032x', i.id))) AS conversation, i.received_at_ms, i.id,
      row_number() OVER (
        PARTITION BY i.folder_id, coalesce(m.conversation, unhex(format('%032x', i.id)))
        ORDER BY i.received_at_ms DESC, i.id DESC
      ) AS place
    FROM item i JOIN message m ON m.body_id = i.body_id
  ) WHERE place = 1";

/// The message that is a conversation of its own, if it is one.
fn alone(key: &Conversation) -> Option<ItemId> {
    let number = u128::from_be_bytes(*key);
    i64::try_from(number).ok().map(ItemId)
}

impl Snapshot<'_, AccountDb> {
    /// How many conversations a folder has.
    pub fn count_conversations(&self, folder: FolderId) -> Result<u64> {
        let count: i64 = self
            .conn
            .prepare_cached("SELECT count(*) FROM conversation_head WHERE folder_id = ?1")?
            .query_row([folder.0], |r| r.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Conversations of a folder, that with the newest message first.
    pub fn list_conversations(
        &self,
        folder: FolderId,
        skip: u64,
        top: u64,
    ) -> Result<Vec<ListedConversation>> {
        // What is skipped is skipped within the index.
        let mut st = self.conn.prepare_cached(
            "SELECT conversation, newest_id FROM conversation_head INDEXED BY conversation_head_by_newest
             WHERE folder_id = ?1 ORDER BY newest_at_ms DESC, newest_id DESC LIMIT ?2 OFFSET ?3",
        )?;
        let heads: Vec<(Conversation, ItemId)> = st
            .query_map(params![folder.0, top as i64, skip as i64], |r| {
                Ok((r.get(0)?, ItemId(r.get(1)?)))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut out = Vec::with_capacity(heads.len());
        for (key, id) in heads {
            if let Some(newest) = self.listed_message(id)? {
                let members = self.members(&key)?;
                out.push(ListedConversation { key, newest, members });
            }
        }
        Ok(out)
    }

    /// The messages of a conversation in one folder, ascending by id.
    pub fn items_of_conversation(&self, folder: FolderId, key: &Conversation) -> Result<Vec<ItemId>> {
        let mut all: Vec<ItemId> = self
            .items_of(key)?
            .iter()
            .filter(|i| i.folder_id == folder)
            .map(|i| i.id)
            .collect();
        all.sort_unstable();
        Ok(all)
    }

    /// In all mail folders, in no order.
    fn items_of(&self, key: &Conversation) -> Result<Vec<Item>> {
        if let Some(id) = alone(key) {
            return Ok(self.mail_item(id)?.into_iter().collect());
        }
        let sql = format!(
            "SELECT {} FROM message m INDEXED BY message_by_conversation
             CROSS JOIN item INDEXED BY item_by_body ON item.body_id = m.body_id
             WHERE m.conversation = ?1 AND item.folder_id IN (SELECT id FROM folder WHERE kind = 1)",
            item::COLUMNS
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([key], read_item)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn members(&self, key: &Conversation) -> Result<Vec<Member>> {
        let mut items = self.items_of(key)?;
        items.sort_unstable_by_key(|i| (i.received_at_ms, i.id));
        let first = items.len().saturating_sub(LOOKED_AT);
        let mut st = self.conn.prepare_cached(
            "SELECT from_name, from_address, has_attachments FROM message WHERE body_id = ?1",
        )?;
        let mut out = Vec::with_capacity(items.len());
        for (place, item) in items.into_iter().enumerate() {
            let about: Option<(Option<String>, Option<String>, bool)> = match place >= first {
                true => st
                    .query_row([item.body_id.0], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
                    .optional()?,
                false => None,
            };
            let (name, address, has_attachments) = about.unwrap_or_default();
            let writer = address.map(|address| Writer { name, address });
            out.push(Member {
                item,
                writer,
                has_attachments,
            });
        }
        Ok(out)
    }

    /// How many rows of lists by conversation are not as they would be when computed anew.
    pub(in crate::store) fn wrong_heads(&self) -> Result<i64> {
        let kept = "SELECT folder_id, conversation, newest_at_ms, newest_id FROM conversation_head";
        let sql = format!(
            "SELECT (SELECT count(*) FROM ({HEADS} EXCEPT {kept})) + (SELECT count(*) FROM ({kept} EXCEPT {HEADS}))"
        );
        Ok(self.conn.query_row(&sql, [], |r| r.get(0))?)
    }
}

impl Tx<'_, AccountDb> {
    /// Computes anew what the triggers keep.
    pub(in crate::store) fn renew_heads(&mut self) -> Result<()> {
        Ok(self.conn.execute_batch(&format!(
            "DELETE FROM conversation_head;
             INSERT INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id) {HEADS};"
        ))?)
    }
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
