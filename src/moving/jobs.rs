//! Moving in and out that somebody has asked for at the page: what is wanted is kept among the settings of the box, so that it
//! goes on after a restart, and what came of it stands there until somebody takes it away. One at a time; each run goes on where
//! the one before was broken off, because that is how all of them are made.

use super::dav::collections::Service;
use super::import::dav::Dav;
use super::import::imap::Imap;
use super::import::{self, Report, Watch, import_account};
use super::outward;
use super::outward::dav::send_objects;
use super::outward::imap::send_mail;
use crate::base::{Error, Result, TimeMs, lock};
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
use crate::model::collect::CollectServer;
use crate::store::Tx;
use crate::store::directory::DirectoryDb;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use url::Url;

const JOBS: &str = "move_jobs";
const PASSWORDS: &str = "move_passwords";
/// More are not kept; what is over longest goes first.
const MOST: usize = 100;
/// Of differences, problems and things put aside, that a report names here; the command line names all.
const MOST_NAMED: usize = 200;
/// When nothing rings.
const LOOK_EACH: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    ImportImap,
    ImportCaldav,
    ImportCarddav,
    ExportImap,
    ExportCaldav,
    ExportCarddav,
}

/// What is to be moved, from where to where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wanted {
    pub kind: Kind,
    /// Ours.
    pub account: String,
    /// Of a mailbox; its password is kept elsewhere.
    #[serde(default)]
    pub server: Option<CollectServer>,
    /// Of calendars or contacts.
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub user: Option<String>,
    /// Only look, and count.
    #[serde(default)]
    pub is_dry_run: bool,
    /// Compare every item afterwards.
    #[serde(default)]
    pub verify: bool,
    #[serde(default)]
    pub follow_deletions: bool,
    /// A mail folder below which everything is put.
    #[serde(default)]
    pub into: Option<String>,
}

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
    fn is_over(self) -> bool {
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

/// A job, and how far it is when it runs: the folder, what has come of it, all of it.
pub type Shown = (Job, Option<(String, u64, u64)>);

#[derive(Default)]
struct Inner {
    bell: Notify,
    running: Mutex<Option<Running>>,
}

struct Running {
    id: u64,
    watch: Arc<Watch>,
    stop: Arc<Notify>,
}

/// The one who works, and those who look on.
#[derive(Clone, Default)]
pub struct Moves(Arc<Inner>);

impl std::fmt::Debug for Moves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Moves")
    }
}

impl Wanted {
    /// Errors: Invalid.
    fn check(&self) -> Result<()> {
        let is_mail = matches!(self.kind, Kind::ImportImap | Kind::ExportImap);
        if is_mail {
            let server = self.server.as_ref();
            return match server.is_some_and(|s| !s.host.trim().is_empty() && !s.user.trim().is_empty()) {
                true => Ok(()),
                false => Err(Error::invalid("the mailbox needs a server and a user")),
            };
        }
        self.address()?;
        match self.user.as_ref().is_some_and(|u| !u.trim().is_empty()) {
            true => Ok(()),
            false => Err(Error::invalid("the server needs a user")),
        }
    }

    /// Of calendars or contacts. Errors: Invalid.
    fn address(&self) -> Result<Url> {
        let url = self.url.as_deref().and_then(|text| Url::parse(text.trim()).ok());
        let url = url.filter(|u| matches!(u.scheme(), "https" | "http") && u.host().is_some());
        url.filter(|u| u.username().is_empty() && u.password().is_none())
            .ok_or_else(|| {
                Error::invalid(
                    "the address of calendars or contacts begins with https://, and has no user or password in it",
                )
            })
    }
}

impl Moves {
    /// The newest first. Errors: Forbidden.
    pub async fn list(&self, ctx: &Ctx) -> Result<Vec<Shown>> {
        ctx.require_admin()?;
        let jobs: Option<Vec<Job>> = ctx.store.directory().read(|d| d.setting(JOBS)).await?;
        let mut jobs = jobs.unwrap_or_default();
        jobs.reverse();
        let running = lock(&self.0.running);
        let far = |job: &Job| {
            running
                .as_ref()
                .filter(|r| r.id == job.id)
                .map(|r| r.watch.look())
        };
        Ok(jobs
            .into_iter()
            .map(|job| (far(&job), job))
            .map(|(far, job)| (job, far))
            .collect())
    }

