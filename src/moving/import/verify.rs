//! The proof: every item there is read again and held against ours, to the byte, with its flags, date and folder.

use super::FolderRun;
use super::plan::FolderPlan;
use super::report::Report;
use super::source::{Content, Fetched, Listed, Source};
use crate::base::{Error, Result};
use crate::model::message::Item;
use crate::model::moved::{Moved, State};
use crate::model::{FolderId, FolderKind};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use std::collections::HashMap;
use tokio::sync::mpsc::{Receiver, channel};

/// Items of ours that are read at a time.
const BATCH: usize = 100;
const WAITING: usize = 48;

/// What is there, by its bytes.
enum There {
    Hash([u8; 32]),
    Unreadable(String),
    /// It has gone since it was listed.
    Gone,
}

pub async fn compare_folder<S: Source>(
    run: &FolderRun<'_>,
    source: &mut S,
    plan: &FolderPlan,
    report: &mut Report,
) -> Result<()> {
    let path = &plan.folder.path;
    let listed = source.list(&plan.folder).await?;
    let file = run.ctx.store.account(run.account.id)?;
    let rows = match plan.move_folder {
        Some(id) => file.read(move |s| s.moved_items(id)).await?,
        None => Vec::new(),
    };
    let mut rows: HashMap<String, Moved> = rows.into_iter().map(|r| (r.name.clone(), r)).collect();
    let (mut wanted, mut ours) = (Vec::new(), Vec::new());
    for item in listed {
        match rows.remove(&item.name) {
            Some(row) if row.state == State::Stored => {
                wanted.push(item);
                ours.push(row);
            }
            Some(row) if row.state == State::Aside => report.differ(path, &item.name, "", "was put aside"),
            _ => report.differ(path, &item.name, "", "is not here"),
        }
    }
    for row in rows.values().filter(|r| r.state != State::Aside) {
        report.differ(path, &row.name, "", "is here, and no longer there");
    }
    let (send, receive) = channel(WAITING);
    let fetching = source.fetch(&plan.folder, &wanted, send);
    let (fetched, hashes) = tokio::join!(fetching, hash_all(receive, wanted.len()));
    fetched?;
    let folder = plan.target.as_ref().map(|t| t.folder_id);
    let mut pairs: Vec<(Listed, Moved, There)> = Vec::with_capacity(BATCH);
    let mut rest = wanted
        .into_iter()
        .zip(ours)
        .zip(hashes?)
        .map(|((l, m), h)| (l, m, h));
    loop {
        pairs.clear();
        pairs.extend(rest.by_ref().take(BATCH));
        if pairs.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut pairs);
        let is_mail = plan.folder.kind == FolderKind::Mail;
        let found = file
            .read(move |s| {
                let compared = batch
                    .iter()
                    .map(|(listed, row, there)| compare(s, folder.filter(|_| is_mail), listed, row, there));
                compared.collect::<Result<Vec<_>>>()
            })
            .await?;
        for (differences, is_twin) in found {
            report.compared += 1;
            report.other_header += u64::from(is_twin);
            for d in differences {
                report.differ(path, &d.name, &d.title, d.what);
            }
        }
    }
}

async fn hash_all(mut receive: Receiver<Fetched>, count: usize) -> Result<Vec<There>> {
    let mut all: Vec<There> = (0..count).map(|_| There::Gone).collect();
    while let Some(fetched) = receive.recv().await {
        let there = match fetched.content {
            Content::Unreadable(why) | Content::Odd(_, why) => There::Unreadable(why),
            Content::Bytes(intake) => There::Hash(
                tokio::task::spawn_blocking(move || intake.into_hash())
                    .await
                    .map_err(|e| Error::internal("comparing was broken off").caused_by(e))??,
            ),
        };
        if let Some(slot) = all.get_mut(fetched.at) {
            *slot = there;
        }
    }
    Ok(all)
}

struct Found {
    name: String,
    title: String,
    what: String,
}

/// What is not the same of one item, and whether it is the same under another header.
fn compare(
    s: &Snapshot<'_, AccountDb>,
    folder: Option<FolderId>,
    listed: &Listed,
    row: &Moved,
    there: &There,
) -> Result<(Vec<Found>, bool)> {
    let (mut out, mut is_twin) = (Vec::new(), false);
    let item = match row.item_id {
        Some(id) => s.item(id)?,
        None => None,
    };
    let title = match &item {
        Some(item) => s.listed_message(item.id)?.map(|m| m.subject).unwrap_or_default(),
        None => String::new(),
    };
    let mut differ = |what: String| {
        out.push(Found {
            name: listed.name.clone(),
            title: title.clone(),
            what,
        });
    };
    let Some(item) = item else {
        differ("came here, and was removed here".into());
        return Ok((out, false));
    };
    match (there, our_hash(s, &item)) {
        (There::Gone, _) => differ("has gone there meanwhile".into()),
        (There::Unreadable(why), _) => differ(format!("cannot be read there: {why}")),
        (_, Err(e)) => differ(format!("cannot be read here: {}", e.message())),
        (There::Hash(hash), Ok(ours)) if *hash == ours => {}
        // What a UID stands for never changes: it was taken for ours by its Message-ID and its text.
        (There::Hash(_), Ok(ours)) if ours == row.hash && folder.is_some() => is_twin = true,
        (There::Hash(_), Ok(ours)) if ours == row.hash => differ("has changed there since it came".into()),
        (There::Hash(_), Ok(_)) => differ("has other contents".into()),
    }
    if folder.is_some_and(|f| f != item.folder_id) {
        differ("is in another folder here".into());
    }
    if let Some(marks) = listed.marks.as_ref().filter(|_| folder.is_some()) {
        let same = |k: &str| item.keywords.contains(k);
        let count = marks.keywords.iter().count();
        if marks.flags != item.flags
            || !marks.keywords.iter().all(same)
            || item.keywords.iter().count() != count
        {
            differ("has other flags".into());
        }
    }
    if let Some(received) = listed.received_at_ms.filter(|_| folder.is_some())
        && received.div_euclid(1000) != item.received_at_ms.div_euclid(1000)
    {
        differ("has another date".into());
    }
    Ok((out, is_twin))
}

/// Of the bytes as they are read, not of what the row says.
fn our_hash(s: &Snapshot<'_, AccountDb>, item: &Item) -> Result<[u8; 32]> {
    let mut body = s.open_body(item.body_id)?;
    let (size, mut at) = (body.size_bytes(), 0);
    let mut hasher = blake3::Hasher::new();
    while at < size {
        let piece = body.read_at(at, 256 << 10)?;
        if piece.is_empty() {
            return Err(Error::unavailable("it is shorter than it should be"));
        }
        hasher.update(piece);
        at += piece.len() as u64;
    }
    Ok(*hasher.finalize().as_bytes())
}
