//! What a program that keeps a copy of a folder, or of the tree of folders, has to be told since it last asked.

use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::shares::{level_in, require_level, shown_to};
use crate::model::message::ListedMessage;
use crate::model::object::Object;
use crate::model::share::ShareLevel;
use crate::model::{AccountId, Folder, FolderId, FolderKind, ItemId, Modseq};
use crate::store::Snapshot;
use crate::store::account::AccountDb;

/// How far a program's copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Everything up to here was told.
    pub since: Modseq,
    /// What left before this the program has never seen: the place of the change log where its copy was begun.
    pub begun_at: Modseq,
}

#[derive(Clone, Debug)]
pub enum Entry {
    Present(Box<ListedMessage>),
    Gone(ItemId),
}

/// One answer; `has_more`: the next one can be asked for at once.
#[derive(Clone, Debug)]
pub struct Delta<T> {
    pub entries: Vec<T>,
    pub cursor: Cursor,
    pub has_more: bool,
}

/// `cursor`: None begins a copy. At most `limit` entries, in the order of change; one that changes meanwhile comes again.
/// Errors: NotFound (the folder); TooOld, when the change log does not go back that far, or not that far forward.
pub async fn message_delta(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<Delta<Entry>> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let row = s.mail_folder(folder)?;
            let changed = |since| s.messages_changed_since(folder, since, limit + 1);
            let turn = Turn::take(s, &row, cursor, limit, changed, |m| m.item.modseq)?;
            let entries = turn.log.into_iter().map(|(_, entry)| match entry {
                Ok(message) => Entry::Present(Box::new(message)),
                Err(id) => Entry::Gone(id),
            });
            Ok(Delta {
                entries: entries.collect(),
                cursor: turn.cursor,
                has_more: turn.has_more,
            })
        })
        .await
}

/// One look at the change log of a folder.
struct Turn<T> {
    /// What came or changed, or the id of what left, in the order of change.
    log: Vec<(Modseq, std::result::Result<T, ItemId>)>,
    cursor: Cursor,
    has_more: bool,
}

impl<T> Turn<T> {
    /// `changed`: what has changed since a number, one more than `limit` when there is more.
    fn take(
        s: &Snapshot<'_, AccountDb>,
        folder: &Folder,
        cursor: Option<Cursor>,
        limit: usize,
        changed: impl FnOnce(Modseq) -> Result<Vec<T>>,
        modseq_of: impl Fn(&T) -> Modseq,
    ) -> Result<Turn<T>> {
        let cursor = begin(s, cursor)?;
        let known_since = cursor.since.max(cursor.begun_at);
        check_horizon(s, known_since, folder.highest_modseq)?;
        let mut log: Vec<_> = changed(cursor.since)?
            .into_iter()
            .map(|t| (modseq_of(&t), Ok(t)))
            .collect();
        let gone = s.tombstones_since(folder.id, known_since, limit + 1)?;
        log.extend(gone.into_iter().map(|t| (t.modseq, Err(t.item_id))));
        log.sort_by_key(|(modseq, _)| *modseq);
        let has_more = log.len() > limit;
        log.truncate(limit);
        let since = match log.last() {
            Some((modseq, _)) if has_more => *modseq,
            _ => folder.highest_modseq.max(known_since),
        };
        let mut told = Vec::with_capacity(log.len());
        for (modseq, entry) in log {
            // What came back is told as present.
            let is_back = match &entry {
                Err(id) => s.item(*id)?.is_some_and(|i| i.folder_id == folder.id),
                Ok(_) => false,
            };
            if !is_back {
                told.push((modseq, entry));
            }
        }
        Ok(Turn {
            log: told,
            cursor: Cursor { since, ..cursor },
            has_more,
        })
    }
}

/// Bytes of objects that one answer reads: files in events may be large.
const MOST_READ: usize = 32 << 20;

/// One thing of a collection.
#[derive(Clone, Debug)]
pub enum ObjectEntry {
    /// With its bytes.
    Present(Box<Object>, Vec<u8>),
    Gone(ItemId),
}

/// As [`message_delta`], of a calendar, an address book or a task list.
pub async fn object_delta(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<Delta<ObjectEntry>> {
    let level = require_level(ctx, account, folder, ShareLevel::Read).await?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let row = s.folder(folder)?;
            let changed = |since| s.objects_changed_since(folder, since, limit + 1);
            let mut turn = Turn::take(s, &row, cursor, limit, changed, |o| o.item.modseq)?;
            let mut read = 0;
            let mut entries = Vec::with_capacity(turn.log.len());
            for (modseq, entry) in turn.log {
                entries.push(match entry {
                    Ok(object) => {
                        let raw = s.read_body(object.item.body_id)?;
                        read += raw.len();
                        let raw = shown_to(level, &object, raw);
                        ObjectEntry::Present(Box::new(object), raw)
                    }
                    Err(id) => ObjectEntry::Gone(id),
                });
                if read > MOST_READ {
                    turn.cursor.since = modseq;
                    turn.has_more = true;
                    break;
                }
            }
            Ok(Delta {
                entries,
                cursor: turn.cursor,
                has_more: turn.has_more,
            })
        })
        .await
}

