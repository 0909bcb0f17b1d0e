//! The contacts room: cards in address books, stored as they came.

pub mod put;
pub mod query;

use crate::model::FolderKind;

/// What this room keeps things in.
pub const KINDS: [FolderKind; 1] = [FolderKind::AddressBook];
