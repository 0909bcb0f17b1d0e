//! What changed since a number: the one question behind CONDSTORE, delta links, sync tokens and states.

pub mod listen;
pub mod view;

pub use listen::{changes, changes_of_all};

use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::{AccountId, Folder, FolderId, Modseq};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::tombstone::Tombstone;

/// The account's position in its change log. Errors: NotFound.
pub async fn account_modseq(ctx: &Ctx, account: AccountId) -> Result<Modseq> {
    ctx.require_owner(account)?;
    ctx.store.account(account)?.read(|s| s.modseq()).await
}

/// What happened in a folder after a modseq, in order of change.
#[derive(Clone, Debug)]
pub struct FolderChanges {
    /// As it is now.
    pub folder: Folder,
    /// New and changed items.
    pub items: Vec<Item>,
    /// What left the folder.
    pub gone: Vec<Tombstone>,
    /// The cursor for the next question.
    pub modseq: Modseq,
    /// There is more than `limit` allowed; ask again with `modseq`.
    pub has_more: bool,
}

/// Errors: NotFound (the folder); TooOld when `since` is before the horizon of the change log.
pub async fn folder_changes(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    since: Modseq,
    limit: usize,
) -> Result<FolderChanges> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| folder_changes_in(s, folder, since, limit))
        .await
}

pub fn folder_changes_in(
    s: &Snapshot<'_, AccountDb>,
    folder: FolderId,
    since: Modseq,
    limit: usize,
) -> Result<FolderChanges> {
    let folder_row = s.folder(folder)?;
    if since < s.horizon()? && since < folder_row.highest_modseq {
        return Err(Error::too_old(
            "this is longer ago than the change log knows; start again",
        ));
    }
    let mut items = s.items_changed_since(folder, since, limit + 1)?;
    let mut gone = s.tombstones_since(folder, since, limit + 1)?;
    let has_more = items.len() + gone.len() > limit;
    let mut modseq = folder_row.highest_modseq.max(since);
    if has_more {
        // The earliest `limit` changes of both kinds, cut at one number.
        let mut numbers: Vec<Modseq> = items
            .iter()
            .map(|i| i.modseq)
            .chain(gone.iter().map(|g| g.modseq))
            .collect();
        numbers.sort_unstable();
        modseq = numbers[limit.max(1) - 1];
        items.retain(|i| i.modseq <= modseq);
        gone.retain(|g| g.modseq <= modseq);
    }
    Ok(FolderChanges {
        folder: folder_row,
        items,
        gone,
        modseq,
        has_more,
    })
}
