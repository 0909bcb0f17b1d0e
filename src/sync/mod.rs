//! What changed since a number: the one question behind CONDSTORE, delta links, sync tokens and states.

pub mod collection;
pub mod delta;
pub mod listen;
pub mod news;
pub mod subscriptions;
pub mod view;

pub use listen::changes;

use crate::base::Result;
use crate::identity::Ctx;
use crate::model::{AccountId, Modseq};

/// The account's position in its change log. Errors: NotFound.
pub async fn account_modseq(ctx: &Ctx, account: AccountId) -> Result<Modseq> {
    ctx.require_owner(account)?;
    ctx.store.account(account)?.peek(|s| s.modseq()).await
}
