//! What programs keep with an object in words of their own.

use super::no_such_object;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::property::Property;
use crate::model::{AccountId, ItemId};

/// By name; none for an object that is not there.
pub async fn object_properties(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<Vec<Property>> {
    ctx.require_owner(account)?;
    let file = ctx.store.account(account)?;
    file.read(move |s| s.properties(id.0)).await
}

/// Errors: NotFound; Invalid, when there are too many.
pub async fn set_object_properties(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    properties: Vec<Property>,
) -> Result<()> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            tx.object(id)?.ok_or_else(no_such_object)?;
            tx.put_properties(id.0, &properties)
        })
        .await
}
