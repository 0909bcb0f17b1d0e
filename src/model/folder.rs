//! A folder: a mailbox, a calendar, an address book or a task list of one account.

use super::{FolderId, Modseq, Uid};
use serde::Serialize;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FolderKind {
    #[default]
    Mail = 1,
    Calendar = 2,
    AddressBook = 3,
    TaskList = 4,
    /// Messages about events that have been worked in.
    ScheduleInbox = 5,
}

impl FolderKind {
    pub fn from_stored(n: i64) -> Option<Self> {
        [
            Self::Mail,
            Self::Calendar,
            Self::AddressBook,
            Self::TaskList,
            Self::ScheduleInbox,
        ]
        .into_iter()
        .find(|k| *k as i64 == n)
    }
}

/// What a mail folder is for (RFC 6154). At most one folder of an account has a given role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Inbox,
    Drafts,
    Sent,
    Trash,
    Junk,
    Archive,
}

impl Role {
    pub const ALL: [Role; 6] = [
        Role::Inbox,
        Role::Drafts,
        Role::Sent,
        Role::Trash,
        Role::Junk,
        Role::Archive,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Inbox => "inbox",
            Role::Drafts => "drafts",
            Role::Sent => "sent",
            Role::Trash => "trash",
            Role::Junk => "junk",
            Role::Archive => "archive",
        }
    }

    pub fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == word)
    }

    /// The name that a new account's folder of this role gets.
    pub fn default_name(self, language: &str) -> &'static str {
        match (self, language) {
            (Role::Inbox, _) => "INBOX",
            (Role::Drafts, "de") => "Entwürfe",
            (Role::Sent, "de") => "Gesendet",
            (Role::Trash, "de") => "Papierkorb",
            (Role::Junk, "de") => "Spam",
            (Role::Archive, "de") => "Archiv",
            (Role::Drafts, _) => "Drafts",
            (Role::Sent, _) => "Sent",
            (Role::Trash, _) => "Trash",
            (Role::Junk, _) => "Junk",
            (Role::Archive, _) => "Archive",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub id: FolderId,
    pub parent_id: Option<FolderId>,
    pub kind: FolderKind,
    pub role: Option<Role>,
    /// One level, without separators.
    pub name: String,
    pub uid_validity: u32,
    pub uid_next: Uid,
    pub total: i64,
    pub unread: i64,
    /// Items that carry the deleted flag.
    pub deleted: i64,
    pub size_bytes: i64,
    /// Highest modseq among its items and tombstones (RFC 7162 HIGHESTMODSEQ), at least 1.
    pub highest_modseq: Modseq,
    /// When the folder itself (name, place, subscription) last changed.
    pub modseq: Modseq,
    pub created_modseq: Modseq,
    pub is_subscribed: bool,
}

/// Deeper trees are refused: clients and file systems break on them.
pub const MAX_DEPTH: usize = 32;
/// Bytes of one level's name.
pub const MAX_NAME_BYTES: usize = 255;
