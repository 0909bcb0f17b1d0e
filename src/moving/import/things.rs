//! Events, tasks and cards on their way in. Nobody is invited anew: who takes part was told by whom they come from.

use super::FolderRun;
use super::plan::FolderPlan;
use super::quarantine;
use super::report::Report;
use super::source::{Content, Fetched, Listed, Source};
use crate::base::{Error, Kind, Result, TimeMs};
use crate::model::moved::{Moved, State};
use crate::model::object::{Object, ObjectColumns};
use crate::model::{Flags, FolderId, FolderKind};
use crate::objects::put::{prepare_put, put_object_in};
use crate::objects::{Condition, Put};
use crate::store::Tx;
use crate::store::account::AccountDb;
use crate::store::attachment::HeldFile;
use crate::store::blob::Staged;
use crate::{calendar, contacts};
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, channel};

/// Objects of one commit.
const BATCH: usize = 50;

struct Goal {
    source: Arc<str>,
    move_folder: i64,
    folder_id: FolderId,
    kind: FolderKind,
    now_ms: TimeMs,
}

/// An object that is ready to be stored.
#[derive(Clone)]
struct Thing {
    listed: Listed,
    /// For its address.
    name: String,
    columns: ObjectColumns,
    staged: Staged,
    /// That it names, and that come with it.
    files: Vec<HeldFile>,
}

enum Outcome {
    Stored,
    Adopted,
    Changed,
    /// It is here with other contents, which somebody has written here.
    Conflict,
}

pub async fn bring_objects<S: Source>(
    run: &FolderRun<'_>,
    source: &mut S,
    plan: &mut FolderPlan,
    report: &mut Report,
) -> Result<()> {
    let wanted = std::mem::take(&mut plan.new);
    let (Some(target), Some(move_folder), false) = (&plan.target, plan.move_folder, wanted.is_empty()) else {
        return Ok(());
    };
    let goal = Arc::new(Goal {
        source: run.source_name.into(),
        move_folder,
        folder_id: target.folder_id,
        kind: plan.folder.kind,
        now_ms: run.ctx.now_ms(),
    });
    let (send, receive) = channel(BATCH);
    let fetching = source.fetch(&plan.folder, &wanted, send);
    let storing = store_all(run, &goal, (&plan.folder.path, &wanted), receive, report);
    let (fetched, stored) = tokio::join!(fetching, storing);
    stored?;
    fetched
}

async fn store_all(
    run: &FolderRun<'_>,
    goal: &Arc<Goal>,
    (path, wanted): (&str, &[Listed]),
    mut receive: Receiver<Fetched>,
    report: &mut Report,
) -> Result<()> {
    let mut batch = Vec::new();
    loop {
        let next = receive.recv().await;
        let is_end = next.is_none();
        batch.extend(next);
        if batch.len() >= BATCH || (is_end && !batch.is_empty()) {
            store_batch(run, goal, (path, wanted), std::mem::take(&mut batch), report).await?;
        }
        if is_end {
            return Ok(());
        }
    }
}

async fn store_batch(
    run: &FolderRun<'_>,
    goal: &Arc<Goal>,
    (path, wanted): (&str, &[Listed]),
    batch: Vec<Fetched>,
    report: &mut Report,
) -> Result<()> {
    let (mut things, mut aside) = (Vec::new(), Vec::new());
    for fetched in batch {
        let Some(listed) = wanted.get(fetched.at) else {
            continue;
        };
        let raw = match fetched.content {
            Content::Bytes(intake) => intake.into_bytes()?,
            Content::Odd(intake, why) => {
                aside.push((listed.clone(), intake.into_bytes()?, why));
                continue;
            }
            Content::Unreadable(why) => {
                report.problem(format!("{path}, {}: {why}", listed.name));
                continue;
            }
        };
        match prepare(run, goal, listed, raw.clone()).await {
            Ok(thing) => things.push(Thing {
                files: fetched.files,
                ..thing
            }),
            Err(e) if matches!(e.kind(), Kind::Invalid | Kind::TooLarge | Kind::Forbidden) => {
                aside.push((listed.clone(), raw, e.message().to_owned()));
            }
            Err(e) => return Err(e),
        }
    }
    let file = run.ctx.store.account(run.account.id)?;
    let (shared, batch) = (goal.clone(), things.clone());
    let outcomes = file
        .write(move |tx| {
            batch
                .iter()
                .map(|t| store_thing(tx, &shared, t))
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    for (thing, outcome) in things.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Stored => report.folder().stored += 1,
            Outcome::Adopted => report.folder().adopted += 1,
            Outcome::Changed => report.folder().changed += 1,
            Outcome::Conflict => {
                let reason = "it is here with other contents, which were kept".to_owned();
                aside.push((thing.listed, thing.staged.read_all()?, reason));
            }
        }
    }
    for (listed, raw, reason) in aside {
        let row = quarantine::keep(run.ctx, run.account, goal.kind, &listed.name, &raw, &reason)?;
        let folder = goal.move_folder;
        file.write(move |tx| tx.put_moved(folder, &row)).await?;
        report.folder().set_aside += 1;
    }
    Ok(())
}

