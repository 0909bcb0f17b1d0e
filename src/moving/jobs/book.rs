//! The list of what is moved, as the box keeps it among its settings, with the passwords of the other servers beside it.

use super::wanted::Wanted;
use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::moving::import::Report;
use crate::store::directory::DirectoryDb;
use crate::store::{Snapshot, Tx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const JOBS: &str = "move_jobs";
const PASSWORDS: &str = "move_passwords";
/// The number that was given last: one that was taken off the list is nobody else's later.
const LAST_ID: &str = "move_last_id";
/// Of differences, problems and things put aside, that a report names here; the command line names all.
const MOST_NAMED: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Waiting,
    /// Or broken off by a restart: then it goes on.
    Running,
    Done,
    Failed,
    Stopped,
}

impl State {
    pub(super) fn is_over(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Stopped)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub id: u64,
    pub wanted: Wanted,
    pub state: State,
    pub asked_by: String,
    pub asked_at_ms: TimeMs,
    #[serde(default)]
    pub ended_at_ms: Option<TimeMs>,
    #[serde(default)]
    pub error: Option<String>,
    /// Of the last run, as the command line prints it.
    #[serde(default)]
    pub report: Option<serde_json::Value>,
}

type Passwords = BTreeMap<u64, String>;

/// What is kept of all of them.
pub(super) struct Book {
    pub jobs: Vec<Job>,
    pub passwords: Passwords,
}

impl Book {
    fn read(d: &Snapshot<'_, DirectoryDb>) -> Result<Book> {
        Ok(Book {
            jobs: d.setting(JOBS)?.unwrap_or_default(),
            passwords: d.setting(PASSWORDS)?.unwrap_or_default(),
        })
    }

    pub fn job(&mut self, id: u64) -> Result<&mut Job> {
        let found = self.jobs.iter_mut().find(|j| j.id == id);
        found.ok_or_else(|| Error::not_found("this is not on the list any more"))
    }
}

/// `f` says what goes into the log, too.
pub(super) async fn change<T: Send + 'static>(
    ctx: &Ctx,
    what: &'static str,
    f: impl FnOnce(&mut Tx<'_, DirectoryDb>, &mut Book) -> Result<(T, serde_json::Value)> + Send + 'static,
) -> Result<T> {
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d: &mut Tx<'_, DirectoryDb>| {
            let mut book = Book::read(d)?;
            let (done, about) = f(d, &mut book)?;
            d.put_setting(JOBS, &book.jobs)?;
            d.put_setting(PASSWORDS, &book.passwords)?;
            d.note_audit(now_ms, &actor, what, &about)?;
            Ok(done)
        })
        .await
}

pub(super) async fn list_jobs(ctx: &Ctx) -> Result<Vec<Job>> {
    let jobs: Option<Vec<Job>> = ctx.store.directory().read(|d| d.setting(JOBS)).await?;
    Ok(jobs.unwrap_or_default())
}

pub(super) fn take_number(d: &mut Tx<'_, DirectoryDb>, book: &Book) -> Result<u64> {
    let highest = book.jobs.iter().map(|j| j.id).max().unwrap_or(0);
    let id = d.setting(LAST_ID)?.unwrap_or(0).max(highest) + 1;
    d.put_setting(LAST_ID, &id)?;
    Ok(id)
}

/// Takes off the list, with their passwords, what was for accounts that are no more.
pub async fn forget_gone(ctx: &Ctx) -> Result<()> {
    let is_there = |addresses: &[String], job: &Job| addresses.contains(&job.wanted.account);
    let look = ctx.store.directory().read(move |d| {
        let (book, addresses) = (Book::read(d)?, addresses(d)?);
        Ok(book.jobs.iter().all(|job| is_there(&addresses, job)))
    });
    if look.await? {
        return Ok(());
    }
    ctx.store
        .directory()
        .write(move |d| {
            let (mut book, addresses) = (Book::read(d)?, addresses(d)?);
            book.jobs.retain(|job| is_there(&addresses, job));
            let Book { jobs, passwords } = &mut book;
            passwords.retain(|id, _| jobs.iter().any(|j| j.id == *id));
            d.put_setting(JOBS, &book.jobs)?;
            d.put_setting(PASSWORDS, &book.passwords)
        })
        .await
}

/// Every one that an account has.
fn addresses(d: &Snapshot<'_, DirectoryDb>) -> Result<Vec<String>> {
    let accounts = d.accounts()?;
    Ok(accounts
        .into_iter()
        .flat_map(|a| a.aliases.into_iter().chain([a.address]))
        .collect())
}

/// What is wanted, and the password of the other server; None: it was stopped or taken away meanwhile.
pub(super) async fn claim(ctx: &Ctx, id: u64) -> Result<Option<(Wanted, String)>> {
    ctx.store
        .directory()
        .write(move |d| {
            let mut book = Book::read(d)?;
            let Some(job) = book.jobs.iter_mut().find(|j| j.id == id && !j.state.is_over()) else {
                return Ok(None);
            };
            job.state = State::Running;
            let wanted = job.wanted.clone();
            d.put_setting(JOBS, &book.jobs)?;
            Ok(Some((wanted, book.passwords.remove(&id).unwrap_or_default())))
        })
        .await
}

/// Nothing happens when the job was taken away meanwhile.
pub(super) async fn note_outcome(ctx: &Ctx, id: u64, outcome: Result<Report>) -> Result<()> {
    let now_ms = ctx.now_ms();
    if let Err(e) = &outcome {
        tracing::warn!(error = ?e, "a move has failed");
    }
    ctx.store
        .directory()
        .write(move |d| {
            let mut book = Book::read(d)?;
            let Some(job) = book.jobs.iter_mut().find(|j| j.id == id) else {
                return Ok(());
            };
            job.ended_at_ms = Some(now_ms);
            match outcome {
                Ok(report) => {
                    job.state = State::Done;
                    job.report = shortened(report);
                }
                Err(e) => {
                    job.state = State::Failed;
                    job.error = Some(e.message().to_owned());
                }
            }
            d.put_setting(JOBS, &book.jobs)
        })
        .await
}

fn shortened(mut report: Report) -> Option<serde_json::Value> {
    report.more_differences += report.differences.len().saturating_sub(MOST_NAMED) as u64;
    report.differences.truncate(MOST_NAMED);
    report.problems.truncate(MOST_NAMED);
    report.aside.truncate(MOST_NAMED);
    serde_json::to_value(report).ok()
}
