//! Moving an object to another collection or name of the same account.

use super::collections::check_object_name;
use super::no_such_object;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::Collection;
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId};

/// What stood at the new place, with `overwrite`, is removed. Returns whether nothing did.
/// Errors: NotFound, Conflict (something is there), Exists (the UID is there under another name), Forbidden (the
/// collection takes no such objects).
pub async fn move_object(
    ctx: &Ctx,
    account: AccountId,
    (from, name): (FolderId, &str),
    (to, new_name): (&Collection, &str),
    overwrite: bool,
) -> Result<bool> {
    require_level(ctx, account, from, ShareLevel::Write).await?;
    require_level(ctx, account, to.folder.id, ShareLevel::Write).await?;
    check_object_name(new_name)?;
    let (to, components) = (to.folder.id, to.components());
    let (name, new_name, now_ms) = (name.to_owned(), new_name.to_owned(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            let object = tx.object_by_name(from, &name)?.ok_or_else(no_such_object)?;
            if !components.contains(object.kind) {
                return Err(Error::forbidden(
                    "the other collection does not take things of this kind",
                ));
            }
            if from == to && name == new_name {
                return Err(Error::forbidden("both places are the same"));
            }
            let there = tx.object_by_name(to, &new_name)?;
            let is_new = there.is_none();
            if let Some(there) = there {
                if !overwrite {
                    return Err(Error::conflict("something is at the other place"));
                }
                tx.remove_object(&there, now_ms)?;
            }
            if let Some(uid) = &object.uid
                && let Some(twin) = tx.object_by_uid(to, uid)?
                && twin.item.id != object.item.id
            {
                return Err(Error::exists(format!(
                    "»{}« in the other collection has the same UID",
                    twin.name
                )));
            }
            tx.move_object(&object, to, &new_name, now_ms)?;
            Ok(is_new)
        })
        .await
}
