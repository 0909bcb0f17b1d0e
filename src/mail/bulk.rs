//! One deed to many messages: all of a folder, all that a search finds, or those that were picked. It is done in small
//! transactions, so that others get in between, tells how far it is, can be stopped, and can be taken back.

mod jobs;

pub use jobs::{Job, Jobs, Stage};

use super::folders::{get_folder, list_folders};
use super::search::{Criterion, search_messages};
use crate::base::{Error, Result, TimeMs, panic};
use crate::identity::Ctx;
use crate::mail::listing::Condition;
use crate::model::message::{Conversation, Item};
use crate::model::{AccountId, Flags, FolderId, ItemId, Role};
use crate::store::account::AccountDb;
use crate::store::item::FlagChange;
use crate::store::{Snapshot, Tx};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Messages of one transaction: some milliseconds in which nobody else writes.
const BATCH: usize = 250;
/// More than any search should find; what it remembers for the way back is 24 bytes a message.
const MOST: usize = 1_000_000;
/// What is done to each message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Move(FolderId),
    Flags {
        set: Flags,
        clear: Flags,
    },
    /// Only what lies in the trash already.
    Destroy,
}

/// To which messages.
#[derive(Clone, Debug)]
pub enum Chosen {
    Items(Vec<ItemId>),
    /// All that the folder has of these conversations now; what lies elsewhere stays as it is.
    Conversations {
        folder: FolderId,
        keys: Vec<Conversation>,
    },
    /// `folder`: None is all of the account.
    All {
        folder: Option<FolderId>,
        condition: Condition,
    },
}

/// How a message was before, for the way back.
#[derive(Clone, Copy, Debug)]
struct Before {
    id: ItemId,
    folder: FolderId,
    flags: Flags,
}

impl Jobs {
    /// Begins in the background. `actor`: who asked; `ctx`: the owner of the mailbox.
    /// Errors: NotFound (a folder), Invalid, Busy.
    pub async fn begin(
        &self,
        ctx: &Ctx,
        actor: AccountId,
        account: AccountId,
        chosen: Chosen,
        deed: Deed,
    ) -> Result<Arc<Job>> {
        ctx.require_owner(account)?;
        if let Deed::Move(to) = deed {
            get_folder(ctx, account, to).await?;
        }
        // The place comes first: what is looked up for it is work and memory as well.
        let slot = self.enter(Job::new(actor, account, deed, ctx.now_ms()))?;
        let ids = choose(ctx, account, chosen).await?;
        let job = slot.begin(ids.len())?;
        let (ctx, running) = (ctx.clone(), job.clone());
        tokio::spawn(async move {
            let outcome = panic::catch(run(&ctx, &running, &ids)).await;
            running.finish(outcome);
        });
        Ok(job)
    }

    /// Takes back what was done, as far as it is still so. What it does not come to can be taken back again.
    /// Errors: Conflict, when there is nothing to be taken back; Busy.
    pub fn undo(&self, ctx: &Ctx, job: &Arc<Job>) -> Result<Arc<Job>> {
        ctx.require_owner(job.account())?;
        let (back, mut before) = self.begin_back(job, ctx.now_ms())?;
        let (ctx, running, first) = (ctx.clone(), back.clone(), job.clone());
        tokio::spawn(async move {
            let outcome = panic::catch(run_back(&ctx, &running, &before)).await;
            before.drain(..running.progress().done);
            first.put_before(before);
            running.finish(outcome);
        });
        Ok(back)
    }
}

/// Which messages it is about now, each once and the oldest first; what arrives later is not.
async fn choose(ctx: &Ctx, account: AccountId, chosen: Chosen) -> Result<Vec<ItemId>> {
    let (folder, condition) = match chosen {
        Chosen::Items(ids) => return Ok(each_once(ids)),
        Chosen::Conversations { folder, keys } => return of_conversations(ctx, account, folder, keys).await,
        Chosen::All { folder, condition } => (folder, condition),
    };
    let folders = match folder {
        Some(id) => vec![id],
        None => {
            let tree = list_folders(ctx, account).await?;
            tree.iter().map(|(_, f)| f.id).collect()
        }
    };
    let mut out = Vec::new();
    for folder in folders {
        let criterion = Criterion::Stored(condition.clone());
        let found = search_messages(ctx, account, folder, criterion).await?;
        out.extend(found.into_iter().map(|f| f.id));
        if out.len() > MOST {
            return Err(Error::too_large(format!(
                "these are more than {MOST} messages; look for fewer"
            )));
        }
    }
    Ok(each_once(out))
}

/// Errors: NotFound (the folder).
async fn of_conversations(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    keys: Vec<Conversation>,
) -> Result<Vec<ItemId>> {
    let look = move |s: &Snapshot<'_, AccountDb>| {
        s.mail_folder(folder)?;
        let mut out = Vec::new();
        for key in &keys {
            out.extend(s.items_of_conversation(folder, key)?);
        }
        Ok(out)
    };
    Ok(each_once(ctx.store.account(account)?.read(look).await?))
}

