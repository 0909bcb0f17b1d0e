//! What somebody may do in a mailbox that is another's.

use crate::base::{Error, Result};
use serde::Serialize;

/// Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessLevel {
    Read,
    /// Changing, moving, removing, drafts.
    Edit,
    /// Also sending as the mailbox and changing its settings.
    Full,
}

impl AccessLevel {
    pub const ALL: [AccessLevel; 3] = [AccessLevel::Read, AccessLevel::Edit, AccessLevel::Full];

    pub fn as_str(self) -> &'static str {
        match self {
            AccessLevel::Read => "read",
            AccessLevel::Edit => "edit",
            AccessLevel::Full => "full",
        }
    }

    /// Errors: Invalid, with the words that are known.
    pub fn parse(word: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|l| l.as_str() == word);
        found
            .ok_or_else(|| Error::invalid(format!("»{word}« is no level of access; known: read, edit, full")))
    }
}
