//! What changed in a calendar, an address book or a task list since a number.

use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::Object;
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId, Modseq};

#[derive(Clone, Debug)]
pub struct CollectionChanges {
    /// In order of change.
    pub present: Vec<Object>,
    /// Names of those that left.
    pub gone: Vec<String>,
    /// The cursor for the next question.
    pub modseq: Modseq,
    pub has_more: bool,
}

/// `since`: None for all that is there. At most `limit` changes.
/// Errors: NotFound (the collection); TooOld, when the change log does not go back that far, or not that far forward.
pub async fn collection_changes(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    since: Option<Modseq>,
    limit: usize,
) -> Result<CollectionChanges> {
    require_level(ctx, account, folder, ShareLevel::Read).await?;
    ctx.store
        .account(account)?
        .peek(move |s| {
            let row = s.folder(folder)?;
            let from = since.unwrap_or(0);
            // The account was restored from a backup that is older than the copy, or the log is not that long.
            if since.is_some() && (from > s.modseq()? || (from < row.highest_modseq && from < s.horizon()?)) {
                return Err(Error::too_old(
                    "this is longer ago than the change log knows; begin again without a token",
                ));
            }
            let most = limit.saturating_add(1);
            let mut present = s.objects_changed_since(folder, from, most)?;
            let mut gone = match since {
                Some(since) => s.objects_gone_since(folder, since, most)?,
                None => Vec::new(),
            };
            let mut modseq = row.highest_modseq.max(from);
            let has_more = present.len() + gone.len() > limit;
            if has_more {
                let mut all: Vec<Modseq> = present.iter().map(|o| o.item.modseq).collect();
                all.extend(gone.iter().map(|(m, _)| *m));
                all.sort_unstable();
                modseq = limit
                    .checked_sub(1)
                    .and_then(|i| all.get(i))
                    .copied()
                    .unwrap_or(from);
                present.retain(|o| o.item.modseq <= modseq);
                gone.retain(|(m, _)| *m <= modseq);
            }
            Ok(CollectionChanges {
                present,
                gone: gone.into_iter().map(|(_, name)| name).collect(),
                modseq,
                has_more,
            })
        })
        .await
}
