//! Messages on their way in: fetched, prepared and committed side by side, many in one commit, each with its row of the
//! ledger.

use super::FolderRun;
use super::plan::FolderPlan;
use super::quarantine;
use super::report::Report;
use super::source::{Content, Fetched, Listed, Source};
use super::{Options, Watch};
use crate::base::{Error, Result, TimeMs};
use crate::mail::append::{Placement, append_message_in, check_quota};
use crate::mail::intake::{Intake, Prepared};
use crate::model::message::Item;
use crate::model::moved::{Moved, State};
use crate::model::{AccountId, FolderId, FolderKind, ItemId};
use crate::store::Tx;
use crate::store::account::AccountDb;
use futures_util::{Stream, StreamExt, stream};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, channel};

/// Messages of one commit, and bytes that are gathered for it.
const BATCH: usize = 200;
const BATCH_BYTES: u64 = 2 << 20;
/// Messages that wait between the source and us.
const WAITING: usize = 48;
/// Batches that are prepared or committed at the same time.
const AT_ONCE: usize = 2;

/// Where a batch goes.
#[derive(Clone)]
struct Goal {
    account: AccountId,
    source: Arc<str>,
    move_folder: i64,
    folder_id: FolderId,
    now_ms: TimeMs,
}

/// A message that is ready to be stored.
struct Letter {
    listed: Listed,
    prepared: Prepared,
}

/// What became of a batch.
#[derive(Default)]
struct Done {
    stored: u64,
    adopted: u64,
    moved: u64,
    set_aside: u64,
    problems: Vec<String>,
}

/// A batch that is ready to be stored.
#[derive(Default)]
struct Batch {
    letters: Vec<Letter>,
    /// What is no message, with the reason.
    odd: Vec<(Listed, Vec<u8>, String)>,
    problems: Vec<String>,
}

pub async fn bring_messages<S: Source>(
    run: &FolderRun<'_>,
    source: &mut S,
    plan: &mut FolderPlan,
    report: &mut Report,
) -> Result<()> {
    let wanted = std::mem::take(&mut plan.new);
    report.folder().changed = plan.changed;
    let (Some(target), Some(move_folder), false) = (&plan.target, plan.move_folder, wanted.is_empty()) else {
        return Ok(());
    };
    let goal = Goal {
        account: run.account.id,
        source: run.source_name.into(),
        move_folder,
        folder_id: target.folder_id,
        now_ms: run.ctx.now_ms(),
    };
    let (send, receive) = channel(WAITING);
    let fetching = source.fetch(&plan.folder, &wanted, send);
    let storing = store_all(run, &goal, (&plan.folder.path, &wanted), receive, report);
    let (fetched, stored) = tokio::join!(fetching, storing);
    stored?;
    fetched
}

async fn store_all(
    run: &FolderRun<'_>,
    goal: &Goal,
    (path, wanted): (&str, &[Listed]),
    receive: Receiver<Fetched>,
    report: &mut Report,
) -> Result<()> {
    let prepared = batches(receive)
        .map(|batch| prepare_batch(wanted, batch))
        .buffered(AT_ONCE);
    let committed = prepared.map(|batch| commit(run, goal, batch)).buffered(AT_ONCE);
    let mut committed = pin!(committed);
    let mut progress = Progress::new(run.options, path, wanted.len());
    while let Some(done) = committed.next().await {
        let done = done?;
        let folder = report.folder();
        folder.stored += done.stored;
        folder.adopted += done.adopted;
        folder.moved += done.moved;
        folder.set_aside += done.set_aside;
        progress.tell(folder.stored + folder.adopted + folder.moved);
        for problem in done.problems {
            report.problem(format!("{path}, {problem}"));
        }
    }
    Ok(())
}

/// What is at hand, up to a batch; at least one.
fn batches(receive: Receiver<Fetched>) -> impl Stream<Item = Vec<Fetched>> {
    stream::unfold(receive, |mut receive| async move {
        let mut batch = vec![receive.recv().await?];
        let mut bytes = size(&batch[0]);
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some(next) = receive.recv().await else { break };
            bytes += size(&next);
            batch.push(next);
        }
        Some((batch, receive))
    })
}

fn size(fetched: &Fetched) -> u64 {
    match &fetched.content {
        Content::Bytes(intake) | Content::Odd(intake, _) => intake.size_bytes(),
        Content::Unreadable(_) => 0,
    }
}

async fn prepare_batch(wanted: &[Listed], batch: Vec<Fetched>) -> Result<Batch> {
    let mut out = Batch::default();
    let mut intakes: Vec<(Listed, Box<Intake>)> = Vec::new();
    for fetched in batch {
        let Some(listed) = wanted.get(fetched.at) else {
            continue;
        };
        match fetched.content {
            Content::Bytes(intake) => intakes.push((listed.clone(), intake)),
            Content::Odd(intake, why) => out.odd.push((listed.clone(), intake.into_bytes()?, why)),
            Content::Unreadable(why) => out.problems.push(format!("{}: {why}", listed.name)),
        }
    }
    out.letters = tokio::task::spawn_blocking(move || {
        let finished = intakes.into_iter().map(|(listed, intake)| {
            let prepared = intake.finish()?;
            Ok(Letter { listed, prepared })
        });
        finished.collect::<Result<Vec<Letter>>>()
    })
    .await
    .map_err(|e| Error::internal("preparing messages was broken off").caused_by(e))??;
    Ok(out)
}

