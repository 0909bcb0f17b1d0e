//! What there is to do: what is in the folders of the source, held against the ledger.

use super::Options;
use super::place::{Places, Target};
use super::roles;
use super::source::{Listed, Marks, Source, SourceFolder};
use crate::base::Result;
use crate::identity::Ctx;
use crate::mail::FlagMode;
use crate::mail::flags::{FlagRequest, store_flags_in};
use crate::model::moved::{Moved, MovedFolder, State};
use crate::model::{AccountId, FolderKind, Keywords};
use crate::store::Tx;
use crate::store::account::AccountDb;
use std::collections::{HashMap, HashSet};

/// Rows of the ledger that one commit changes.
const BATCH: usize = 500;

pub struct FolderPlan {
    pub folder: SourceFolder,
    /// None: it is to be made, in a dry run.
    pub target: Option<Target>,
    /// Its number in the ledger.
    pub move_folder: Option<i64>,
    pub items: u64,
    pub bytes: u64,
    pub known: u64,
    pub changed: u64,
    /// To be fetched.
    pub new: Vec<Listed>,
}

/// Looks into every folder that is wanted. Flags that changed there are changed here, and what has gone there is marked,
/// before anything is fetched: what was moved there is recognised by that. A dry run changes nothing.
pub async fn make_plans<S: Source>(
    ctx: &Ctx,
    account: AccountId,
    source: &mut S,
    name: &str,
    options: &Options,
    places: &mut Places<'_>,
) -> Result<Vec<FolderPlan>> {
    let writes = !options.is_dry_run && !options.verify_only;
    let mut folders = source.folders().await?;
    roles::assign(&mut folders);
    places.note_roles(&folders);
    let file = ctx.store.account(account)?;
    let source_name = name.to_owned();
    let known = file.read(move |s| s.moved_folders(&source_name)).await?;
    let (mut plans, mut seen) = (Vec::new(), HashSet::new());
    for folder in folders {
        if !places.is_wanted(&folder.path) {
            continue;
        }
        let listed = source.list(&folder).await?;
        let target = places.find(&folder, writes).await?;
        let mut move_folder = known
            .iter()
            .find(|k| k.path == folder.path && k.version == ledger_version(&folder))
            .map(|k| k.id);
        if let (true, Some(target)) = (writes, &target) {
            let (source, path, version, to) = (
                name.to_owned(),
                folder.path.clone(),
                ledger_version(&folder),
                target.folder_id,
            );
            let made = file.write(move |tx| tx.put_moved_folder(&source, &path, &version, to));
            move_folder = Some(made.await?);
        }
        seen.extend(move_folder);
        let mut plan = FolderPlan {
            items: listed.len() as u64,
            bytes: listed.iter().map(|l| l.size_bytes).sum(),
            folder,
            target,
            move_folder,
            known: 0,
            changed: 0,
            new: Vec::new(),
        };
        compare(ctx, account, &mut plan, listed, writes).await?;
        plans.push(plan);
    }
    if writes {
        mark_lost_folders(ctx, account, options, places, known, &seen).await?;
    }
    Ok(plans)
}

/// A calendar and a task list may have one name.
fn ledger_version(folder: &SourceFolder) -> String {
    match folder.kind {
        FolderKind::Mail => folder.version.clone(),
        kind => format!("{}/{}", kind as i64, folder.version),
    }
}

/// Folders that are no longer there, or whose names have come to mean something else.
async fn mark_lost_folders(
    ctx: &Ctx,
    account: AccountId,
    options: &Options,
    places: &Places<'_>,
    known: Vec<MovedFolder>,
    seen: &HashSet<i64>,
) -> Result<()> {
    let file = ctx.store.account(account)?;
    let lost = known.into_iter().filter(|k| !seen.contains(&k.id));
    for folder in lost.filter(|k| options.folders.is_empty() || places.is_wanted(&k.path)) {
        let id = folder.id;
        let rows = file.read(move |s| s.moved_items(id)).await?;
        let gone = rows.into_iter().filter(|r| r.state == State::Stored).collect();
        mark_gone(ctx, account, id, gone).await?;
    }
    Ok(())
}