/// Errors: Invalid, TooLarge, for what is no object; OverQuota.
async fn prepare(run: &FolderRun<'_>, goal: &Goal, listed: &Listed, raw: Vec<u8>) -> Result<Thing> {
    let (columns, extension) = match goal.kind {
        FolderKind::AddressBook => (contacts::read_columns(&raw)?, "vcf"),
        _ => (calendar::read_columns(&raw)?, "ics"),
    };
    let is_fitting = |name: &str| crate::objects::collections::check_object_name(name).is_ok();
    let name = match listed
        .name
        .strip_suffix(extension)
        .is_some_and(|n| n.ends_with('.'))
    {
        true if is_fitting(&listed.name) => listed.name.clone(),
        _ => match columns.uid.as_ref().map(|uid| format!("{uid}.{extension}")) {
            Some(name) if is_fitting(&name) => name,
            _ => format!(
                "{}.{extension}",
                &blake3::hash(listed.name.as_bytes()).to_hex()[..32]
            ),
        },
    };
    let staged = prepare_put(run.ctx, run.account.id, &name, raw).await?;
    Ok(Thing {
        listed: listed.clone(),
        name,
        columns,
        staged,
        files: Vec::new(),
    })
}

fn find_here(tx: &Tx<'_, AccountDb>, goal: &Goal, thing: &Thing) -> Result<Option<Object>> {
    match &thing.columns.uid {
        Some(uid) => tx.object_by_uid(goal.folder_id, uid),
        None => tx.object_by_name(goal.folder_id, &thing.name),
    }
}

fn store_thing(tx: &mut Tx<'_, AccountDb>, goal: &Goal, thing: &Thing) -> Result<Outcome> {
    let hash = *thing.staged.hash();
    let before = tx.moved_item(goal.move_folder, &thing.listed.name)?;
    let (name, outcome) = match find_here(tx, goal, thing)? {
        Some(here) => {
            let is_as_it_came = before.is_some_and(|row| {
                row.item_id == Some(here.item.id)
                    && tx.body_hash(here.item.body_id).is_ok_and(|h| h == row.hash)
            });
            if tx.body_hash(here.item.body_id)? == hash {
                note(tx, goal, thing, &here)?;
                return Ok(Outcome::Adopted);
            }
            if !is_as_it_came {
                return Ok(Outcome::Conflict);
            }
            (here.name, Outcome::Changed)
        }
        None => (free_name(tx, goal, &thing.name)?, Outcome::Stored),
    };
    thing.files.iter().try_for_each(|file| tx.hold_attachment(file))?;
    let put = put_object_in(
        tx,
        goal.folder_id,
        &name,
        &thing.staged,
        &thing.columns,
        Condition::Always,
        goal.now_ms,
    )?;
    let held: Vec<String> = thing.files.iter().map(|f| f.managed_id.clone()).collect();
    tx.drop_unused_attachments(&held)?;
    let Put::Stored { .. } = put else {
        return Ok(Outcome::Conflict);
    };
    let here = tx.object_by_name(goal.folder_id, &name)?;
    let here = here.ok_or_else(|| Error::internal("an object that was stored is not there"))?;
    note(tx, goal, thing, &here)?;
    Ok(outcome)
}

/// A name that no other object has.
fn free_name(tx: &Tx<'_, AccountDb>, goal: &Goal, name: &str) -> Result<String> {
    if tx.object_by_name(goal.folder_id, name)?.is_none() {
        return Ok(name.to_owned());
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "ics"));
    let source = blake3::hash(goal.source.as_bytes()).to_hex();
    Ok(format!(
        "{}-{}.{extension}",
        crate::base::text::cut(stem, 200),
        &source[..8]
    ))
}

fn note(tx: &mut Tx<'_, AccountDb>, goal: &Goal, thing: &Thing, here: &Object) -> Result<()> {
    let moved = Moved {
        name: thing.listed.name.clone(),
        item_id: Some(here.item.id),
        hash: *thing.staged.hash(),
        state: State::Stored,
        flags: Flags::NONE,
        tag: thing.listed.tag.clone(),
    };
    tx.put_moved(goal.move_folder, &moved)
}
