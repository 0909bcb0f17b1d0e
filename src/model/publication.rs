//! A calendar that anybody may read who knows its address.

use super::{AccountId, FolderId};
use crate::base::{Error, Result, TimeMs};
use serde::{Deserialize, Serialize};

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// When its owner is busy, and nothing else.
    Busy,
    /// What and where, too.
    Titles,
    /// All but what is private.
    All,
}

impl Detail {
    pub const ALL: [Detail; 3] = [Detail::Busy, Detail::Titles, Detail::All];

    pub fn as_str(self) -> &'static str {
        match self {
            Detail::Busy => "busy",
            Detail::Titles => "titles",
            Detail::All => "all",
        }
    }

    /// Errors: Invalid, with the words that are known.
    pub fn parse(word: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|d| d.as_str() == word);
        found
            .ok_or_else(|| Error::invalid(format!("»{word}« is no way to publish; known: busy, titles, all")))
    }
}

/// Only the hash of its address is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    pub account: AccountId,
    pub folder: FolderId,
    pub detail: Detail,
    pub since_ms: TimeMs,
}
