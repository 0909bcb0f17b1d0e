//! What changed in a mailbox since a number, for those who are told that it did and look for themselves.

use super::delta::check_horizon;
use crate::base::{Error, Kind, Result};
use crate::identity::Ctx;
use crate::model::object::ObjectKind;
use crate::model::subscription::{ChangeType, Subject};
use crate::model::{AccountId, FolderId, FolderKind, ItemId, Modseq};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use std::collections::HashSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    Message(ItemId),
    MailFolder(FolderId),
    Object(ObjectKind, ItemId),
}

/// One thing that is new, changed or gone.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    pub change: ChangeType,
    pub thing: Thing,
    pub modseq: Modseq,
    /// It is new, and has changed since it came.
    pub is_changed_too: bool,
}

/// One look, in the order of change.
#[derive(Clone, Debug)]
pub struct News {
    pub pieces: Vec<Piece>,
    /// The place of the next look.
    pub since: Modseq,
    pub has_more: bool,
    /// The folder is gone; after this nothing will come.
    pub is_over: bool,
}

/// At most `limit` pieces. `folder`: None for the whole mailbox.
/// Errors: TooOld, when the change log does not go back that far, or not that far forward; NotFound (the account).
pub async fn news_since(
    ctx: &Ctx,
    account: AccountId,
    (subject, folder): (Subject, Option<FolderId>),
    since: Modseq,
    limit: usize,
) -> Result<News> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let now = s.modseq()?;
            if since > now {
                // The account was restored from a backup that is older.
                return Err(Error::too_old("the change log does not go that far"));
            }
            check_horizon(s, since, now)?;
            let (mut pieces, is_gone) = match subject {
                Subject::MailFolders => (folders(s, since)?, false),
                subject => items(s, (subject, folder), since, limit + 1)?,
            };
            pieces.sort_by_key(|p| p.modseq);
            let has_more = pieces.len() > limit;
            pieces.truncate(limit);
            let since = match pieces.last() {
                Some(last) if has_more => last.modseq,
                _ => now,
            };
            Ok(News {
                pieces,
                since,
                has_more,
                is_over: is_gone && !has_more,
            })
        })
        .await
}

/// Also whether the folder that is asked for is gone.
fn items(
    s: &Snapshot<'_, AccountDb>,
    (subject, folder): (Subject, Option<FolderId>),
    since: Modseq,
    limit: usize,
) -> Result<(Vec<Piece>, bool)> {
    let objects = subject.objects();
    let thing = |id: ItemId| objects.map_or(Thing::Message(id), |(kind, _)| Thing::Object(kind, id));
    let (places, is_gone) = match folder {
        Some(id) => match s.folder(id) {
            Ok(_) => (vec![id], false),
            Err(e) if e.kind() == Kind::NotFound => (vec![id], true),
            Err(e) => return Err(e),
        },
        None => {
            let there = s.folders(objects.map_or(FolderKind::Mail, |(_, kind)| kind))?;
            let changed = there.iter().filter(|f| f.highest_modseq > since).map(|f| f.id);
            let mut places: Vec<FolderId> = changed.collect();
            places.extend(s.folder_tombstones_since(since)?);
            (places, false)
        }
    };
    let (mut pieces, mut left) = (Vec::new(), HashSet::new());
    for place in &places {
        for stone in s.tombstones_since(*place, since, limit)? {
            left.insert(stone.item_id);
            let is_still_there = s
                .item(stone.item_id)?
                .is_some_and(|i| folder.is_none_or(|f| f == i.folder_id));
            if !is_still_there {
                pieces.push(Piece {
                    change: ChangeType::Deleted,
                    thing: thing(stone.item_id),
                    modseq: stone.modseq,
                    is_changed_too: false,
                });
            }
        }
    }
    for place in places {
        for item in s.items_changed_since(place, since, limit)? {
            // Calendars may hold tasks too.
            if let Some((kind, _)) = objects
                && s.object(item.id)?.is_none_or(|o| o.kind != kind)
            {
                continue;
            }
            // What left a place and is here was moved or written anew: its id is known.
            let is_new = item.created_modseq > since && !left.contains(&item.id);
            pieces.push(Piece {
                change: if is_new {
                    ChangeType::Created
                } else {
                    ChangeType::Updated
                },
                thing: thing(item.id),
                modseq: item.modseq,
                is_changed_too: item.modseq > item.created_modseq,
            });
        }
    }
    Ok((pieces, is_gone))
}

/// An account has few folders; their counts are not news.
fn folders(s: &Snapshot<'_, AccountDb>, since: Modseq) -> Result<Vec<Piece>> {
    let all = s.folders(FolderKind::Mail)?;
    let changed = all.into_iter().filter(|f| f.modseq > since).map(|f| Piece {
        change: if f.created_modseq > since {
            ChangeType::Created
        } else {
            ChangeType::Updated
        },
        thing: Thing::MailFolder(f.id),
        modseq: f.modseq,
        is_changed_too: f.modseq > f.created_modseq,
    });
    let mut out: Vec<Piece> = changed.collect();
    let gone = s.folder_tombstone_rows_since(since)?;
    out.extend(gone.into_iter().map(|(modseq, id)| Piece {
        change: ChangeType::Deleted,
        thing: Thing::MailFolder(id),
        modseq,
        is_changed_too: false,
    }));
    Ok(out)
}
