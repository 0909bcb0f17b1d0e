//! What is remembered of an item that came from elsewhere.

use super::{Flags, FolderId, ItemId};

/// What became of it. The numbers are stored; never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Stored = 1,
    /// It cannot be read, and is kept beside the accounts as it came.
    Aside = 2,
    /// It is here, and no longer there.
    Gone = 3,
}

impl State {
    pub fn from_stored(n: i64) -> State {
        match n {
            2 => State::Aside,
            3 => State::Gone,
            _ => State::Stored,
        }
    }
}

/// A folder of a source, and ours that its items came into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedFolder {
    pub id: i64,
    pub path: String,
    /// Under another one names stand for other items.
    pub version: String,
    pub folder_id: FolderId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// In its folder there.
    pub name: String,
    pub item_id: Option<ItemId>,
    /// blake3 of the bytes as they came; of a message that was here under another header, of those that were here.
    pub hash: [u8; 32],
    pub state: State,
    /// As they were there.
    pub flags: Flags,
    /// Keywords as they were there; an object's ETag; for what was put aside the reason.
    pub tag: String,
}
