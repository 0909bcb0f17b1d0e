//! Hearing of changes as they happen.

use crate::base::Result;
use crate::identity::Ctx;
use crate::model::{AccountId, Change};
use tokio::sync::broadcast::Receiver;

/// Tells of every commit to the account from now on. A listener that falls behind is told so (`Lagged`)
/// and then has to look at everything. Errors: NotFound.
pub fn listen(ctx: &Ctx, account: AccountId) -> Result<Receiver<Change>> {
    ctx.require_owner(account)?;
    Ok(ctx.store.listen(account))
}

/// Tells of every commit to any account; for workers of the program itself.
pub fn listen_to_all(ctx: &Ctx) -> Receiver<Change> {
    ctx.store.listen_to_all()
}
