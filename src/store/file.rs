//! One SQLite file: its pool of readers and the way to its writer.

use super::migrate;
use super::tx::{Database, Snapshot, Tx};
use super::writer::Writer;
use crate::base::{Error, Result};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use scheduled_thread_pool::ScheduledThreadPool;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Another process (the command line) may hold the write lock for a moment.
pub(in crate::store) const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
/// Readers of one file at the same time.
const READERS: u32 = 4;

/// What the pools of all files share: r2d2 would start three threads for each otherwise.
#[derive(Clone)]
pub struct Pools(Arc<ScheduledThreadPool>);

impl Pools {
    pub fn new() -> Self {
        Pools(Arc::new(
            ScheduledThreadPool::builder()
                .num_threads(1)
                .thread_name_pattern("pool")
                .build(),
        ))
    }
}

impl Default for Pools {
    fn default() -> Self {
        Self::new()
    }
}

pub struct File<D: Database> {
    place: Arc<Place<D>>,
    readers: r2d2::Pool<SqliteConnectionManager>,
    writer: Writer<D>,
}

/// Where a file is and what it is.
pub(in crate::store) struct Place<D> {
    pub path: PathBuf,
    pub blobs: Option<PathBuf>,
    pub db: D,
}

impl<D: Database> File<D> {
    /// Opens the file, making or migrating it first.
    pub(in crate::store) fn open(
        path: &Path,
        blobs: Option<PathBuf>,
        db: D,
        pools: &Pools,
    ) -> Result<Arc<Self>> {
        migrate::migrate(&mut connect(path)?, D::MIGRATIONS, path)?;
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(|c| {
                tune(c, 512)?;
                c.pragma_update(None, "query_only", true)
            });
        let readers = r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(Some(0))
            .idle_timeout(Some(Duration::from_secs(20)))
            .connection_timeout(Duration::from_secs(20))
            .test_on_check_out(false)
            .thread_pool(pools.0.clone())
            .build_unchecked(manager);
        let place = Arc::new(Place {
            path: path.to_path_buf(),
            blobs,
            db,
        });
        Ok(Arc::new(File {
            writer: Writer::new(place.clone()),
            place,
            readers,
        }))
    }

    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// Runs `f` on one consistent state of the file, on a thread that may block.
    pub async fn read<T, F>(self: &Arc<Self>, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Snapshot<'_, D>) -> Result<T> + Send + 'static,
    {
        let file = self.clone();
        let (send, receive) = tokio::sync::oneshot::channel();
        run_aside(Box::new(move || drop(send.send(file.read_blocking(f)))));
        receive
            .await
            .map_err(|_| Error::internal("reading the store was broken off"))?
    }

    /// As [`File::read`], for a few rows found by key: while the file is in use they are read on this thread, which
    /// is quicker than waking another. A file that nobody used lately is opened elsewhere.
    pub async fn peek<T, F>(self: &Arc<Self>, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Snapshot<'_, D>) -> Result<T> + Send + 'static,
    {
        match self.readers.try_get() {
            Some(conn) => self.read_with(&conn, f),
            None => self.read(f).await,
        }
    }

    /// As [`File::read`], on this thread.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&Snapshot<'_, D>) -> Result<T>) -> Result<T> {
        self.read_with(&*self.readers.get()?, f)
    }

    fn read_with<T>(&self, conn: &Connection, f: impl FnOnce(&Snapshot<'_, D>) -> Result<T>) -> Result<T> {
        conn.prepare_cached("BEGIN")?.execute([])?;
        let end = EndRead(conn);
        let out = self.look_with(conn, f);
        drop(end);
        out
    }

    /// As [`File::read`], in the transaction that `conn` is in.
    pub(in crate::store) fn look_with<T>(
        &self,
        conn: &Connection,
        f: impl FnOnce(&Snapshot<'_, D>) -> Result<T>,
    ) -> Result<T> {
        f(&Snapshot {
            conn,
            db: &self.place.db,
            blobs: self.place.blobs.as_ref(),
        })
    }

    /// Somebody waits for news of this file: the next change is to be quick.
    pub(in crate::store) fn wake_writer(&self) {
        self.writer.wake();
    }

    /// Runs `f` in the writer and returns when its commit is on the disk. An error of `f` undoes what `f` did.
    pub async fn write<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_, D>) -> Result<T> + Send + 'static,
    {
        let (send, receive) = tokio::sync::oneshot::channel();
        self.writer.submit(f, move |r| drop(send.send(r)))?;
        receive
            .await
            .map_err(|_| Error::internal("writing to the store was broken off"))?
    }

    /// As [`File::write`], blocking this thread.
    pub fn write_blocking<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_, D>) -> Result<T> + Send + 'static,
    {
        let (send, receive) = std::sync::mpsc::sync_channel(1);
        self.writer.submit(f, move |r| drop(send.send(r)))?;
        receive
            .recv()
            .map_err(|_| Error::internal("writing to the store was broken off"))?
    }
}

/// Boxed: each of the hundreds of kinds of reads would bring a kind of task of its own into the program.
fn run_aside(work: Box<dyn FnOnce() + Send>) {
    drop(tokio::task::spawn_blocking(work));
}

/// Ends a read, also when it panicked: the connection goes back to the pool.
struct EndRead<'c>(&'c Connection);

impl Drop for EndRead<'_> {
    fn drop(&mut self) {
        let ended = self
            .0
            .prepare_cached("ROLLBACK")
            .and_then(|mut st| st.execute([]));
        if let Err(e) = ended {
            tracing::error!(error = %e, "a read could not be ended");
        }
    }
}

/// A connection that may write.
pub(in crate::store) fn connect(path: &Path) -> Result<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    // What arrives goes into several indexes, some of them in the middle; given back when the writer is idle.
    tune(&conn, 6_000)?;
    Ok(conn)
}

/// `cache_kb`: private page cache; readers need little, the kernel's serves them. No memory map: a bad sector would
/// end the whole server by SIGBUS instead of failing one read.
fn tune(conn: &Connection, cache_kb: i64) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(96);
    // Statements name their indexes. Without this SQLite plans each one with a `LIMIT ?` anew whenever it is bound.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "cache_size", -cache_kb)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // A checkpoint costs two more fsyncs. The log keeps its size after it: writing over what is there is synced in
    // half the time of making a file longer. It goes when the file is closed.
    conn.pragma_update(None, "wal_autocheckpoint", 2_000)?;
    conn.pragma_update(None, "journal_size_limit", 12 << 20)?;
    Ok(())
}
