//! Putting a message into a folder, as IMAP APPEND and Graph drafts do.

use super::intake::Prepared;
use crate::base::{Error, Result, TimeMs};
use crate::identity::{Actor, Ctx};
use crate::model::message::Item;
use crate::model::{Account, AccountId, Flags, FolderId, FolderKind, Keywords};
use crate::store::Tx;
use crate::store::account::AccountDb;
use crate::store::item::NewItem;

/// Where and how a message is put.
#[derive(Clone, Debug)]
pub struct Placement {
    pub folder_id: FolderId,
    pub flags: Flags,
    pub keywords: Keywords,
    pub received_at_ms: TimeMs,
}

/// The stored item and its folder's UIDVALIDITY.
#[derive(Clone, Debug)]
pub struct Appended {
    pub item: Item,
    pub uid_validity: u32,
}

/// Errors: NotFound (the folder), OverQuota, and what the store says.
pub async fn append_message(
    ctx: &Ctx,
    account: AccountId,
    prepared: Prepared,
    place: Placement,
) -> Result<Appended> {
    ctx.require_owner(account)?;
    ctx.store.check_room(prepared.size_bytes())?;
    check_quota(ctx, account, prepared.size_bytes()).await?;
    ctx.store
        .account(account)?
        .write(move |tx| append_message_in(tx, &prepared, &place))
        .await
}

pub fn append_message_in(
    tx: &mut Tx<'_, AccountDb>,
    prepared: &Prepared,
    place: &Placement,
) -> Result<Appended> {
    let folder = tx.mail_folder(place.folder_id)?;
    if folder.kind != FolderKind::Mail {
        return Err(Error::invalid(format!("»{}« is no mail folder", folder.name)));
    }
    let (body_id, is_new) = tx.put_body(&prepared.staged)?;
    if is_new || !tx.has_derived(body_id)? {
        tx.put_derived(body_id, &prepared.derived)?;
    }
    let item = tx.insert_item(&NewItem {
        folder_id: place.folder_id,
        body_id,
        flags: place.flags,
        keywords: &place.keywords,
        received_at_ms: place.received_at_ms,
        size_bytes: prepared.size_bytes() as i64,
    })?;
    Ok(Appended {
        item,
        uid_validity: folder.uid_validity,
    })
}

/// Errors: OverQuota, when the account has a quota and `more_bytes` would exceed it.
pub async fn check_quota(ctx: &Ctx, account: AccountId, more_bytes: u64) -> Result<()> {
    if let Actor::Account(a) = &ctx.actor
        && a.id == account
    {
        return check_quota_of(ctx, a, more_bytes).await;
    }
    match ctx.store.directory().peek(move |d| d.account(account)).await? {
        Some(a) => check_quota_of(ctx, &a, more_bytes).await,
        None => Ok(()),
    }
}

/// As [`check_quota`], for those who have looked the account up already.
pub async fn check_quota_of(ctx: &Ctx, account: &Account, more_bytes: u64) -> Result<()> {
    let Some(quota) = account.quota_bytes else {
        return Ok(());
    };
    let used = ctx.store.account(account.id)?.peek(|s| s.used_bytes()).await?;
    if used.saturating_add(more_bytes as i64) > quota {
        return Err(Error::over_quota(
            "the mailbox is full; delete something or ask for more room",
        ));
    }
    Ok(())
}
