//! What programs keep with messages and folders in words of their own.

use crate::base::Result;
use crate::identity::Ctx;
use crate::model::property::Property;
use crate::model::{AccountId, FolderId, ItemId};

/// By name; none for a message that is not there.
pub async fn message_properties(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<Vec<Property>> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| s.properties(id.0))
        .await
}

pub async fn folder_properties(ctx: &Ctx, account: AccountId, id: FolderId) -> Result<Vec<Property>> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| s.properties(id.0))
        .await
}

/// Errors: NotFound; Invalid, when there are too many.
pub async fn set_folder_properties(
    ctx: &Ctx,
    account: AccountId,
    id: FolderId,
    properties: Vec<Property>,
) -> Result<()> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            let folder = tx.mail_folder(id)?;
            // The change log tells of it as of a new name.
            tx.place_folder(id, folder.parent_id, &folder.name)?;
            tx.put_properties(id.0, &properties)
        })
        .await
}