/// The mail folders that are new, changed or hold other messages than before, and the ids of those that are gone.
/// Always all of them: an account has few folders. Errors: TooOld.
pub async fn folder_delta(
    ctx: &Ctx,
    account: AccountId,
    cursor: Option<Cursor>,
) -> Result<(Vec<Folder>, Vec<FolderId>, Cursor)> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let now = s.modseq()?;
            let cursor = begin(s, cursor)?;
            check_horizon(s, cursor.since.max(cursor.begun_at), now)?;
            let mut folders = s.folders(FolderKind::Mail)?;
            folders.retain(|f| f.modseq.max(f.highest_modseq) > cursor.since);
            let gone = s.folder_tombstones_since(cursor.since.max(cursor.begun_at))?;
            let cursor = Cursor { since: now, ..cursor };
            Ok((folders, gone, cursor))
        })
        .await
}

/// The times that a series had and was given others for, after the cursor; the objects with nothing but those in them.
/// The caller has had the series from [`object_delta`], which has asked for the right.
pub async fn series_before(
    ctx: &Ctx,
    account: AccountId,
    item: ItemId,
    cursor: Cursor,
) -> Result<Vec<Vec<u8>>> {
    let file = ctx.store.account(account)?;
    file.peek(move |s| s.series_before(item, cursor.since)).await
}

/// The collections of a kind that are new or changed themselves, and the folders that are gone.
pub async fn collections_delta(
    ctx: &Ctx,
    account: AccountId,
    kind: FolderKind,
    cursor: Option<Cursor>,
) -> Result<(Vec<FolderId>, Vec<FolderId>, Cursor)> {
    let (changed, gone, cursor): (Vec<FolderId>, _, _) = ctx
        .store
        .account(account)?
        .read(move |s| {
            let now = s.modseq()?;
            let cursor = begin(s, cursor)?;
            let known_since = cursor.since.max(cursor.begun_at);
            check_horizon(s, known_since, now)?;
            let folders = s.folders(kind)?;
            let changed = folders.iter().filter(|f| f.modseq > cursor.since).map(|f| f.id);
            let gone = s.folder_tombstones_since(known_since)?;
            Ok((changed.collect(), gone, Cursor { since: now, ..cursor }))
        })
        .await?;
    let mut seen = Vec::with_capacity(changed.len());
    for id in changed {
        if level_in(ctx, account, id).await?.is_some() {
            seen.push(id);
        }
    }
    Ok((seen, gone, cursor))
}

/// The cursor of a copy that is in order already, for those who want to hear of changes only.
pub async fn latest(ctx: &Ctx, account: AccountId) -> Result<Cursor> {
    let now = ctx.store.account(account)?.peek(|s| s.modseq()).await?;
    Ok(Cursor {
        since: now,
        begun_at: now,
    })
}

fn begin(s: &Snapshot<'_, AccountDb>, cursor: Option<Cursor>) -> Result<Cursor> {
    let now = s.modseq()?;
    match cursor {
        None => Ok(Cursor {
            since: 0,
            begun_at: now,
        }),
        // The account was restored from a backup that is older than the copy.
        Some(cursor) if cursor.since > now || cursor.begun_at > now => Err(too_old()),
        Some(cursor) => Ok(cursor),
    }
}

pub(super) fn check_horizon(s: &Snapshot<'_, AccountDb>, since: Modseq, highest: Modseq) -> Result<()> {
    if since < highest && since < s.horizon()? {
        return Err(too_old());
    }
    Ok(())
}

fn too_old() -> Error {
    Error::too_old("this is longer ago than the change log knows; begin again without a token")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::FixedClock;
    use crate::base::{Kind, random};
    use crate::model::{AccountId, Role};
    use crate::store::{Options, Store};
    use std::sync::Arc;

    #[tokio::test]
    async fn a_cursor_before_the_horizon_or_from_the_future_is_too_old() {
        let root = std::env::temp_dir().join(format!("hauspost-delta-{}", random::short_id()));
        let store = Store::open(&root, Options::default(), Arc::new(FixedClock::at(1))).unwrap();
        let id = AccountId(1);
        store.create_account(id).unwrap();
        let file = store.account(id).unwrap();
        file.write_blocking(|tx| tx.insert_default_folders("en", 1))
            .unwrap();
        let ctx = Ctx::system(&store);
        let (_, _, first) = folder_delta(&ctx, id, None).await.unwrap();
        let trash = file
            .read_blocking(|s| s.folder_by_role(Role::Trash))
            .unwrap()
            .unwrap();
        file.write_blocking(move |tx| tx.remove_folder(trash.id, 5))
            .unwrap();
        let (_, gone, second) = folder_delta(&ctx, id, Some(first)).await.unwrap();
        assert_eq!(gone, [trash.id]);
        file.write_blocking(|tx| tx.prune_tombstones(6)).unwrap();
        let kind = |e: Error| e.kind();
        assert_eq!(
            folder_delta(&ctx, id, Some(first))
                .await
                .map_err(kind)
                .unwrap_err(),
            Kind::TooOld
        );
        assert!(folder_delta(&ctx, id, Some(second)).await.is_ok());
        let future = Cursor {
            since: second.since + 1,
            ..second
        };
        assert_eq!(
            folder_delta(&ctx, id, Some(future))
                .await
                .map_err(kind)
                .unwrap_err(),
            Kind::TooOld
        );
        let _ = std::fs::remove_dir_all(&root);
    }
}
