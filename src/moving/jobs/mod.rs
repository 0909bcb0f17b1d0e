//! Moving in and out that somebody has asked for at the page: what is wanted is kept among the settings of the box, so that it
//! goes on after a restart, and what came of it stands there until somebody takes it away. One at a time; each run goes on where
//! the one before was broken off, because that is how all of them are made.

mod book;
mod run;
mod wanted;

pub use book::{Job, State};
pub use wanted::{Kind, Wanted};

use super::import::Watch;
use crate::base::panic::catch;
use crate::base::{Error, Result, lock};
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
pub use book::forget_gone;
use book::{change, claim, list_jobs, note_outcome, take_number};
use run::run;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// More are not kept; what is over longest goes first.
const MOST: usize = 100;
/// How long one may take to be laid down.
const ENDING: Duration = Duration::from_secs(5);
/// When nothing rings.
const LOOK_EACH: Duration = Duration::from_secs(30);

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

impl Moves {
    /// The newest first. Errors: Forbidden.
    pub async fn list(&self, ctx: &Ctx) -> Result<Vec<Shown>> {
        ctx.require_admin()?;
        let mut jobs = list_jobs(ctx).await?;
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
        let id = change(ctx, "move.begin", move |d, book| {
            if book.jobs.iter().any(|j| !j.state.is_over() && j.wanted == wanted) {
                return Err(Error::conflict("this is under way already"));
            }
            while book.jobs.len() >= MOST {
                let over = book.jobs.iter().position(|j| j.state.is_over());
                let Some(over) = over else {
                    return Err(Error::conflict(
                        "too much waits already; let some of it come to its end",
                    ));
                };
                book.passwords.remove(&book.jobs.remove(over).id);
            }
            let id = take_number(d, book)?;
            book.passwords.insert(id, password);
            let about = wanted.about();
            book.jobs.push(Job {
                id,
                wanted,
                state: State::Waiting,
                asked_by,
                asked_at_ms,
                ended_at_ms: None,
                error: None,
                report: None,
            });
            Ok((id, about))
        })
        .await?;
        self.0.bell.notify_one();
        Ok(id)
    }

    /// Runs one again that is over: to catch up, to compare, or after it has failed. Errors: NotFound, Conflict, Forbidden.
    pub async fn again(&self, ctx: &Ctx, id: u64, is_dry_run: bool, verify: bool) -> Result<()> {
        ctx.require_admin()?;
        self.wait_for_end(ctx, id).await?;
        change(ctx, "move.again", move |_, book| {
            let job = book.job(id)?;
            if !job.state.is_over() {
                return Err(Error::conflict("this is under way already"));
            }
            job.state = State::Waiting;
            (job.wanted.is_dry_run, job.wanted.verify) = (is_dry_run, verify);
            (job.ended_at_ms, job.error) = (None, None);
            Ok(((), job.wanted.about()))
        })
        .await?;
        self.0.bell.notify_one();
        Ok(())
    }

    /// Breaks one off; what has come stays, and it can go on later. Errors: NotFound, Forbidden.
    pub async fn stop(&self, ctx: &Ctx, id: u64) -> Result<()> {
        ctx.require_admin()?;
        let now_ms = ctx.now_ms();
        change(ctx, "move.stop", move |_, book| {
            let job = book.job(id)?;
            if !job.state.is_over() {
                job.state = State::Stopped;
                job.ended_at_ms = Some(now_ms);
            }
            Ok(((), job.wanted.about()))
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
        self.wait_for_end(ctx, id).await?;
        change(ctx, "move.remove", move |_, book| {
            let job = book.job(id)?;
            if !job.state.is_over() {
                return Err(Error::conflict("this is under way; stop it first"));
            }
            let about = job.wanted.about();
            book.jobs.retain(|j| j.id != id);
            book.passwords.remove(&id);
            Ok(((), about))
        })
        .await
    }

    /// One that has come to its end, or was stopped, takes a moment to be laid down. Errors: Conflict.
    async fn wait_for_end(&self, ctx: &Ctx, id: u64) -> Result<()> {
        let is_over = list_jobs(ctx)
            .await?
            .iter()
            .any(|j| j.id == id && j.state.is_over());
        let is_held = || lock(&self.0.running).as_ref().is_some_and(|r| r.id == id);
        let began = Instant::now();
        while is_over && is_held() {
            if began.elapsed() > ENDING {
                return Err(Error::conflict("this is under way; stop it first"));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
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
        forget_gone(ctx).await?;
        let next = list_jobs(ctx).await?.into_iter().find(|j| !j.state.is_over());
        let Some(Job { id, .. }) = next else {
            return Ok(false);
        };
        let (watch, stop) = (Arc::new(Watch::default()), Arc::new(Notify::new()));
        *lock(&self.0.running) = Some(Running {
            id,
            watch: watch.clone(),
            stop: stop.clone(),
        });
        // From here on it is only laid down by `stop`; what was stopped a moment ago is not taken up.
        let outcome = match claim(ctx, id).await {
            Ok(Some((wanted, password))) => tokio::select! {
                done = catch(run(ctx, room, &wanted, password, watch)) => Ok(Some(done)),
                () = stop.notified() => Ok(None),
            },
            other => other.map(|_| None),
        };
        let noted = match outcome {
            Ok(Some(done)) => note_outcome(ctx, id, done).await,
            other => other.map(drop),
        };
        *lock(&self.0.running) = None;
        noted.map(|()| true)
    }
}
