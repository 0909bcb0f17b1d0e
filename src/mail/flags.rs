//! Changing flags and keywords, as IMAP STORE and Graph's isRead and flag do.

use crate::base::Result;
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::{AccountId, Flags, FolderId, Keywords, Modseq, Uid};
use crate::store::Tx;
use crate::store::account::AccountDb;
use crate::store::item::FlagChange;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagMode {
    Add,
    Remove,
    Replace,
}

#[derive(Clone, Debug)]
pub struct FlagRequest {
    pub mode: FlagMode,
    pub flags: Flags,
    pub keywords: Keywords,
    /// Items that changed after this are left alone (RFC 7162 §3.1.3).
    pub unchanged_since: Option<Modseq>,
}

/// What became of the items.
#[derive(Clone, Debug, Default)]
pub struct FlagOutcome {
    /// As they are now, ascending by UID; also those that had the flags already.
    pub items: Vec<Item>,
    /// Left alone because they changed after `unchanged_since`.
    pub modified: Vec<Uid>,
}

/// `ranges`: inclusive, ascending, UIDs of `folder`; unknown UIDs are skipped.
/// Errors: NotFound (the folder).
pub async fn store_flags(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    ranges: Vec<(Uid, Uid)>,
    request: FlagRequest,
) -> Result<FlagOutcome> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .write(move |tx| store_flags_in(tx, folder, &ranges, &request))
        .await
}

pub fn store_flags_in(
    tx: &mut Tx<'_, AccountDb>,
    folder: FolderId,
    ranges: &[(Uid, Uid)],
    request: &FlagRequest,
) -> Result<FlagOutcome> {
    tx.folder(folder)?;
    let mut outcome = FlagOutcome::default();
    let (mut changes, mut changed_at) = (Vec::new(), Vec::new());
    for (first, last) in ranges {
        for mut item in tx.items_by_uid(folder, *first, *last)? {
            if request.unchanged_since.is_some_and(|since| item.modseq > since) {
                outcome.modified.push(item.uid);
                continue;
            }
            let (flags, keywords) = apply(request, &item);
            if flags != item.flags || keywords != item.keywords {
                changes.push(FlagChange {
                    id: item.id,
                    before: item.flags,
                    flags,
                    keywords: keywords.clone(),
                });
                changed_at.push(outcome.items.len());
                (item.flags, item.keywords) = (flags, keywords);
            }
            outcome.items.push(item);
        }
    }
    let modseqs = tx.change_flags(folder, &changes)?;
    for (at, modseq) in changed_at.into_iter().zip(modseqs) {
        outcome.items[at].modseq = modseq;
    }
    Ok(outcome)
}

fn apply(request: &FlagRequest, item: &Item) -> (Flags, Keywords) {
    match request.mode {
        FlagMode::Replace => (request.flags, request.keywords.clone()),
        FlagMode::Add => {
            let mut keywords = item.keywords.clone();
            request.keywords.iter().for_each(|k| {
                keywords.add(k);
            });
            (item.flags.with(request.flags), keywords)
        }
        FlagMode::Remove => {
            let mut keywords = item.keywords.clone();
            request.keywords.iter().for_each(|k| {
                keywords.remove(k);
            });
            (item.flags.without(request.flags), keywords)
        }
    }
}