async fn mark_gone(ctx: &Ctx, account: AccountId, folder: i64, gone: Vec<Moved>) -> Result<()> {
    let file = ctx.store.account(account)?;
    for batch in gone.chunks(BATCH) {
        let batch = batch.to_vec();
        file.write(move |tx| {
            for row in batch {
                let state = State::Gone;
                tx.put_moved(folder, &Moved { state, ..row })?;
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn compare(
    ctx: &Ctx,
    account: AccountId,
    plan: &mut FolderPlan,
    listed: Vec<Listed>,
    writes: bool,
) -> Result<()> {
    let Some(folder) = plan.move_folder else {
        plan.new = listed;
        return Ok(());
    };
    let file = ctx.store.account(account)?;
    let rows = file.read(move |s| s.moved_items(folder)).await?;
    let mut rows: HashMap<String, Moved> = rows.into_iter().map(|r| (r.name.clone(), r)).collect();
    let is_mail = plan.folder.kind == FolderKind::Mail;
    let mut changes = Vec::new();
    for item in listed {
        match rows.remove(&item.name) {
            None => plan.new.push(item),
            // Back again, or another one under its name.
            Some(row) if row.state == State::Gone => plan.new.push(item),
            Some(row) if !is_mail && row.state == State::Stored && row.tag != item.tag => plan.new.push(item),
            Some(row) => {
                plan.known += 1;
                if let Some(marks) = item.marks.filter(|m| is_mail && differs(&row, m)) {
                    changes.push((row, marks));
                }
            }
        }
    }
    plan.changed = changes.len() as u64;
    if writes {
        let gone = rows.into_values().filter(|r| r.state == State::Stored).collect();
        mark_gone(ctx, account, folder, gone).await?;
        for batch in changes.chunks(BATCH) {
            let batch = batch.to_vec();
            file.write(move |tx| {
                batch
                    .into_iter()
                    .try_for_each(|(row, marks)| change_marks(tx, folder, row, &marks))
            })
            .await?;
        }
    }
    Ok(())
}

fn differs(row: &Moved, marks: &Marks) -> bool {
    row.state == State::Stored && (row.flags != marks.flags || row.tag != marks.keywords.as_str())
}

/// What was added and taken away there is added and taken away here; what was changed here stays.
fn change_marks(tx: &mut Tx<'_, AccountDb>, folder: i64, row: Moved, now: &Marks) -> Result<()> {
    let before = Keywords::from_stored(&row.tag);
    if let Some(item) = row
        .item_id
        .and_then(|id| tx.mail_item(id).transpose())
        .transpose()?
    {
        let mut keywords = item.keywords.clone();
        before.iter().filter(|k| !now.keywords.contains(k)).for_each(|k| {
            keywords.remove(k);
        });
        now.keywords.iter().filter(|k| !before.contains(k)).for_each(|k| {
            keywords.add(k);
        });
        let taken = row.flags.without(now.flags);
        let added = now.flags.without(row.flags);
        let request = FlagRequest {
            mode: FlagMode::Replace,
            flags: item.flags.without(taken).with(added),
            keywords,
            unchanged_since: None,
        };
        store_flags_in(tx, item.folder_id, &[(item.uid, item.uid)], &request)?;
    }
    let moved = Moved {
        flags: now.flags,
        tag: now.keywords.as_str().to_owned(),
        ..row
    };
    tx.put_moved(folder, &moved)
}

/// Removes what has gone there and lies here as it came. Returns how many.
pub async fn remove_gone(ctx: &Ctx, account: AccountId, name: &str) -> Result<u64> {
    let file = ctx.store.account(account)?;
    let source = name.to_owned();
    let gone = file.read(move |s| s.moved_gone(&source)).await?;
    let now_ms = ctx.now_ms();
    let mut removed = 0;
    for batch in gone.chunks(BATCH) {
        let batch = batch.to_vec();
        removed += file
            .write(move |tx| {
                let mut removed = 0;
                for (folder, row) in batch {
                    removed += u64::from(remove_one(tx, &row, now_ms)?);
                    tx.forget_moved(folder, &row.name)?;
                }
                Ok(removed)
            })
            .await?;
    }
    Ok(removed)
}

fn remove_one(tx: &mut Tx<'_, AccountDb>, row: &Moved, now_ms: i64) -> Result<bool> {
    let Some(item) = row.item_id.and_then(|id| tx.item(id).transpose()).transpose()? else {
        return Ok(false);
    };
    // Somebody has worked on it here.
    if tx.body_hash(item.body_id)? != row.hash {
        return Ok(false);
    }
    match tx.object(item.id)? {
        Some(object) => tx.remove_object(&object, now_ms)?,
        None => tx.remove_items(&[item], now_ms)?,
    }
    Ok(true)
}
