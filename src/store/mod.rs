//! The cellar: all SQL and all files. Rooms open it; doors never do.
//!
//! One SQLite file per account, one for the directory and one for the queue, each with one writer
//! thread that gathers changes into one durable commit ([`writer`]) and a pool of readers ([`file`]).
//! What is returned as stored is on the disk: WAL with `synchronous=FULL`.

pub mod account;
pub mod account_setting;
pub mod attachment;
pub mod bell;
pub mod blob;
pub mod body;
pub mod clock;
mod collection;
pub mod conversation;
pub mod copy;
pub mod delivered;
pub mod directory;
pub mod disk;
pub mod doctor;
mod dumpster;
pub mod error;
pub mod file;
pub mod folder;
pub mod item;
pub mod job;
pub mod layout;
pub mod listing;
pub mod message;
pub mod migrate;
pub mod moved;
pub mod object;
mod object_walk;
pub mod outbox;
pub mod pack;
pub mod pack_index;
pub mod property;
pub mod queue;
pub mod rollback;
pub mod rows;
pub mod rows_look;
pub mod rows_pieces;
pub mod rule;
pub mod scheduling;
pub mod search;
mod series;
#[cfg(test)]
mod tests;
pub mod text_index;
pub mod tombstone;
pub mod tx;
pub mod upload;
pub mod writer;

use crate::base::{Clock, Error, Result};
use crate::model::{AccountId, Change};
use account::AccountDb;
use bell::{Bells, Rung};
use directory::DirectoryDb;
use file::{File, Pools};
use layout::Layout;
use queue::QueueDb;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, broadcast};
pub use tx::{Snapshot, Tx};

/// How many account files stay open while nobody uses them (about 110 kB and three descriptors each).
const OPEN_ACCOUNTS: usize = 64;

/// How the store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes of the disk that are left to others: below, new mail is refused.
    pub reserve_bytes: u64,
    /// Allow file systems on which SQLite cannot promise durability (for tests of the refusal itself).
    pub allow_network_disk: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            reserve_bytes: 32 << 20,
            allow_network_disk: false,
        }
    }
}

pub struct Store {
    layout: Layout,
    options: Options,
    clock: Arc<dyn Clock>,
    pools: Pools,
    bells: Arc<Bells>,
    directory: Arc<File<DirectoryDb>>,
    queue: Arc<File<QueueDb>>,
    accounts: Mutex<HashMap<AccountId, OpenAccount>>,
    /// Uploads that somebody is writing to.
    uploads: Mutex<HashSet<String>>,
}

struct OpenAccount {
    file: Arc<File<AccountDb>>,
    used: u64,
}

impl Store {
    /// Opens the data folder, creating and migrating what is needed.
    /// Errors: Unavailable with a sentence when the folder is newer than this program, on a network disk, or damaged.
    pub fn open(root: &Path, options: Options, clock: Arc<dyn Clock>) -> Result<Arc<Store>> {
        let layout = Layout::prepare(root, options.allow_network_disk)?;
        let pools = Pools::new();
        let bells = Arc::new(Bells::default());
        let directory = File::open(&layout.directory(), None, DirectoryDb::new(bells.clone()), &pools)?;
        let queue = File::open(&layout.queue(), Some(layout.queue_blobs()), QueueDb, &pools)?;
        Ok(Arc::new(Store {
            layout,
            options,
            clock,
            pools,
            bells,
            directory,
            queue,
            accounts: Mutex::default(),
            uploads: Mutex::default(),
        }))
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub fn directory(&self) -> &Arc<File<DirectoryDb>> {
        &self.directory
    }

    pub fn queue(&self) -> &Arc<File<QueueDb>> {
        &self.queue
    }

    /// The file of an account. Errors: NotFound when there is none.
    pub fn account(&self, id: AccountId) -> Result<Arc<File<AccountDb>>> {
        let mut open = self.lock_accounts();
        let used = open.values().map(|a| a.used).max().unwrap_or(0) + 1;
        if let Some(a) = open.get_mut(&id) {
            a.used = used;
            return Ok(a.file.clone());
        }
        let path = self.layout.account_file(id);
        if !path.exists() {
            return Err(Error::not_found("this account has no data"));
        }
        let file = self.open_account(id)?;
        open.insert(
            id,
            OpenAccount {
                file: file.clone(),
                used,
            },
        );
        Self::close_unused(&mut open);
        Ok(file)
    }

    /// Makes the file of a new account. Does nothing when it is there.
    pub fn create_account(&self, id: AccountId) -> Result<()> {
        std::fs::create_dir_all(self.layout.account_blobs(id))?;
        let file = self.open_account(id)?;
        self.lock_accounts().insert(id, OpenAccount { file, used: 0 });
        disk::sync_folder(&self.layout.account_folder(id))?;
        disk::sync_folder(&self.layout.accounts())
    }

    /// Removes an account's data for good.
    pub fn erase_account(&self, id: AccountId) -> Result<()> {
        self.lock_accounts().remove(&id);
        match std::fs::remove_dir_all(self.layout.account_folder(id)) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(Error::from),
        }
    }

