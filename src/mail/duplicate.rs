//! Copying one message by its id, as Graph's copy does: the bytes are shared.

use super::body::no_such_message;
use super::copy::check_target;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::{AccountId, FolderId, ItemId};
use crate::store::item::NewItem;

/// The id of the copy. Errors: NotFound (message or folder), OverQuota.
pub async fn duplicate_message(ctx: &Ctx, account: AccountId, id: ItemId, to: FolderId) -> Result<ItemId> {
    ctx.require_owner(account)?;
    ctx.store.check_room(0)?;
    super::append::check_quota(ctx, account, 0).await?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            let item = tx.item(id)?.ok_or_else(no_such_message)?;
            check_target(tx, to)?;
            tx.hold_body(item.body_id)?;
            let copy = tx.insert_item(&NewItem {
                folder_id: to,
                body_id: item.body_id,
                flags: item.flags,
                keywords: &item.keywords,
                received_at_ms: item.received_at_ms,
                size_bytes: item.size_bytes,
            })?;
            Ok(copy.id)
        })
        .await
}
