//! What somebody has deleted for good and can still get back.

use super::{BodyId, Flags, FolderId, FolderKind, ItemId, Keywords};
use crate::base::TimeMs;

#[derive(Clone, Debug)]
pub struct Deleted {
    /// That the item had; what comes back has another.
    pub id: ItemId,
    /// Of the folder it was in.
    pub kind: FolderKind,
    pub folder_id: FolderId,
    /// Path of a mail folder, name of a collection.
    pub folder: String,
    /// Of an event, task or card, in its collection.
    pub name: Option<String>,
    /// Subject, summary or full name.
    pub title: String,
    /// Of a message.
    pub sender: Option<String>,
    pub flags: Flags,
    pub keywords: Keywords,
    pub received_at_ms: TimeMs,
    pub size_bytes: i64,
    pub body_id: BodyId,
    pub deleted_at_ms: TimeMs,
}
