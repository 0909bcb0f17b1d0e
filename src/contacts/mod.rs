//! The contacts room: cards in address books, stored as they came.

pub mod put;
pub mod query;

use crate::base::Result;
use crate::formats::card::read_card;
use crate::identity::Ctx;
use crate::model::object::ObjectColumns;
use crate::model::{AccountId, FolderKind};
use crate::objects::rebuild::rebuild_columns;

/// What this room keeps things in.
pub const KINDS: [FolderKind; 1] = [FolderKind::AddressBook];

/// Computes again what stands beside cards. Errors: Forbidden, NotFound.
pub async fn rebuild(ctx: &Ctx, account: AccountId) -> Result<()> {
    rebuild_columns(ctx, account, &KINDS, read_columns).await
}

/// What stands beside a card. Errors: Invalid.
pub fn read_columns(raw: &[u8]) -> Result<ObjectColumns> {
    Ok(put::columns(read_card(raw)?))
}
