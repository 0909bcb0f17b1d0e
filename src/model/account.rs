//! An account: whose data it is. A person, a shared mailbox, a room, a piece of equipment, a group.

use super::AccountId;
use crate::base::{Error, Result, TimeMs};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    Person,
    Shared,
    Room,
    Equipment,
    Group,
}

impl AccountKind {
    pub const ALL: [AccountKind; 5] = [
        AccountKind::Person,
        AccountKind::Shared,
        AccountKind::Room,
        AccountKind::Equipment,
        AccountKind::Group,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            AccountKind::Person => "person",
            AccountKind::Shared => "shared",
            AccountKind::Room => "room",
            AccountKind::Equipment => "equipment",
            AccountKind::Group => "group",
        }
    }

    /// Errors: Invalid, with the words that are known.
    pub fn parse(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word).ok_or_else(|| {
            Error::invalid(format!(
                "»{word}« is no kind of account; known: person, shared, room, equipment, group"
            ))
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountState {
    Active,
    /// May not sign in; mail is still accepted.
    Disabled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub id: AccountId,
    /// A GUID, what Graph and tokens call the account.
    pub oid: String,
    pub kind: AccountKind,
    /// Primary address, lower case.
    pub address: String,
    pub display_name: String,
    /// `de` or `en`.
    pub language: String,
    pub is_admin: bool,
    pub state: AccountState,
    /// Rises when all sign-ins end: what was signed in under another number does not count any more.
    #[serde(skip)]
    pub sign_in_generation: i64,
    /// None: no limit but the disk.
    pub quota_bytes: Option<i64>,
    pub created_at_ms: TimeMs,
    /// Further addresses that arrive here, lower case, ascending.
    pub aliases: Vec<String>,
}

impl Account {
    pub fn is_active(&self) -> bool {
        self.state == AccountState::Active
    }

    /// The address or an alias of it, in any case.
    pub fn owns_address(&self, address: &str) -> bool {
        let address = address.to_ascii_lowercase();
        self.address == address || self.aliases.contains(&address)
    }
}
