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
    pub span: Span,
}

/// A folder's highest modseq before and after a change: who has seen everything up to `before` has, with what the
/// change returned, seen everything up to `after`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub before: Modseq,
    pub after: Modseq,
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

/// Marks messages as read, as fetching them does (RFC 9051 §6.4.5). Returns those that were not, as they are now.
/// Writes nothing when there are none. Errors: NotFound (the folder).
pub async fn mark_read(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    ranges: Vec<(Uid, Uid)>,
) -> Result<FlagOutcome> {
    ctx.require_owner(account)?;
    let file = ctx.store.account(account)?;
    let unread = file
        .read(move |s| {
            let mut unread = Vec::new();
            if s.mail_folder(folder)?.unread > 0 {
                for (first, last) in ranges {
                    unread.extend(
                        s.unread_items(folder, first, last)?
                            .iter()
                            .map(|i| (i.uid, i.uid)),
                    );
                }
            }
            Ok(unread)
        })
        .await?;
    if unread.is_empty() {
        return Ok(FlagOutcome::default());
    }
    let request = FlagRequest {
        mode: FlagMode::Add,
        flags: Flags::SEEN,
        keywords: Keywords::default(),
        unchanged_since: None,
    };
    file.write(move |tx| store_flags_in(tx, folder, &unread, &request))
        .await
}

pub fn store_flags_in(
    tx: &mut Tx<'_, AccountDb>,
    folder: FolderId,
    ranges: &[(Uid, Uid)],
    request: &FlagRequest,
) -> Result<FlagOutcome> {
    let before = tx.mail_folder(folder)?.highest_modseq;
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
    outcome.span = Span {
        before,
        after: modseqs.last().copied().unwrap_or(before),
    };
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
