//! What a client that looks at a folder for hours has to be told: which UIDs there are, came and went.

use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::{AccountId, Folder, FolderId, Modseq, Uid, UidSet};
use crate::store::Snapshot;
use crate::store::account::AccountDb;

/// What happened in a folder since a modseq.
#[derive(Clone, Debug)]
pub struct News {
    /// As it is now.
    pub folder: Folder,
    /// UIDs from `uid_next` on, ascending: all of them.
    pub arrived: Vec<Uid>,
    /// UIDs below `uid_next` that left: all of them.
    pub gone: UidSet,
    /// Items below `uid_next` that changed, in order of change; not all when `has_more`.
    pub changed: Vec<Item>,
    /// The cursor for the next question.
    pub modseq: Modseq,
    pub has_more: bool,
}

/// `uid_next`: the first UID that the asker does not know of. At most `limit` changed items.
/// Errors: NotFound (the folder); TooOld when `since` is before the horizon of the change log.
pub async fn folder_news(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    since: Modseq,
    uid_next: Uid,
    limit: usize,
) -> Result<News> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .peek(move |s| {
            let row = s.mail_folder(folder)?;
            if row.highest_modseq <= since {
                return Ok(nothing_new(row, since));
            }
            check_horizon(s, &row, since)?;
            let mut changed = s.items_changed_since(folder, since, limit)?;
            let has_more = changed.len() == limit;
            let modseq = match changed.last() {
                Some(last) if has_more => last.modseq,
                _ => row.highest_modseq,
            };
            changed.retain(|i| i.uid < uid_next);
            let gone = s.uids_gone_since(folder, since)?;
            let arrived = if row.uid_next > uid_next {
                s.uids_after(folder, uid_next - 1)?
            } else {
                Vec::new()
            };
            Ok(News {
                folder: row,
                arrived,
                gone: gone.intersection(&UidSet::from_ranges([(1, uid_next - 1)])),
                changed,
                modseq,
                has_more,
            })
        })
        .await
}

fn nothing_new(folder: Folder, since: Modseq) -> News {
    News {
        folder,
        arrived: Vec::new(),
        gone: UidSet::default(),
        changed: Vec::new(),
        modseq: since,
        has_more: false,
    }
}

fn check_horizon(s: &Snapshot<'_, AccountDb>, folder: &Folder, since: Modseq) -> Result<()> {
    if since < folder.highest_modseq && since < s.horizon()? {
        return Err(Error::too_old(
            "this is longer ago than the change log knows; start again",
        ));
    }
    Ok(())
}

/// The UIDs below `uid_next` that a folder held when it was at `since`.
/// Errors: NotFound (the folder), TooOld.
pub async fn uids_as_of(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    since: Modseq,
    uid_next: Uid,
) -> Result<UidSet> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let row = s.mail_folder(folder)?;
            check_horizon(s, &row, since)?;
            let mut uids = s.uids(folder)?;
            if row.highest_modseq > since {
                uids = uids
                    .union(&s.uids_gone_since(folder, since)?)
                    .intersection(&UidSet::from_ranges([(1, uid_next - 1)]));
            }
            Ok(uids)
        })
        .await
}

/// What a client that was away has missed (RFC 7162 §3.2.5.1).
#[derive(Clone, Debug)]
pub struct Missed {
    /// Went after `since`; None when that is longer ago than the change log knows.
    pub gone: Option<UidSet>,
    /// Changed or arrived after `since`, and still there.
    pub changed: UidSet,
}

/// Errors: NotFound (the folder).
pub async fn missed_changes(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    since: Modseq,
) -> Result<Missed> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let is_known = since >= s.horizon()?;
            Ok(Missed {
                gone: is_known.then(|| s.uids_gone_since(folder, since)).transpose()?,
                changed: s.uids_changed_since(folder, since)?,
            })
        })
        .await
}
