//! Listing, making, renaming and removing mail folders.

use super::tree::{self, FolderTree};
use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::model::folder::MAX_DEPTH;
use crate::model::{AccountId, Folder, FolderId, FolderKind, Role};
use crate::store::account::AccountDb;
use crate::store::folder::NewFolder;
use crate::store::{Snapshot, Tx};

pub async fn list_folders(ctx: &Ctx, account: AccountId) -> Result<FolderTree> {
    ctx.require_owner(account)?;
    ctx.store.account(account)?.peek(list_folders_in).await
}

pub fn list_folders_in(s: &Snapshot<'_, AccountDb>) -> Result<FolderTree> {
    Ok(FolderTree::new(s.folders(FolderKind::Mail)?))
}

/// One folder as it is now. Errors: NotFound.
pub async fn get_folder(ctx: &Ctx, account: AccountId, id: FolderId) -> Result<Folder> {
    ctx.require_owner(account)?;
    ctx.store.account(account)?.peek(move |s| s.mail_folder(id)).await
}

/// With more unread messages than this, looking for the first costs more than anybody has of it.
const MOST_UNREAD: i64 = 2000;

/// The number of the first message that nobody has read, as `folder` was. None: there is none, or it is not known at once.
/// Errors: NotFound.
pub async fn first_unread(ctx: &Ctx, account: AccountId, folder: &Folder) -> Result<Option<u32>> {
    ctx.require_owner(account)?;
    if folder.unread == 0 || folder.unread > MOST_UNREAD {
        return Ok(None);
    }
    let before = folder.clone();
    ctx.store
        .account(account)?
        .read(move |s| {
            let now = s.mail_folder(before.id)?;
            if now.highest_modseq != before.highest_modseq {
                return Ok(None);
            }
            let found = s.first_unread(before.id)?;
            Ok(found.and_then(|(_, count)| u32::try_from(before.total - count + 1).ok()))
        })
        .await
}

/// Bytes of the messages that carry the deleted flag. Errors: NotFound.
pub async fn deleted_bytes(ctx: &Ctx, account: AccountId, id: FolderId) -> Result<i64> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .peek(move |s| match s.mail_folder(id)?.deleted {
            0 => Ok(0),
            _ => Ok(s.deleted_items(id)?.iter().map(|i| i.size_bytes).sum()),
        })
        .await
}

/// Makes a folder and those above it that are missing. Returns the new one's id.
/// Errors: Invalid (the name), Exists.
pub async fn create_folder(
    ctx: &Ctx,
    account: AccountId,
    path: &str,
    role: Option<Role>,
) -> Result<FolderId> {
    ctx.require_owner(account)?;
    let (path, now_ms) = (path.to_owned(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            let (mut parent, missing) = list_folders_in(tx)?.split_new(&path)?;
            let last = missing.len() - 1;
            let mut made = None;
            for (i, name) in missing.iter().enumerate() {
                let role = if i == last { role } else { None };
                let id = tx.insert_folder(&NewFolder {
                    parent_id: parent,
                    kind: FolderKind::Mail,
                    role,
                    name,
                    now_ms,
                })?;
                parent = Some(id);
                made = Some(id);
            }
            made.ok_or_else(|| Error::internal("no folder was made"))
        })
        .await
}

/// Makes a folder below another one. Errors: Invalid, Exists, NotFound (the parent).
pub async fn create_child_folder(
    ctx: &Ctx,
    account: AccountId,
    parent: Option<FolderId>,
    name: &str,
) -> Result<FolderId> {
    ctx.require_owner(account)?;
    let (name, now_ms) = (name.trim().to_owned(), ctx.now_ms());
    tree::check_name(&name)?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            if let Some(parent) = parent {
                check_depth(tx, parent, 1)?;
            }
            tx.insert_folder(&NewFolder {
                parent_id: parent,
                kind: FolderKind::Mail,
                role: None,
                name: &name,
                now_ms,
            })
        })
        .await
}

/// New name or new place by path, as IMAP RENAME; missing folders above are made, what is below moves along.
/// Errors: NotFound, Exists, Invalid, Forbidden for the inbox itself.
pub async fn rename_folder(ctx: &Ctx, account: AccountId, id: FolderId, new_path: &str) -> Result<()> {
    ctx.require_owner(account)?;
    let (path, now_ms) = (new_path.to_owned(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            let (mut parent, missing) = list_folders_in(tx)?.split_new(&path)?;
            let (name, above) = missing.split_last().ok_or_else(|| Error::internal("no name"))?;
            for name in above {
                let new = NewFolder {
                    parent_id: parent,
                    kind: FolderKind::Mail,
                    role: None,
                    name,
                    now_ms,
                };
                parent = Some(tx.insert_folder(&new)?);
            }
            place_folder_in(tx, id, parent, name)
        })
        .await
}

