//! What a room or a piece of equipment says of itself: for the command line, the page, and lists of rooms.

use super::scheduling::resource::{put_resource_in, resource_in};
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::scheduling::Resource;
use crate::model::{Account, AccountKind};

fn is_resource(account: &Account) -> bool {
    matches!(account.kind, AccountKind::Room | AccountKind::Equipment)
}

/// None: the account is neither a room nor a piece of equipment.
pub async fn get_resource(ctx: &Ctx, account: &Account) -> Result<Option<Resource>> {
    if !is_resource(account) {
        return Ok(None);
    }
    let file = ctx.store.account(account.id)?;
    file.read(resource_in).await.map(Some)
}

/// Changes it in one step. Errors: Invalid, also for an account that is no room; Forbidden.
pub async fn change_resource(
    ctx: &Ctx,
    account: &Account,
    change: impl FnOnce(&mut Resource) -> Result<()> + Send + 'static,
) -> Result<Resource> {
    ctx.require_admin()?;
    if !is_resource(account) {
        return Err(Error::invalid(format!(
            "{} is no room and no equipment; --kind room makes it one",
            account.address
        )));
    }
    let file = ctx.store.account(account.id)?;
    file.write(move |tx| {
        let mut resource = resource_in(tx)?;
        change(&mut resource)?;
        put_resource_in(tx, &resource)?;
        Ok(resource)
    })
    .await
}