    /// Tells of every commit to this account from now on. A listener that lags is told so by the channel.
    pub fn listen(&self, id: AccountId) -> broadcast::Receiver<Change> {
        self.bells.listen(id)
    }

    /// Somebody is about to wait for commits to this account: the next one is to be quick. Errors: NotFound.
    pub fn wake_writer(&self, id: AccountId) -> Result<()> {
        self.account(id)?.wake_writer();
        Ok(())
    }

    /// Accounts whose folders have changed; for the one worker that looks after them.
    pub fn changed_accounts(&self) -> &Rung {
        &self.bells.changed
    }

    /// The same accounts; for the one worker that tells programs.
    pub fn subscribed_accounts(&self) -> &Rung {
        &self.bells.subscribed
    }

    /// The bell that rings when subscriptions have been made, renewed or attended to.
    pub fn subscription_bell(&self) -> &Notify {
        self.bells.subscriptions()
    }

    /// The outbox of an account is looked at once more: something in it has come due.
    pub fn look_at_outbox(&self, account: AccountId) {
        self.bells.outboxes.add(account);
    }

    /// Accounts whose outbox has something new; for the one worker that takes it over.
    pub fn rung_outboxes(&self) -> &Rung {
        &self.bells.outboxes
    }

    /// The bell that rings after sign-ins have ended.
    pub fn sign_in_bell(&self) -> &Notify {
        self.bells.sign_ins()
    }

    /// Wakes the server's workers, which may be another process: it watches this folder.
    pub fn wake_server(&self) -> Result<()> {
        let now_ms = self.clock.now_ms();
        disk::write_file(&self.layout.bell().join("rung"), format!("{now_ms}\n").as_bytes())
    }

    /// Errors: OverQuota when the disk could not take `bytes` more and keep its reserve.
    pub fn check_room(&self, bytes: u64) -> Result<()> {
        disk::check_room(self.layout.root(), bytes, self.options.reserve_bytes)
    }

    /// Room on the disk that is left for what is already there.
    pub fn reserve_bytes(&self) -> u64 {
        self.options.reserve_bytes
    }

    fn open_account(&self, id: AccountId) -> Result<Arc<File<AccountDb>>> {
        let db = AccountDb::new(id, self.bells.clone());
        File::open(
            &self.layout.account_file(id),
            Some(self.layout.account_blobs(id)),
            db,
            &self.pools,
        )
    }

    fn lock_accounts(&self) -> MutexGuard<'_, HashMap<AccountId, OpenAccount>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::store) fn lock_uploads(&self) -> MutexGuard<'_, HashSet<String>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the files that were used longest ago and that nobody holds.
    fn close_unused(open: &mut HashMap<AccountId, OpenAccount>) {
        while open.len() > OPEN_ACCOUNTS {
            let oldest = open
                .iter()
                .filter(|(_, a)| Arc::strong_count(&a.file) == 1)
                .min_by_key(|(_, a)| a.used)
                .map(|(id, _)| *id);
            match oldest {
                Some(id) => open.remove(&id),
                None => return,
            };
        }
    }
}
