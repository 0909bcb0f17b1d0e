//! Copying one message by its id, as Graph's copy does: the bytes are shared.

use super::body::no_such_message;
use super::copy::check_target;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::{AccountId, FolderId, ItemId};

/// The id of the copy. Errors: NotFound (message or folder), OverQuota.
pub async fn duplicate_message(ctx: &Ctx, account: AccountId, id: ItemId, to: FolderId) -> Result<ItemId> {
    ctx.require_owner(account)?;
    ctx.store.check_room(0)?;
    super::append::check_quota(ctx, account, 0).await?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            let item = tx.mail_item(id)?.ok_or_else(no_such_message)?;
            check_target(tx, to)?;
            let copy = tx.insert_copy(&item, to)?;
            Ok(copy.id)
        })
        .await
}
