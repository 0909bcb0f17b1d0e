//! Finding and reading objects.

use super::no_such_object;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::object::Object;
use crate::model::{AccountId, FolderId};

/// Errors: NotFound.
pub async fn find_object(ctx: &Ctx, account: AccountId, folder: FolderId, name: &str) -> Result<Object> {
    ctx.require_owner(account)?;
    let name = name.to_owned();
    let found = ctx
        .store
        .account(account)?
        .peek(move |s| s.object_by_name(folder, &name))
        .await?;
    found.ok_or_else(no_such_object)
}

/// An object with its bytes as they came. Errors: NotFound.
pub async fn read_object(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    name: &str,
) -> Result<(Object, Vec<u8>)> {
    ctx.require_owner(account)?;
    let name = name.to_owned();
    ctx.store
        .account(account)?
        .peek(move |s| {
            let object = s.object_by_name(folder, &name)?.ok_or_else(no_such_object)?;
            let raw = s.open_body(object.item.body_id)?.read_all()?;
            Ok((object, raw))
        })
        .await
}

/// All objects of a collection without their bytes.
pub async fn list_objects(ctx: &Ctx, account: AccountId, folder: FolderId) -> Result<Vec<Object>> {
    ctx.require_owner(account)?;
    ctx.store.account(account)?.read(move |s| s.objects(folder)).await
}

/// Those of some names that are there, in that order, with their bytes when `with_bytes`.
pub async fn read_named(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    names: Vec<String>,
    with_bytes: bool,
) -> Result<Vec<(String, Option<(Object, Vec<u8>)>)>> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let mut out = Vec::with_capacity(names.len());
            for name in names {
                let found = match s.object_by_name(folder, &name)? {
                    Some(object) if with_bytes => {
                        let raw = s.open_body(object.item.body_id)?.read_all()?;
                        Some((object, raw))
                    }
                    found => found.map(|o| (o, Vec::new())),
                };
                out.push((name, found));
            }
            Ok(out)
        })
        .await
}
