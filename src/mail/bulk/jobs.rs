//! What is remembered of deeds to many messages: how far each is, and how everything was before. It is bounded in number, for
//! each person and together; what is longest over is forgotten for what begins, and only what runs keeps others waiting.

use super::{Before, Deed};
use crate::base::{Error, Result, TimeMs, lock, random};
use crate::model::AccountId;
use std::sync::{Arc, Mutex};

/// So many are remembered, running or done, of everybody together.
const MOST_JOBS: usize = 200;
/// Of one person, so that one does not drive out what others might take back.
const MOST_EACH: usize = 20;
/// One person has no use for more at once.
const MOST_RUNNING: usize = 4;
/// Messages of all jobs together: what runs holds their ids, what is over how they were (24 bytes each).
const MOST_REMEMBERED: usize = 2 * super::MOST;
/// For so long what was done can be looked at and taken back.
const KEPT_MS: TimeMs = 3_600_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Running,
    Done,
    Stopped,
    Failed,
}

/// How far it is.
#[derive(Clone, Debug)]
pub struct Progress {
    pub stage: Stage,
    pub done: usize,
    pub all: usize,
    /// How many have really changed; the others were so already, or are gone.
    pub changed: usize,
    pub failure: Option<Arc<Error>>,
    pub can_undo: bool,
}

struct State {
    progress: Progress,
    is_stopping: bool,
    before: Vec<Before>,
}

/// One deed on its way, or done.
pub struct Job {
    pub id: String,
    /// Who may look at it, whosever messages they are.
    actor: AccountId,
    account: AccountId,
    pub(super) deed: Deed,
    begun_at_ms: TimeMs,
    state: Mutex<State>,
}

/// All jobs of the house, what was used last at the end. They live as long as the program: what was done stays done, what was
/// not yet done is not.
#[derive(Default)]
pub struct Jobs(Mutex<Vec<Arc<Job>>>);

/// The place of a job that has not begun; whoever goes before it has gives it back.
pub(super) struct Slot<'a> {
    jobs: &'a Jobs,
    job: Option<Arc<Job>>,
}

fn too_much() -> Error {
    Error::busy("too much is being done at once; try again when some of it is done")
}

impl Jobs {
    /// Errors: NotFound, also for those of others.
    pub fn find(&self, actor: AccountId, id: &str) -> Result<Arc<Job>> {
        let all = lock(&self.0);
        let found = all.iter().find(|j| j.id == id && j.actor == actor);
        found.cloned().ok_or_else(|| {
            Error::not_found("there is no such job, or it is long over and others were begun since")
        })
    }

    /// A place among those that run. Errors: Busy.
    pub(super) fn enter(&self, job: Job) -> Result<Slot<'_>> {
        let mut all = lock(&self.0);
        let (actor, now_ms) = (job.actor, job.begun_at_ms);
        all.retain(|j| j.is_running() || j.begun_at_ms + KEPT_MS > now_ms);
        let running = all.iter().filter(|j| j.actor == actor && j.is_running());
        if running.count() >= MOST_RUNNING {
            return Err(too_much());
        }
        if all.iter().filter(|j| j.actor == actor).count() >= MOST_EACH {
            forget_oldest(&mut all, |j| j.actor == actor);
        }
        if all.len() >= MOST_JOBS && !forget_oldest(&mut all, |_| true) {
            return Err(too_much());
        }
        let job = Arc::new(job);
        all.push(job.clone());
        Ok(Slot {
            jobs: self,
            job: Some(job),
        })
    }

    /// The job that takes back what another has done, and what that is. Where it cannot begin everything stays to be taken
    /// back. Errors: Busy, Conflict.
    pub(super) fn begin_back(&self, job: &Arc<Job>, now_ms: TimeMs) -> Result<(Arc<Job>, Vec<Before>)> {
        self.touch(job);
        let slot = self.enter(Job::new(job.actor, job.account, job.deed, now_ms))?;
        let before = job.take_before()?;
        match slot.begin(before.len()) {
            Ok(back) => Ok((back, before)),
            Err(e) => {
                job.put_before(before);
                Err(e)
            }
        }
    }

    /// What is taken back is not the next to be forgotten.
    fn touch(&self, job: &Arc<Job>) {
        let mut all = lock(&self.0);
        if let Some(at) = all.iter().position(|j| Arc::ptr_eq(j, job)) {
            all[at..].rotate_left(1);
        }
    }

    /// Room for what `count` messages were before; others lose their way back for it, the oldest first. Errors: Busy.
    fn make_room(&self, job: &Arc<Job>, count: usize) -> Result<()> {
        let all = lock(&self.0);
        let others = || all.iter().filter(|j| !Arc::ptr_eq(j, job));
        let mut sum: usize = others().map(|j| j.weight()).sum();
        for old in others().filter(|j| !j.is_running()) {
            if sum + count <= MOST_REMEMBERED {
                break;
            }
            sum = sum.saturating_sub(old.forget_before());
        }
        if sum + count > MOST_REMEMBERED {
            return Err(too_much());
        }
        // Under the same lock: nobody else takes this room.
        lock(&job.state).progress.all = count;
        Ok(())
    }
}

