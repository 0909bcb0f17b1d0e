//! Getting back what was deleted for good, without any backup: for thirty days the account keeps it.

use crate::base::{Error, Result, TimeMs};
use crate::calendar::read_columns as calendar_columns;
use crate::contacts::read_columns as card_columns;
use crate::identity::Ctx;
use crate::mail::append::check_quota;
pub use crate::model::deleted::Deleted;
use crate::model::{AccountId, FolderId, FolderKind, ItemId, Role};
use crate::objects::collections::list_collections;
use crate::objects::put::{Condition, Put, put_object};
use crate::store::Tx;
use crate::store::account::AccountDb;

/// How long something can be got back.
pub const KEPT_MS: TimeMs = 30 * 24 * 3600 * 1000;

/// Of a page.
pub const MOST: usize = 500;

/// So many go with one commit.
const BATCH: usize = 200;

/// The last deleted first, behind `after`. Errors: Forbidden, NotFound.
pub async fn list_deleted(
    ctx: &Ctx,
    account: AccountId,
    after: Option<(TimeMs, ItemId)>,
    limit: usize,
) -> Result<Vec<Deleted>> {
    ctx.require_owner(account)?;
    let limit = limit.min(MOST);
    let file = ctx.store.account(account)?;
    file.read(move |s| s.deleted(after, limit)).await
}

/// Brings something back to where it was; a message to the inbox when its folder is gone or was the trash. It arrives as
/// something new, so that every program sees it. An event tells nobody: who was invited has been told then.
/// Returns the folder. Errors: NotFound; Exists, when something is in its place; OverQuota.
pub async fn restore_deleted(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<String> {
    ctx.require_owner(account)?;
    let file = ctx.store.account(account)?;
    let deleted = file.read(move |s| s.deleted_item(id)).await?;
    let deleted = deleted.ok_or_else(no_longer_there)?;
    check_quota(ctx, account, deleted.size_bytes as u64).await?;
    match deleted.kind {
        FolderKind::Mail => {
            file.write(move |tx| {
                let deleted = tx.deleted_item(id)?.ok_or_else(no_longer_there)?;
                let (to, name) = folder_for(tx, &deleted)?;
                tx.bring_back_deleted(&deleted, to)?;
                Ok(name)
            })
            .await
        }
        _ => restore_object(ctx, account, deleted).await,
    }
}

fn folder_for(tx: &Tx<'_, AccountDb>, deleted: &Deleted) -> Result<(FolderId, String)> {
    let old = tx.mail_folder(deleted.folder_id).ok();
    if let Some(folder) = old.filter(|f| f.role != Some(Role::Trash)) {
        return Ok((folder.id, deleted.folder.clone()));
    }
    let inbox = tx.folder_by_role(Role::Inbox)?;
    let inbox = inbox.ok_or_else(|| Error::not_found("there is no inbox"))?;
    Ok((inbox.id, inbox.name))
}

async fn restore_object(ctx: &Ctx, account: AccountId, deleted: Deleted) -> Result<String> {
    let all = list_collections(ctx, account, &[deleted.kind]).await?;
    let old = all.iter().find(|c| c.folder.id == deleted.folder_id);
    let to = old.or(all.first()).ok_or_else(|| {
        Error::not_found(format!(
            "there is no collection any more where »{}« could be",
            deleted.title
        ))
    })?;
    let file = ctx.store.account(account)?;
    let body = deleted.body_id;
    let raw = file.read(move |s| s.open_body(body)?.read_all()).await?;
    let columns = match deleted.kind {
        FolderKind::AddressBook => card_columns(&raw)?,
        _ => calendar_columns(&raw)?,
    };
    let name = deleted
        .name
        .clone()
        .unwrap_or_else(|| format!("{}.ics", deleted.id));
    let put = put_object(ctx, account, to.folder.id, &name, raw, columns, Condition::Absent).await;
    let taken = || {
        Error::exists(format!(
            "»{}« is there already, or something has its name",
            deleted.title
        ))
    };
    match put {
        Ok(Put::Stored { .. }) => {}
        Ok(_) => return Err(taken()),
        Err(e) if e.kind() == crate::base::Kind::Conflict => return Err(taken()),
        Err(e) => return Err(e),
    }
    let (id, place) = (deleted.id, to.display_name().to_owned());
    file.write(move |tx| match tx.deleted_item(id)? {
        Some(deleted) => tx.forget_deleted(&deleted),
        None => Ok(()),
    })
    .await?;
    Ok(place)
}

/// Lets something go for good, before its time. Errors: NotFound.
pub async fn forget_deleted(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<()> {
    ctx.require_owner(account)?;
    let file = ctx.store.account(account)?;
    file.write(move |tx| {
        let deleted = tx.deleted_item(id)?.ok_or_else(no_longer_there)?;
        tx.forget_deleted(&deleted)
    })
    .await
}

/// Lets everything go that was deleted before a time. Returns how much that was.
pub async fn prune_deleted(ctx: &Ctx, account: AccountId, before_ms: TimeMs) -> Result<usize> {
    ctx.require_owner(account)?;
    let file = ctx.store.account(account)?;
    let mut done = 0;
    loop {
        let gone = file
            .write(move |tx| {
                let old = tx.deleted_before(before_ms, BATCH)?;
                old.iter().try_for_each(|deleted| tx.forget_deleted(deleted))?;
                Ok(old.len())
            })
            .await?;
        done += gone;
        if gone < BATCH {
            return Ok(done);
        }
    }
}

fn no_longer_there() -> Error {
    Error::not_found(
        "this is not among what was deleted in the last thirty days; it may have been brought back already",
    )
}
