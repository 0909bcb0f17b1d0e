//! What somebody may do with one calendar, address book or task list of another.

use super::access::AccessLevel;
use crate::base::{Error, Result};
use serde::Serialize;

/// Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ShareLevel {
    /// When its events make somebody busy, and nothing else of them.
    FreeBusy,
    /// What is private in it shows only its times.
    Read,
    /// Making, changing and removing what is in it, but for what is private.
    Write,
    /// As its owner: what is private, its name, who else may do what, and removing it.
    Manage,
}

impl ShareLevel {
    pub const ALL: [ShareLevel; 4] = [
        ShareLevel::FreeBusy,
        ShareLevel::Read,
        ShareLevel::Write,
        ShareLevel::Manage,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            ShareLevel::FreeBusy => "freebusy",
            ShareLevel::Read => "read",
            ShareLevel::Write => "write",
            ShareLevel::Manage => "manage",
        }
    }

    /// Errors: Invalid, with the words that are known.
    pub fn parse(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|l| l.as_str() == word).ok_or_else(|| {
            Error::invalid(format!(
                "»{word}« is no right; known: freebusy, read, write, manage"
            ))
        })
    }

    pub fn sees_private(self) -> bool {
        self == ShareLevel::Manage
    }
}

/// Whoever was let into a mailbox as a whole may do the same with each collection in it.
impl From<AccessLevel> for ShareLevel {
    fn from(level: AccessLevel) -> Self {
        match level {
            AccessLevel::Read => ShareLevel::Read,
            AccessLevel::Edit => ShareLevel::Write,
            AccessLevel::Full => ShareLevel::Manage,
        }
    }
}
