//! The writer of one file: a thread, started on demand, that gathers waiting changes into one commit.
//!
//! While a commit waits for the disk, further changes queue up and share the next one (group
//! commit). Each change runs in a savepoint, so that one that fails is undone alone. Nobody is
//! answered before the commit that holds the change is durable.

use super::file::{Place, connect};
use super::tx::{Database, Snapshot, Tx};
use crate::base::{Error, Result, lock};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A writer with nothing to do for this long gives its memory back,
const REST: Duration = Duration::from_secs(2);
/// and after this long tidies up, ends and gives its connection back, unless somebody waits for news.
const IDLE: Duration = Duration::from_secs(10);
/// How often it looks then whether somebody still does.
const LISTENED_TO: Duration = Duration::from_secs(60);
/// A group takes no further changes after this many or this long, so that the first one does not wait on and on.
const GROUP_CHANGES: usize = 256;
const GROUP_TIME: Duration = Duration::from_millis(20);

/// Runs a change, or is told why it cannot run; what it returns tells the one who asked, once it is
/// known whether the commit held.
type Change<D> = Box<dyn FnOnce(Result<&mut Tx<'_, D>>) -> Ran + Send>;
type Answer = Box<dyn FnOnce(Option<Error>) + Send>;

enum Ran {
    /// Waits for the commit.
    Done(Answer),
    /// Is to be undone; the one who asked is told at once.
    Failed(Answer),
}

pub(in crate::store) struct Writer<D: Database> {
    shared: Arc<Shared<D>>,
}

struct Shared<D: Database> {
    place: Arc<Place<D>>,
    /// The way to the running thread, if one runs.
    sender: Mutex<Option<Sender<Change<D>>>>,
}

impl<D: Database> Writer<D> {
    pub fn new(place: Arc<Place<D>>) -> Self {
        Writer {
            shared: Arc::new(Shared {
                place,
                sender: Mutex::new(None),
            }),
        }
    }

    /// Hands over a change. `tell` is called exactly once, from the writer's thread.
    pub fn submit<T, F>(&self, f: F, tell: impl FnOnce(Result<T>) + Send + 'static) -> Result<()>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_, D>) -> Result<T> + Send + 'static,
    {
        let change: Change<D> = Box::new(move |tx| {
            let ran = catch_unwind(AssertUnwindSafe(|| tx.and_then(f)))
                .unwrap_or_else(|_| Err(Error::internal("a change of the store panicked")));
            match ran {
                Ok(value) => Ran::Done(Box::new(move |failed| tell(failed.map_or(Ok(value), Err)))),
                Err(e) => Ran::Failed(Box::new(move |_| tell(Err(e)))),
            }
        });
        let mut slot = lock(&self.shared.sender);
        let sender = match &*slot {
            Some(sender) => sender,
            None => slot.insert(Self::start(&self.shared)?),
        };
        sender
            .send(change)
            .map_err(|_| Error::internal("the writer of the store has ended"))
    }

    /// Makes ready for changes that somebody waits to hear of. The first one after a rest would wait for a thread, a
    /// connection and a new log, which is three syncs instead of one.
    pub fn wake(&self) {
        if lock(&self.shared.sender).is_some() {
            return;
        }
        let woken = self.submit(
            |tx| {
                let version: i64 = tx.conn.query_row("PRAGMA user_version", [], |r| r.get(0))?;
                Ok(tx.conn.pragma_update(None, "user_version", version)?)
            },
            |woken| log_not_woken(woken.err()),
        );
        log_not_woken(woken.err());
    }

    fn start(shared: &Arc<Shared<D>>) -> Result<Sender<Change<D>>> {
        let (sender, receiver) = channel();
        let shared = shared.clone();
        std::thread::Builder::new()
            .name("store-writer".into())
            .stack_size(512 << 10)
            .spawn(move || shared.run(&receiver))
            .map_err(|e| Error::busy("no thread for the store's writer").caused_by(e))?;
        Ok(sender)
    }
}

impl<D: Database> Shared<D> {
    fn run(&self, changes: &Receiver<Change<D>>) {
        let conn = match connect(&self.place.path) {
            Ok(conn) => conn,
            Err(e) => return self.refuse_all(changes, &e),
        };
        while let Some(first) = self.next(changes, &conn) {
            self.write_group(&conn, first, changes);
        }
    }

    /// Waits for a change; None when there was none for long. A sender holds the lock while it sends, so that nothing
    /// can come in between the last look and the end.
    fn next(&self, changes: &Receiver<Change<D>>, conn: &Connection) -> Option<Change<D>> {
        let mut patience = REST;
        loop {
            match changes.recv_timeout(patience) {
                Ok(change) => return Some(change),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if patience == REST => {
                    give_memory_back(conn);
                    patience = IDLE - REST;
                }
                Err(RecvTimeoutError::Timeout) if self.place.db.is_listened_to() => patience = LISTENED_TO,
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        tidy_up(conn);
        let mut slot = lock(&self.sender);
        let last = changes.try_recv().ok();
        if last.is_none() {
            *slot = None;
        }
        last
    }

    /// The file cannot be opened: everybody who waits is told, and the next change tries again.
    fn refuse_all(&self, changes: &Receiver<Change<D>>, why: &Error) {
        let mut slot = lock(&self.sender);
        *slot = None;
        tracing::error!(file = %self.place.path.display(), error = ?why, "the store's file cannot be opened");
        while let Ok(change) = changes.try_recv() {
            refuse(change, Error::new(why.kind(), why.message()));
        }
    }

    fn write_group(&self, conn: &Connection, first: Change<D>, changes: &Receiver<Change<D>>) {
        let place = &*self.place;
        let snapshot = Snapshot {
            conn,
            db: &place.db,
            blobs: place.blobs.as_ref(),
        };
        let mut tx = Tx::new(snapshot);
        let began = Instant::now();
        let opened = begin(conn).and_then(|()| place.db.begin(conn, &mut tx.effects));
        if let Err(e) = opened {
            rollback(conn);
            return refuse(first, e);
        }
        let mut waiting: Vec<Answer> = Vec::new();
        let mut next = Some(first);
        while let Some(change) = next {
            if let Some(answer) = run_change(conn, &mut tx, change) {
                waiting.push(answer);
            }
            if conn.is_autocommit() {
                // A full disk makes SQLite roll back by itself: nothing of this group is left.
                let gone = || Error::over_quota("the disk of the mail server is full");
                return waiting.into_iter().for_each(|answer| answer(Some(gone())));
            }
            let is_full = waiting.len() >= GROUP_CHANGES || began.elapsed() >= GROUP_TIME;
            next = if is_full { None } else { changes.try_recv().ok() };
        }
        let blobs = place.blobs.as_deref();
        let committed = place
            .db
            .before_commit(conn, &mut tx.effects, blobs)
            .and_then(|()| Ok(conn.prepare_cached("COMMIT")?.execute([]).map(drop)?));
        if let Err(e) = committed {
            rollback(conn);
            tracing::error!(file = %place.path.display(), error = ?e, "a commit failed");
            let (kind, message) = (e.kind(), e.message().to_owned());
            waiting
                .into_iter()
                .for_each(|answer| answer(Some(Error::new(kind, message.clone()))));
            return;
        }
        waiting.into_iter().for_each(|answer| answer(None));
        place.db.after_commit(conn, tx.effects, blobs);
    }
}

fn log_not_woken(why: Option<Error>) {
    if let Some(e) = why {
        tracing::warn!(error = ?e, "a writer was not made ready; the next change will try again");
    }
}

fn give_memory_back(conn: &Connection) {
    if let Err(e) = conn.release_memory() {
        tracing::debug!(error = %e, "the memory of a connection stays as it is for now");
    }
}

/// Gives back the room of the log. A reader that is still at it keeps the log as it is: nobody waits for it here,
/// for a change may come any moment.
fn tidy_up(conn: &Connection) {
    let tidied = conn
        .busy_timeout(Duration::ZERO)
        .and_then(|()| conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    if let Err(e) = conn.busy_timeout(super::file::BUSY_TIMEOUT) {
        tracing::error!(error = %e, "no time to wait for other programs could be set");
    }
    if let Err(e) = tidied {
        tracing::debug!(error = %e, "the log of a file stays as it is for now");
    }
}

/// Tells the one who asked why the change is never run.
fn refuse<D: Database>(change: Change<D>, why: Error) {
    match change(Err(why)) {
        Ran::Done(answer) | Ran::Failed(answer) => answer(None),
    }
}

fn begin(conn: &Connection) -> Result<()> {
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    Ok(())
}

fn rollback(conn: &Connection) {
    if !conn.is_autocommit()
        && let Err(e) = conn.execute_batch("ROLLBACK")
    {
        tracing::error!(error = %e, "a rollback failed");
    }
}

/// Runs one change in a savepoint. Returns its answer if it waits for the commit.
fn run_change<D: Database>(conn: &Connection, tx: &mut Tx<'_, D>, change: Change<D>) -> Option<Answer> {
    let before = tx.effects.clone();
    let step = |sql: &str| -> Result<()> {
        conn.prepare_cached(sql)?.execute([])?;
        Ok(())
    };
    if let Err(e) = step("SAVEPOINT change") {
        tracing::error!(error = ?e, "no savepoint");
        return None;
    }
    match change(Ok(tx)) {
        Ran::Done(answer) => match step("RELEASE change") {
            Ok(()) => Some(answer),
            Err(e) => {
                // It is in the transaction still, and must not be committed after this answer.
                tx.effects = before;
                rollback(conn);
                answer(Some(e));
                None
            }
        },
        Ran::Failed(answer) => {
            tx.effects = before;
            // A full disk may have rolled back everything already; then there is no savepoint left.
            if !conn.is_autocommit()
                && let Err(e) = step("ROLLBACK TO change").and_then(|()| step("RELEASE change"))
            {
                tracing::error!(error = ?e, "a change could not be undone alone");
                rollback(conn);
            }
            answer(None);
            None
        }
    }
}