async fn commit(run: &FolderRun<'_>, goal: &Goal, batch: Result<Batch>) -> Result<Done> {
    let Batch {
        letters,
        odd,
        problems,
    } = batch?;
    let bytes = letters.iter().map(|l| l.prepared.size_bytes()).sum();
    run.ctx.store.check_room(bytes)?;
    check_quota(run.ctx, goal.account, bytes).await?;
    let mut rows = Vec::new();
    for (listed, raw, why) in odd {
        rows.push(quarantine::keep(
            run.ctx,
            run.account,
            FolderKind::Mail,
            &listed.name,
            &raw,
            &why,
        )?);
    }
    let goal = goal.clone();
    let file = run.ctx.store.account(goal.account)?;
    let mut done = file
        .write(move |tx| {
            let mut done = Done::default();
            for letter in &letters {
                store_letter(tx, &goal, letter, &mut done)?;
            }
            for row in &rows {
                tx.put_moved(goal.move_folder, row)?;
                done.set_aside += 1;
            }
            Ok(done)
        })
        .await?;
    done.problems = problems;
    Ok(done)
}

fn store_letter(tx: &mut Tx<'_, AccountDb>, goal: &Goal, letter: &Letter, done: &mut Done) -> Result<()> {
    let marks = letter.listed.marks.clone().unwrap_or_default();
    let hash = *letter.prepared.staged.hash();
    let mut stored_as = hash;
    let item_id = match find_moved(tx, goal, &hash)? {
        Some(item) => {
            done.moved += 1;
            item
        }
        None => match find_twin(tx, goal, letter)? {
            Some(item) => {
                done.adopted += 1;
                stored_as = tx.body_hash(item.body_id)?;
                item.id
            }
            None => {
                let sent = letter.prepared.derived.sent_at_ms;
                let place = Placement {
                    folder_id: goal.folder_id,
                    flags: marks.flags,
                    keywords: marks.keywords.clone(),
                    received_at_ms: letter.listed.received_at_ms.or(sent).unwrap_or(goal.now_ms),
                };
                done.stored += 1;
                append_message_in(tx, &letter.prepared, &place)?.item.id
            }
        },
    };
    let moved = Moved {
        name: letter.listed.name.clone(),
        item_id: Some(item_id),
        hash: stored_as,
        state: State::Stored,
        flags: marks.flags,
        tag: marks.keywords.as_str().to_owned(),
    };
    tx.put_moved(goal.move_folder, &moved)
}

/// One that was in another folder of the source before: it moves here as it moved there, unless somebody has put it
/// elsewhere here.
fn find_moved(tx: &mut Tx<'_, AccountDb>, goal: &Goal, hash: &[u8; 32]) -> Result<Option<ItemId>> {
    let Some((folder, row)) = tx.moved_and_gone(&goal.source, hash)? else {
        return Ok(None);
    };
    let Some(item) = row
        .item_id
        .and_then(|id| tx.mail_item(id).transpose())
        .transpose()?
    else {
        return Ok(None);
    };
    tx.forget_moved(folder.id, &row.name)?;
    let id = item.id;
    if item.folder_id == folder.folder_id && item.folder_id != goal.folder_id {
        tx.move_items(&[item], goal.folder_id, goal.now_ms)?;
    }
    Ok(Some(id))
}

/// The same message in our folder that stands for none of this source yet: of the same bytes, or with the same Message-ID
/// and the same text below the header, for every server on the way writes into the header.
fn find_twin(tx: &Tx<'_, AccountDb>, goal: &Goal, letter: &Letter) -> Result<Option<Item>> {
    for item in tx.items_with_body(goal.folder_id, letter.prepared.staged.hash())? {
        if !tx.is_moved_from(&goal.source, item.id)? {
            return Ok(Some(item));
        }
    }
    let Some(message_id) = &letter.prepared.derived.message_id else {
        return Ok(None);
    };
    let mut text = None;
    for item in tx.items_by_message_id(message_id)? {
        if item.folder_id != goal.folder_id || tx.is_moved_from(&goal.source, item.id)? {
            continue;
        }
        if text.is_none() {
            text = Some(text_of(&letter.prepared.staged.read_all()?));
        }
        if text == Some(text_of(&tx.read_body(item.body_id)?)) {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

/// Hash of what stands below the header, whatever its line ends.
fn text_of(raw: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let mut is_body = false;
    let mut lines = raw.split(|b| *b == b'\n').peekable();
    while let Some(line) = lines.next() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if is_body {
            hasher.update(line);
            if lines.peek().is_some() {
                hasher.update(b"\n");
            }
        }
        is_body |= line.is_empty();
    }
    *hasher.finalize().as_bytes()
}

/// A line now and then, and a word to who looks on.
struct Progress<'a> {
    path: &'a str,
    all: usize,
    next: Option<Instant>,
    watch: Option<&'a Watch>,
}

/// How often.
const PAUSE: Duration = Duration::from_secs(5);

impl<'a> Progress<'a> {
    fn new(options: &'a Options, path: &'a str, all: usize) -> Self {
        let watch = options.watch.as_deref();
        if let Some(watch) = watch {
            watch.enter(path, all as u64);
        }
        Progress {
            path,
            all,
            next: options.tells_progress.then(|| Instant::now() + PAUSE),
            watch,
        }
    }

    fn tell(&mut self, count: u64) {
        if let Some(watch) = self.watch {
            watch.tell(count);
        }
        if let Some(next) = self.next
            && Instant::now() >= next
        {
            eprintln!("{}: {count} of {}", self.path, self.all);
            self.next = Some(Instant::now() + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_same_whatever_stands_in_the_header_and_ends_the_lines() {
        let a = text_of(b"A: b\r\n\r\nhi\r\n\r\nyou\r\n");
        assert_eq!(a, text_of(b"X: more\nA: b\n\nhi\n\nyou\n"));
        assert_ne!(a, text_of(b"A: b\n\nhi\nyou\n"));
        assert_ne!(text_of(b"A: b\n\nhi\n"), text_of(b"A: b\n\nhi"));
    }
}