/// False: all of them are running.
fn forget_oldest(all: &mut Vec<Arc<Job>>, which: impl Fn(&Job) -> bool) -> bool {
    let oldest = all.iter().position(|j| which(j) && !j.is_running());
    oldest.map(|at| all.remove(at)).is_some()
}

impl Slot<'_> {
    /// It is known how many messages it is about, and it begins. Errors: Busy.
    pub(super) fn begin(mut self, count: usize) -> Result<Arc<Job>> {
        let job = self.job.clone().ok_or_else(too_much)?;
        self.jobs.make_room(&job, count)?;
        self.job = None;
        Ok(job)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            lock(&self.jobs.0).retain(|j| !Arc::ptr_eq(j, &job));
        }
    }
}

impl Job {
    pub(super) fn new(actor: AccountId, account: AccountId, deed: Deed, now_ms: TimeMs) -> Job {
        let progress = Progress {
            stage: Stage::Running,
            done: 0,
            all: 0,
            changed: 0,
            failure: None,
            can_undo: false,
        };
        Job {
            id: random::uuid(),
            actor,
            account,
            deed,
            begun_at_ms: now_ms,
            state: Mutex::new(State {
                progress,
                is_stopping: false,
                before: Vec::new(),
            }),
        }
    }

    pub fn progress(&self) -> Progress {
        let state = lock(&self.state);
        let mut out = state.progress.clone();
        out.can_undo = out.stage != Stage::Running && !state.before.is_empty();
        out
    }

    /// It ends behind the batch that is on its way.
    pub fn stop(&self) {
        lock(&self.state).is_stopping = true;
    }

    /// Whose mailbox it is about.
    pub fn account(&self) -> AccountId {
        self.account
    }

    fn is_running(&self) -> bool {
        lock(&self.state).progress.stage == Stage::Running
    }

    /// Messages that it holds something of, or will.
    fn weight(&self) -> usize {
        let state = lock(&self.state);
        match state.progress.stage {
            Stage::Running => state.progress.all,
            _ => state.before.len(),
        }
    }

    /// How many they were.
    fn forget_before(&self) -> usize {
        std::mem::take(&mut lock(&self.state).before).len()
    }

    /// Errors: Conflict.
    fn take_before(&self) -> Result<Vec<Before>> {
        let mut state = lock(&self.state);
        match state.progress.stage {
            Stage::Running => Err(Error::conflict("this is still being done")),
            _ if state.before.is_empty() => Err(Error::conflict("there is nothing to be taken back")),
            _ => Ok(std::mem::take(&mut state.before)),
        }
    }

    /// What was taken and not used.
    pub(super) fn put_before(&self, mut before: Vec<Before>) {
        before.shrink_to_fit();
        lock(&self.state).before = before;
    }

    /// False: it is to end.
    pub(super) fn advance(&self, done: usize, before: Vec<Before>) -> bool {
        let mut state = lock(&self.state);
        state.progress.done += done;
        state.progress.changed += before.len();
        // What was removed for good has another way back.
        if self.deed != Deed::Destroy {
            state.before.extend(before);
        }
        !state.is_stopping
    }