/// Whoever asks may name a message twice; and one that is moved while its folders are looked through is found twice.
fn each_once(mut ids: Vec<ItemId>) -> Vec<ItemId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

async fn run(ctx: &Ctx, job: &Job, ids: &[ItemId]) -> Result<Stage> {
    for batch in ids.chunks(BATCH) {
        let (deed, now_ms, ids) = (job.deed, ctx.now_ms(), batch.to_vec());
        let file = ctx.store.account(job.account())?;
        let before = file.write(move |tx| act_in(tx, &ids, deed, now_ms)).await?;
        if !job.advance(batch.len(), before) {
            return Ok(Stage::Stopped);
        }
    }
    Ok(Stage::Done)
}

async fn run_back(ctx: &Ctx, job: &Job, before: &[Before]) -> Result<Stage> {
    for batch in before.chunks(BATCH) {
        let (deed, now_ms, batch) = (job.deed, ctx.now_ms(), batch.to_vec());
        let count = batch.len();
        let file = ctx.store.account(job.account())?;
        file.write(move |tx| act_back_in(tx, &batch, deed, now_ms))
            .await?;
        // Nothing is remembered: there is no way back from the way back.
        if !job.advance(count, Vec::new()) {
            return Ok(Stage::Stopped);
        }
    }
    Ok(Stage::Done)
}

/// The messages that are still there, by their folders.
fn by_folder(tx: &Tx<'_, AccountDb>, ids: impl Iterator<Item = ItemId>) -> Result<BTreeMap<i64, Vec<Item>>> {
    let mut out: BTreeMap<i64, Vec<Item>> = BTreeMap::new();
    for id in ids {
        if let Some(item) = tx.mail_item(id)? {
            out.entry(item.folder_id.0).or_default().push(item);
        }
    }
    Ok(out)
}

fn act_in(tx: &mut Tx<'_, AccountDb>, ids: &[ItemId], deed: Deed, now_ms: TimeMs) -> Result<Vec<Before>> {
    let trash = tx.folder_by_role(Role::Trash)?.map(|f| f.id);
    let mut out = Vec::new();
    for (folder, mut items) in by_folder(tx, ids.iter().copied())? {
        let folder = FolderId(folder);
        match deed {
            Deed::Move(to) if to == folder => continue,
            Deed::Move(to) => {
                tx.mail_folder(to)?;
                tx.move_items(&items, to, now_ms)?;
            }
            Deed::Flags { set, clear } => {
                items.retain(|i| i.flags.without(clear).with(set) != i.flags);
                let changes: Vec<FlagChange> = items
                    .iter()
                    .map(|i| flags_to(i, i.flags.without(clear).with(set)))
                    .collect();
                tx.change_flags(folder, &changes)?;
            }
            Deed::Destroy if Some(folder) != trash => continue,
            Deed::Destroy => {
                tx.dump_items(&items, now_ms)?;
                tx.remove_items(&items, now_ms)?;
            }
        }
        out.extend(items.iter().map(|i| Before {
            id: i.id,
            folder,
            flags: i.flags,
        }));
    }
    Ok(out)
}

/// Only what is still as the deed has left it: what somebody did since then stays.
fn act_back_in(tx: &mut Tx<'_, AccountDb>, before: &[Before], deed: Deed, now_ms: TimeMs) -> Result<()> {
    let was: BTreeMap<i64, Before> = before.iter().map(|b| (b.id.0, *b)).collect();
    for (folder, items) in by_folder(tx, before.iter().map(|b| b.id))? {
        match deed {
            Deed::Move(to) if to.0 == folder => {
                let mut home: BTreeMap<i64, Vec<Item>> = BTreeMap::new();
                for item in items {
                    if let Some(b) = was.get(&item.id.0) {
                        home.entry(b.folder.0).or_default().push(item);
                    }
                }
                for (origin, items) in home {
                    // A folder that is gone by now takes nothing back; the messages stay where they are.
                    if tx.mail_folder(FolderId(origin)).is_ok() {
                        tx.move_items(&items, FolderId(origin), now_ms)?;
                    }
                }
            }
            Deed::Flags { set, clear } => {
                let touched = set.with(clear);
                let changes: Vec<FlagChange> = items
                    .iter()
                    .filter_map(|i| {
                        let old = was.get(&i.id.0)?.flags;
                        let kept = old.without(old.without(touched));
                        let flags = i.flags.without(touched).with(kept);
                        (flags != i.flags).then(|| flags_to(i, flags))
                    })
                    .collect();
                tx.change_flags(FolderId(folder), &changes)?;
            }
            Deed::Move(_) | Deed::Destroy => {}
        }
    }
    Ok(())
}

fn flags_to(item: &Item, flags: Flags) -> FlagChange {
    FlagChange {
        id: item.id,
        before: item.flags,
        flags,
        keywords: item.keywords.clone(),
    }
}