    /// Begins, as soon as those before are done. `password`: of the other server; it is kept with the job. Errors: Invalid;
    /// NotFound (the account); Conflict, when the same is under way; Forbidden.
    pub async fn begin(&self, ctx: &Ctx, mut wanted: Wanted, password: String) -> Result<u64> {
        ctx.require_admin()?;
        wanted.check()?;
        if password.is_empty() {
            return Err(Error::invalid("the other server needs a password"));
        }
        wanted.account = find_account(ctx, &wanted.account).await?.address;
        let (asked_by, asked_at_ms) = (ctx.actor_name().to_owned(), ctx.now_ms());
        let id = change(ctx, "move.begin", move |jobs, passwords| {
            if jobs.iter().any(|j| !j.state.is_over() && j.wanted == wanted) {
                return Err(Error::conflict("this is under way already"));
            }
            while jobs.len() >= MOST {
                let over = jobs.iter().position(|j| j.state.is_over());
                let Some(over) = over else {
                    return Err(Error::conflict(
                        "too much waits already; let some of it come to its end",
                    ));
                };
                passwords.remove(&jobs.remove(over).id);
            }
            let id = jobs.iter().map(|j| j.id).max().unwrap_or(0) + 1;
            passwords.insert(id, password);
            jobs.push(Job {
                id,
                wanted,
                state: State::Waiting,
                asked_by,
                asked_at_ms,
                ended_at_ms: None,
                error: None,
                report: None,
            });
            Ok(id)
        })
        .await?;
        self.0.bell.notify_one();
        Ok(id)
    }

    /// Runs one again that is over: to catch up, to compare, or after it has failed. Errors: NotFound, Conflict, Forbidden.
    pub async fn again(&self, ctx: &Ctx, id: u64, is_dry_run: bool, verify: bool) -> Result<()> {
        ctx.require_admin()?;
        change(ctx, "move.again", move |jobs, _| {
            let job = find(jobs, id)?;
            if !job.state.is_over() {
                return Err(Error::conflict("this is under way already"));
            }
            job.state = State::Waiting;
            (job.wanted.is_dry_run, job.wanted.verify) = (is_dry_run, verify);
            (job.ended_at_ms, job.error) = (None, None);
            Ok(())
        })
        .await?;
        self.0.bell.notify_one();
        Ok(())
    }

    /// Breaks one off; what has come stays, and it can go on later. Errors: NotFound, Forbidden.
    pub async fn stop(&self, ctx: &Ctx, id: u64) -> Result<()> {
        ctx.require_admin()?;
        change(ctx, "move.stop", move |jobs, _| {
            let job = find(jobs, id)?;
            if !job.state.is_over() {
                job.state = State::Stopped;
            }
            Ok(())
        })
        .await?;
        if let Some(running) = lock(&self.0.running).as_ref().filter(|r| r.id == id) {
            running.stop.notify_one();
        }
        Ok(())
    }

    /// Takes one that is over off the list, with its password. Errors: NotFound, Conflict, Forbidden.
    pub async fn remove(&self, ctx: &Ctx, id: u64) -> Result<()> {
        ctx.require_admin()?;
        change(ctx, "move.remove", move |jobs, passwords| {
            if !find(jobs, id)?.state.is_over() {
                return Err(Error::conflict("this is under way; stop it first"));
            }
            jobs.retain(|j| j.id != id);
            passwords.remove(&id);
            Ok(())
        })
        .await
    }

    /// Does what waits, until the program ends.
    pub async fn work(&self, ctx: &Ctx, room: &Arc<PostRoom>) {
        loop {
            match self.work_once(ctx, room).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(e) => tracing::error!(error = ?e, "what is to be moved cannot be looked at"),
            }
            let _ = tokio::time::timeout(LOOK_EACH, self.0.bell.notified()).await;
        }
    }

    /// Returns whether there was something to do.
    async fn work_once(&self, ctx: &Ctx, room: &Arc<PostRoom>) -> Result<bool> {
        let (jobs, passwords): (Option<Vec<Job>>, Option<Passwords>) = ctx
            .store
            .directory()
            .read(|d| Ok((d.setting(JOBS)?, d.setting(PASSWORDS)?)))
            .await?;
        let next = jobs.unwrap_or_default().into_iter().find(|j| !j.state.is_over());
        let Some(job) = next else { return Ok(false) };
        let password = passwords
            .and_then(|mut all| all.remove(&job.id))
            .unwrap_or_default();
        let (watch, stop) = (Arc::new(Watch::default()), Arc::new(Notify::new()));
        *lock(&self.0.running) = Some(Running {
            id: job.id,
            watch: watch.clone(),
            stop: stop.clone(),
        });
        let begun = put_state(ctx, job.id, |job| {
            if job.state == State::Waiting {
                job.state = State::Running;
            }
        });
        begun.await?;
        let outcome = tokio::select! {
            done = run(ctx, room, &job.wanted, password, watch) => Some(done),
            () = stop.notified() => None,
        };
        *lock(&self.0.running) = None;
        let now_ms = ctx.now_ms();
        put_state(ctx, job.id, move |job| {
            job.ended_at_ms = Some(now_ms);
            match outcome {
                None => job.state = State::Stopped,
                Some(Ok(report)) => {
                    job.state = State::Done;
                    job.report = shortened(report);
                }
                Some(Err(e)) => {
                    job.state = State::Failed;
                    job.error = Some(e.message().to_owned());
                }
            }
        })
        .await?;
        Ok(true)
    }
}