/// New name or new place by ids, as Graph does. None stays as it is.
/// Errors: NotFound, Exists, Invalid, Forbidden for the inbox.
pub async fn place_folder(
    ctx: &Ctx,
    account: AccountId,
    id: FolderId,
    parent: Option<Option<FolderId>>,
    name: Option<String>,
) -> Result<()> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            let folder = tx.mail_folder(id)?;
            let name = name.unwrap_or_else(|| folder.name.clone());
            place_folder_in(tx, id, parent.unwrap_or(folder.parent_id), &name)
        })
        .await
}

pub fn place_folder_in(
    tx: &mut Tx<'_, AccountDb>,
    id: FolderId,
    parent: Option<FolderId>,
    name: &str,
) -> Result<()> {
    tree::check_name(name)?;
    let folder = tx.mail_folder(id)?;
    if folder.role == Some(Role::Inbox) {
        return Err(Error::forbidden("the inbox keeps its name and place"));
    }
    if let Some(parent) = parent {
        check_depth(tx, parent, height(tx, id)?)?;
        if is_below(tx, parent, id)? {
            return Err(Error::invalid("a folder cannot be put into itself"));
        }
    }
    if let Some(other) = tx.folder_by_name(parent, folder.kind, name)?
        && other.id != id
    {
        return Err(Error::exists(format!("there is already a folder »{name}«")));
    }
    tx.place_folder(id, parent, name)?;
    Ok(())
}

/// Whether `id` is `top` or somewhere below it.
fn is_below(s: &Snapshot<'_, AccountDb>, id: FolderId, top: FolderId) -> Result<bool> {
    let mut next = Some(id);
    while let Some(id) = next {
        if id == top {
            return Ok(true);
        }
        next = s.mail_folder(id)?.parent_id;
    }
    Ok(false)
}

fn height(s: &Snapshot<'_, AccountDb>, id: FolderId) -> Result<usize> {
    let mut deepest = 0;
    for child in s.child_folders(id)? {
        deepest = deepest.max(height(s, child.id)?);
    }
    Ok(deepest + 1)
}

fn check_depth(s: &Snapshot<'_, AccountDb>, parent: FolderId, below: usize) -> Result<()> {
    let mut depth = below;
    let mut next = Some(parent);
    while let Some(id) = next {
        depth += 1;
        next = s.mail_folder(id)?.parent_id;
    }
    if depth > MAX_DEPTH {
        return Err(Error::invalid(format!(
            "folders may be nested {MAX_DEPTH} deep, not deeper"
        )));
    }
    Ok(())
}

pub async fn subscribe_folder(
    ctx: &Ctx,
    account: AccountId,
    id: FolderId,
    is_subscribed: bool,
) -> Result<()> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            if tx.mail_folder(id)?.is_subscribed != is_subscribed {
                tx.subscribe_folder(id, is_subscribed)?;
            }
            Ok(())
        })
        .await
}

/// Removes a folder with its messages, for good; with everything below it when `with_children`.
/// Errors: NotFound; Conflict when something is below it; Forbidden for folders with a role.
pub async fn delete_folder(ctx: &Ctx, account: AccountId, id: FolderId, with_children: bool) -> Result<()> {
    ctx.require_owner(account)?;
    let now_ms = ctx.now_ms();
    ctx.store
        .account(account)?
        .write(move |tx| delete_folder_in(tx, id, with_children, now_ms))
        .await
}

fn delete_folder_in(
    tx: &mut Tx<'_, AccountDb>,
    id: FolderId,
    with_children: bool,
    now_ms: TimeMs,
) -> Result<()> {
    let folder = tx.mail_folder(id)?;
    if folder.role.is_some() {
        return Err(Error::forbidden(format!(
            "»{}« is needed and cannot be deleted",
            folder.name
        )));
    }
    for child in tx.child_folders(id)? {
        if !with_children {
            return Err(Error::conflict(format!(
                "»{}« still has folders below it",
                folder.name
            )));
        }
        delete_folder_in(tx, child.id, true, now_ms)?;
    }
    let items = tx.items_by_uid(id, 1, u32::MAX)?;
    tx.dump_items(&items, now_ms)?;
    tx.remove_items(&items, now_ms)?;
    tx.remove_folder(id, now_ms)
}
