//! Numbers with a meaning, so that one cannot be taken for another.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// Whose data: a row of the directory and a folder below `accounts/`.
    AccountId
);
id!(
    /// A container within one account. Never used twice in that account.
    FolderId
);
id!(
    /// A message, event, contact or task within one account; stays when the item moves. Never used twice.
    ItemId
);
id!(
    /// The stored bytes of one or more items of one account.
    BodyId
);
id!(
    /// A message in the queue to the outside.
    OutgoingId
);

/// Position in an account's change log; 63 bits, from 1 (RFC 7162 §3.1).
pub type Modseq = i64;

/// An item's number in its folder; from 1, ascending, never used twice under one UIDVALIDITY (RFC 9051 §2.3.1.1).
pub type Uid = u32;
