//! What a commit tells the listeners: which account, up to which modseq, in which folders.

use super::{AccountId, FolderId, Modseq};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Change {
    pub account: AccountId,
    /// The account's modseq after the commit.
    pub modseq: Modseq,
    /// Folders with changed, new or removed items, or that changed themselves.
    pub folders: Arc<[FolderId]>,
    /// There is something new in the outbox.
    pub is_outbox: bool,
}
