//! Copying a folder with everything in it and below it.

use super::folders::list_folders_in;
use super::tree::FolderTree;
use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::model::folder::MAX_DEPTH;
use crate::model::{AccountId, FolderId, FolderKind};
use crate::store::Tx;
use crate::store::account::AccountDb;
use crate::store::folder::NewFolder;

/// The id of the copy, below `to` (None: at the top). Errors: NotFound (either), Exists, OverQuota, Invalid (too deep).
pub async fn copy_folder(
    ctx: &Ctx,
    account: AccountId,
    id: FolderId,
    to: Option<FolderId>,
) -> Result<FolderId> {
    ctx.require_owner(account)?;
    ctx.store.check_room(0)?;
    super::append::check_quota(ctx, account, 0).await?;
    let now_ms = ctx.now_ms();
    ctx.store
        .account(account)?
        .write(move |tx| {
            if let Some(to) = to {
                tx.mail_folder(to)?;
            }
            // As it was before, so that a copy within itself ends.
            let tree = list_folders_in(tx)?;
            copy_in(tx, &tree, id, to, now_ms, 0)
        })
        .await
}

fn copy_in(
    tx: &mut Tx<'_, AccountDb>,
    tree: &FolderTree,
    id: FolderId,
    to: Option<FolderId>,
    now_ms: TimeMs,
    depth: usize,
) -> Result<FolderId> {
    let (_, folder) = tree
        .by_id(id)
        .ok_or_else(|| Error::not_found("there is no such folder"))?;
    if depth >= MAX_DEPTH {
        return Err(Error::invalid(format!(
            "folders may be nested {MAX_DEPTH} deep, not deeper"
        )));
    }
    let copy = tx.insert_folder(&NewFolder {
        parent_id: to,
        kind: FolderKind::Mail,
        role: None,
        name: &folder.name,
        now_ms,
    })?;
    for item in tx.items_by_uid(id, 1, u32::MAX)? {
        tx.insert_copy(&item, copy)?;
    }
    let below: Vec<FolderId> = tree
        .iter()
        .filter(|(_, f)| f.parent_id == Some(id))
        .map(|(_, f)| f.id)
        .collect();
    for child in below {
        copy_in(tx, tree, child, Some(copy), now_ms, depth + 1)?;
    }
    Ok(copy)
}
