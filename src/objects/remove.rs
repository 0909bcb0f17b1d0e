//! Removing an object for good.

use super::no_such_object;
use super::put::Condition;
use crate::base::Result;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId};

/// Errors: NotFound, Conflict (the condition).
pub async fn delete_object(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    name: &str,
    condition: Condition,
) -> Result<()> {
    require_level(ctx, account, folder, ShareLevel::Write).await?;
    let (name, now_ms) = (name.to_owned(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            let object = tx.object_by_name(folder, &name)?;
            let Some(object) = object else {
                return Err(no_such_object());
            };
            condition.check(Some(&object))?;
            tx.dump_items(std::slice::from_ref(&object.item), now_ms)?;
            tx.remove_object(&object, now_ms)
        })
        .await
}