fn shortened(mut report: Report) -> Option<serde_json::Value> {
    report.more_differences += report.differences.len().saturating_sub(MOST_NAMED) as u64;
    report.differences.truncate(MOST_NAMED);
    report.problems.truncate(MOST_NAMED);
    report.aside.truncate(MOST_NAMED);
    serde_json::to_value(report).ok()
}

async fn run(
    ctx: &Ctx,
    room: &Arc<PostRoom>,
    wanted: &Wanted,
    password: String,
    watch: Arc<Watch>,
) -> Result<Report> {
    let account = find_account(ctx, &wanted.account).await?;
    let inward = import::Options {
        is_dry_run: wanted.is_dry_run,
        into: wanted.into.clone(),
        follow_deletions: wanted.follow_deletions,
        verify: wanted.verify && !wanted.is_dry_run,
        watch: Some(watch),
        ..import::Options::default()
    };
    let outward = outward::Options {
        is_dry_run: wanted.is_dry_run,
        follow_deletions: wanted.follow_deletions,
        verify: wanted.verify && !wanted.is_dry_run,
        ..outward::Options::default()
    };
    let mailbox = || {
        let mut server = wanted
            .server
            .clone()
            .ok_or_else(|| Error::invalid("no server is named"))?;
        server.password = password.clone();
        Ok::<_, Error>(server)
    };
    let collections = || Ok::<_, Error>((wanted.address()?, wanted.user.as_deref().unwrap_or_default()));
    let service = match wanted.kind {
        Kind::ImportCarddav | Kind::ExportCarddav => Service::Contacts,
        _ => Service::Calendars,
    };
    match wanted.kind {
        Kind::ImportImap => {
            let mut source = Imap::open(ctx, room, mailbox()?).await?;
            import_account(ctx, &account, &mut source, &inward).await
        }
        Kind::ImportCaldav | Kind::ImportCarddav => {
            let (url, user) = collections()?;
            let mut source = Dav::new(ctx, room, (url, user, &password), service);
            import_account(ctx, &account, &mut source, &inward).await
        }
        Kind::ExportImap => send_mail(ctx, &account, (room, &mailbox()?), &outward).await,
        Kind::ExportCaldav | Kind::ExportCarddav => {
            let (url, user) = collections()?;
            send_objects(ctx, &account, (room, &url, user, &password), service, &outward).await
        }
    }
}

type Passwords = BTreeMap<u64, String>;

fn find(jobs: &mut [Job], id: u64) -> Result<&mut Job> {
    let found = jobs.iter_mut().find(|j| j.id == id);
    found.ok_or_else(|| Error::not_found("this is not on the list any more"))
}

/// Nothing happens when the job was taken away meanwhile.
async fn put_state(ctx: &Ctx, id: u64, set: impl FnOnce(&mut Job) + Send + 'static) -> Result<()> {
    ctx.store
        .directory()
        .write(move |d| {
            let mut jobs: Vec<Job> = d.setting(JOBS)?.unwrap_or_default();
            match jobs.iter_mut().find(|j| j.id == id) {
                Some(job) => set(job),
                None => return Ok(()),
            }
            d.put_setting(JOBS, &jobs)
        })
        .await
}

async fn change<T: Send + 'static>(
    ctx: &Ctx,
    what: &'static str,
    f: impl FnOnce(&mut Vec<Job>, &mut Passwords) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d: &mut Tx<'_, DirectoryDb>| {
            let mut jobs: Vec<Job> = d.setting(JOBS)?.unwrap_or_default();
            let mut passwords: Passwords = d.setting(PASSWORDS)?.unwrap_or_default();
            let done = f(&mut jobs, &mut passwords)?;
            d.put_setting(JOBS, &jobs)?;
            d.put_setting(PASSWORDS, &passwords)?;
            d.note_audit(now_ms, &actor, what, &serde_json::json!({"jobs": jobs.len()}))?;
            Ok(done)
        })
        .await
}
