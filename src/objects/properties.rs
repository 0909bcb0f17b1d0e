//! What programs keep with an object in words of their own.

use super::no_such_object;
use crate::base::Result;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::property::Property;
use crate::model::share::ShareLevel;
use crate::model::{AccountId, ItemId};

/// By name; none for an object that is not there.
pub async fn object_properties(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<Vec<Property>> {
    require_level_of(ctx, account, id, ShareLevel::Read).await?;
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
    require_level_of(ctx, account, id, ShareLevel::Write).await?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            tx.object(id)?.ok_or_else(no_such_object)?;
            tx.put_properties(id.0, &properties)
        })
        .await
}

/// In the collection that an object is in; one that is not there has nothing to be seen.
async fn require_level_of(ctx: &Ctx, account: AccountId, id: ItemId, needed: ShareLevel) -> Result<()> {
    if ctx.is_owner(account) {
        return Ok(());
    }
    let object = ctx.store.account(account)?.peek(move |s| s.object(id)).await?;
    let object = object.ok_or_else(no_such_object)?;
    require_level(ctx, account, object.item.folder_id, needed)
        .await
        .map(drop)
}
