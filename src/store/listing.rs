//! Pages of messages in the order that lists show them.

use super::account::AccountDb;
use super::message::{read_listed, select_listed};
use super::tx::Snapshot;
use crate::base::Result;
use crate::model::FolderId;
use crate::model::message::ListedMessage;

/// Which page of a folder.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// None: the whole account.
    pub folder_id: Option<FolderId>,
    /// Only read ones, only unread ones, or all.
    pub is_read: Option<bool>,
    pub is_ascending: bool,
    pub skip: u64,
    pub top: u64,
}

impl Snapshot<'_, AccountDb> {
    /// A page ordered by arrival. Skipping runs over the index alone.
    pub fn list_messages(&self, page: &Page) -> Result<Vec<ListedMessage>> {
        let order = if page.is_ascending { "ASC" } else { "DESC" };
        let folder = if page.folder_id.is_some() {
            "folder_id = ?1"
        } else {
            "?1 IS NULL AND folder_id IN (SELECT id FROM folder WHERE kind = 1)"
        };
        let unread = match page.is_read {
            Some(false) => "AND flags & 1 = 0",
            Some(true) => "AND flags & 1 = 1",
            None => "",
        };
        // The page is cut out of the index first, and only its rows are read.
        let sql = format!(
            "{} WHERE item.id IN (SELECT id FROM item WHERE {folder} {unread}
                ORDER BY received_at_ms {order}, id {order} LIMIT ?2 OFFSET ?3)
             ORDER BY item.received_at_ms {order}, item.id {order}",
            select_listed()
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let folder = page.folder_id.map(|f| f.0);
        let rows = st.query_map((folder, page.top as i64, page.skip as i64), read_listed)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