    pub(super) fn finish(&self, outcome: Result<Stage>) {
        let mut state = lock(&self.state);
        state.before.shrink_to_fit();
        state.progress.stage = match outcome {
            Ok(stage) => stage,
            Err(e) => {
                tracing::warn!(error = ?e, "a deed to many messages broke off");
                state.progress.failure = Some(Arc::new(e));
                Stage::Failed
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Kind;
    use crate::model::{Flags, FolderId, ItemId};

    fn job(actor: i64, now_ms: TimeMs) -> Job {
        let deed = Deed::Move(FolderId(9));
        Job::new(AccountId(actor), AccountId(actor), deed, now_ms)
    }

    fn before(count: usize) -> Vec<Before> {
        let one = Before {
            id: ItemId(1),
            folder: FolderId(2),
            flags: Flags::NONE,
        };
        vec![one; count]
    }

    /// One that has been done to `count` messages.
    fn done(jobs: &Jobs, actor: i64, count: usize) -> Arc<Job> {
        let job = jobs.enter(job(actor, 0)).unwrap().begin(count).unwrap();
        job.advance(count, before(count));
        job.finish(Ok(Stage::Done));
        job
    }

    fn refusal<T>(outcome: Result<T>) -> Option<Kind> {
        outcome.err().map(|e| e.kind())
    }

    #[test]
    fn what_is_over_keeps_nobody_waiting() {
        let jobs = Jobs::default();
        let all: Vec<_> = (0..MOST_JOBS as i64 + 5).map(|n| done(&jobs, n, 1)).collect();
        assert_eq!(lock(&jobs.0).len(), MOST_JOBS);
        assert!(jobs.find(AccountId(4), &all[4].id).is_err());
        assert!(jobs.find(AccountId(5), &all[5].id).is_ok());
    }

    #[test]
    fn one_person_drives_out_only_what_is_theirs() {
        let jobs = Jobs::default();
        let other = done(&jobs, 2, 1);
        let mine: Vec<_> = (0..MOST_EACH + 3).map(|_| done(&jobs, 1, 1)).collect();
        assert!(jobs.find(AccountId(2), &other.id).is_ok());
        assert!(jobs.find(AccountId(1), &mine[2].id).is_err());
        assert!(jobs.find(AccountId(1), &mine[3].id).is_ok());
    }

    #[test]
    fn what_runs_is_never_forgotten_and_only_so_much_runs() {
        let jobs = Jobs::default();
        let people = (MOST_JOBS / MOST_RUNNING) as i64;
        for actor in 0..people {
            for _ in 0..MOST_RUNNING {
                jobs.enter(job(actor, 0)).unwrap().begin(1).unwrap();
            }
            assert_eq!(refusal(jobs.enter(job(actor, 0))), Some(Kind::Busy));
        }
        let late = KEPT_MS * 2;
        assert_eq!(refusal(jobs.enter(job(people, late))), Some(Kind::Busy));
        assert_eq!(lock(&jobs.0).len(), MOST_JOBS);
    }

    #[test]
    fn a_place_that_is_not_used_is_given_back() {
        let jobs = Jobs::default();
        for _ in 0..MOST_RUNNING + 1 {
            drop(jobs.enter(job(1, 0)).unwrap());
        }
        let slot = jobs.enter(job(1, 0)).unwrap();
        assert_eq!(refusal(slot.begin(MOST_REMEMBERED + 1)), Some(Kind::Busy));
        assert!(lock(&jobs.0).is_empty());
    }

    #[test]
    fn the_ways_back_are_bounded_together_and_the_oldest_goes_first() {
        let jobs = Jobs::default();
        let half = MOST_REMEMBERED / 2;
        let (first, second) = (done(&jobs, 1, half), done(&jobs, 2, half));
        let third = done(&jobs, 3, 1);
        assert!(!first.progress().can_undo && second.progress().can_undo && third.progress().can_undo);
        // The first can still be looked at.
        assert_eq!(jobs.find(AccountId(1), &first.id).unwrap().progress().done, half);
        let running = jobs.enter(job(4, 0)).unwrap().begin(MOST_REMEMBERED).unwrap();
        assert!(!second.progress().can_undo && !third.progress().can_undo);
        assert_eq!(refusal(jobs.enter(job(5, 0)).unwrap().begin(1)), Some(Kind::Busy));
        running.finish(Ok(Stage::Stopped));
        assert!(jobs.enter(job(5, 0)).unwrap().begin(1).is_ok());
    }

    #[test]
    fn what_could_not_be_taken_back_stays_to_be_taken_back() {
        let jobs = Jobs::default();
        let first = done(&jobs, 1, 3);
        for _ in 0..MOST_RUNNING {
            jobs.enter(job(1, 0)).unwrap().begin(1).unwrap();
        }
        assert_eq!(refusal(jobs.begin_back(&first, 0)), Some(Kind::Busy));
        assert!(first.progress().can_undo);
        let running: Vec<_> = lock(&jobs.0).iter().filter(|j| j.is_running()).cloned().collect();
        running[0].finish(Ok(Stage::Done));
        let (back, mut taken) = jobs.begin_back(&first, 0).unwrap();
        assert_eq!((back.progress().all, taken.len()), (3, 3));
        assert!(!first.progress().can_undo);
        // It stops behind the first: the others can still be taken back.
        taken.drain(..1);
        first.put_before(taken);
        back.finish(Ok(Stage::Stopped));
        running[1].finish(Ok(Stage::Done));
        assert_eq!(jobs.begin_back(&first, 0).unwrap().1.len(), 2);
    }
}
