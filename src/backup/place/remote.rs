//! A server as a place: what it stores and gives goes through a thread of its own, so that backups, which work with files
//! and wait, need not know of the network.

use super::{Place, Stream};
use crate::base::{Error, Kind, Result};
use crate::delivery::{Dialer, HttpClient};
use crate::store::disk::ScratchFolder;
use std::fs::{self, File};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Of a list of names; servers give a thousand at a time, or a folder.
const MAX_ANSWER: usize = 32 << 20;
/// A line may fail for a moment; the nights are long.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// The verbs of a server. Names are as in [`Place`].
pub trait RemoteStore: Send + 'static {
    /// When this returns, it is there to stay, as a whole.
    fn put(&mut self, http: &mut HttpClient, file: &Path, name: &str) -> impl Future<Output = Result<()>>;
    /// Into a new file. Errors: NotFound.
    fn fetch(&mut self, http: &mut HttpClient, name: &str, to: &Path) -> impl Future<Output = Result<()>>;
    fn list(
        &mut self,
        http: &mut HttpClient,
        folder: &str,
    ) -> impl Future<Output = Result<Vec<(String, u64)>>>;
    fn remove(&mut self, http: &mut HttpClient, name: &str) -> impl Future<Output = Result<()>>;
}

enum Verb {
    Put(PathBuf, String, Sender<Result<()>>),
    Fetch(String, PathBuf, Sender<Result<()>>),
    List(String, Sender<Result<Vec<(String, u64)>>>),
    Remove(String, Sender<Result<()>>),
}

pub struct Remote {
    name: String,
    verbs: Mutex<Sender<Verb>>,
    waiting: ScratchFolder,
}

impl Remote {
    pub fn start(name: String, dialer: Arc<Dialer>, store: impl RemoteStore) -> Result<Remote> {
        let (verbs, asked) = mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::internal("no runtime for a server with backups").caused_by(e))?;
        std::thread::Builder::new()
            .name("backup-place".to_owned())
            .spawn(move || {
                let mut worker = Worker {
                    http: HttpClient::new(dialer, MAX_ANSWER),
                    store,
                    has_worked: false,
                };
                runtime.block_on(async {
                    while let Ok(verb) = asked.recv() {
                        worker.work(verb).await;
                    }
                });
            })
            .map_err(|e| Error::unavailable("no thread for a server with backups").caused_by(e))?;
        Ok(Remote {
            name,
            verbs: Mutex::new(verbs),
            waiting: ScratchFolder::make_in(&std::env::temp_dir())?,
        })
    }

    fn ask<T>(&self, verb: impl FnOnce(Sender<Result<T>>) -> Verb) -> Result<T> {
        let (answer, answered) = mpsc::channel();
        let gone = || Error::internal("the thread of a server with backups has ended");
        let verbs = self.verbs.lock().unwrap_or_else(PoisonError::into_inner);
        verbs.send(verb(answer)).map_err(|_| gone())?;
        drop(verbs);
        answered.recv().map_err(|_| gone())?
    }
}

struct Worker<S> {
    http: HttpClient,
    store: S,
    /// One that never answered well is not waited for: somebody may have mistyped it, and the night's run comes again.
    has_worked: bool,
}

/// Tries again while the server or the line to it fails.
macro_rules! patiently {
    ($has_worked:expr, $work:expr) => {{
        let mut pauses = PAUSES.iter();
        loop {
            match $work.await {
                Err(e) if !*$has_worked => break Err(e),
                Err(e) if matches!(e.kind(), Kind::Unavailable | Kind::Busy) => match pauses.next() {
                    Some(pause) => {
                        tracing::debug!(error = ?e, "a server with backups is asked again");
                        tokio::time::sleep(*pause).await;
                    }
                    None => break Err(e),
                },
                done => {
                    *$has_worked |= done.is_ok();
                    break done;
                }
            }
        }
    }};
}

impl<S: RemoteStore> Worker<S> {
    async fn work(&mut self, verb: Verb) {
        let (http, store, worked) = (&mut self.http, &mut self.store, &mut self.has_worked);
        // Whoever asked may have gone.
        match verb {
            Verb::Put(file, name, answer) => {
                let _ = answer.send(patiently!(worked, store.put(http, &file, &name)));
            }
            Verb::Fetch(name, to, answer) => {
                let _ = answer.send(patiently!(worked, store.fetch(http, &name, &to)));
            }
            Verb::List(folder, answer) => {
                let _ = answer.send(patiently!(worked, store.list(http, &folder)));
            }
            Verb::Remove(name, answer) => {
                let _ = answer.send(patiently!(worked, store.remove(http, &name)));
            }
        }
    }
}

impl Place for Remote {
    fn waiting_room(&self) -> PathBuf {
        self.waiting.path().to_path_buf()
    }

    fn put(&self, file: &Path, name: &str) -> Result<()> {
        self.ask(|answer| Verb::Put(file.to_path_buf(), name.to_owned(), answer))?;
        Ok(fs::remove_file(file)?)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Stream>> {
        // A run clears the waiting room when it begins.
        fs::create_dir_all(self.waiting.path())?;
        let path = self.waiting.path().join(crate::base::random::short_id());
        self.ask(|answer| Verb::Fetch(name.to_owned(), path.clone(), answer))?;
        let file = File::open(&path)?;
        // It stays readable until it is closed.
        fs::remove_file(&path)?;
        Ok(Box::new(file))
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        self.ask(|answer| Verb::List(folder.to_owned(), answer))
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.ask(|answer| Verb::Remove(name.to_owned(), answer))
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
