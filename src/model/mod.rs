//! The nouns: what the program speaks of, without SQL and without any protocol.

pub mod access;
pub mod account;
pub mod address;
pub mod certificate;
pub mod change;
pub mod check;
pub mod collect;
pub mod deleted;
pub mod directory;
pub mod feed;
pub mod flags;
pub mod folder;
pub mod ids;
pub mod job;
pub mod message;
pub mod moved;
pub mod object;
pub mod outbound;
pub mod outgoing;
pub mod peer;
pub mod property;
pub mod publication;
pub mod rule;
pub mod scheduling;
pub mod share;
pub mod subscription;
pub mod uid_set;

pub use account::{Account, AccountKind, AccountState};
pub use address::{EmailAddress, Mailbox};
pub use change::Change;
pub use flags::{Flags, Keywords};
pub use folder::{Folder, FolderKind, Role};
pub use ids::{AccountId, BodyId, FolderId, ItemId, Modseq, OutgoingId, Uid};
pub use uid_set::UidSet;
