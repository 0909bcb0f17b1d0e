//! Connections that stay open after a sign-in, and their end when the account is disabled, removed, or given another
//! password. Hangs on the bell of the directory; what another process changes rings it too.

use super::Doorkeeper;
use crate::base::{Error, Result};
use crate::model::{Account, AccountId};
use crate::store::Snapshot;
use crate::store::directory::DirectoryDb;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Where another process cannot be heard, its changes are seen this late.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
const AFTER_TROUBLE: Duration = Duration::from_secs(1);

/// An account as it was when somebody signed in.
type Key = (AccountId, i64);

/// Everybody who is inside, by account and generation of its sign-ins.
#[derive(Default)]
pub struct Stays(Mutex<HashMap<Key, watch::Sender<()>>>);

/// Held by a connection as long as it is signed in.
#[derive(Clone)]
pub struct Stay(watch::Receiver<()>);

impl Stay {
    /// Returns when the sign-in does not count any more. Cancelling loses nothing.
    pub async fn ended(&mut self) {
        // Nothing is ever sent: the sender is dropped.
        while self.0.changed().await.is_ok() {}
    }
}

/// As [`Stay::ended`]; never, for who has not signed in.
pub async fn ended(stay: &mut Option<Stay>) {
    match stay {
        Some(stay) => stay.ended().await,
        None => std::future::pending().await,
    }
}

impl Stays {
    fn enter(&self, key: Key) -> Stay {
        let mut all = self.lock();
        // Those whose last connection has gone.
        all.retain(|k, sender| *k == key || sender.receiver_count() > 0);
        Stay(all.entry(key).or_insert_with(|| watch::channel(()).0).subscribe())
    }

    fn keys(&self) -> Vec<Key> {
        self.lock().keys().copied().collect()
    }

    fn end(&self, keys: &[Key]) {
        self.lock().retain(|k, _| !keys.contains(k));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what was signed in as `account` counts now. Errors: NotAuthenticated.
pub(super) fn require_current(d: &Snapshot<'_, DirectoryDb>, account: &Account) -> Result<()> {
    if d.sign_in_generation(account.id)? == Some(account.sign_in_generation) {
        return Ok(());
    }
    Err(Error::not_authenticated(
        "this sign-in does not count any more; please sign in again",
    ))
}

impl Doorkeeper {
    /// For a connection that stays open. `account`: as it was when its password was checked.
    /// Errors: NotAuthenticated, when that has changed since.
    pub async fn stay(&self, account: &Arc<Account>) -> Result<Stay> {
        // Entered before it is looked up: no change can come in between unheard.
        let stay = self.stays.enter((account.id, account.sign_in_generation));
        let account = account.clone();
        let checked = self.store.directory().read(move |d| require_current(d, &account));
        checked.await?;
        Ok(stay)
    }
}

/// Ends what has to end, until the program ends.
pub async fn run(doorkeeper: Arc<Doorkeeper>) {
    loop {
        let bell = doorkeeper.store.sign_in_bell().notified();
        let _ = tokio::time::timeout(LONGEST_SLEEP, bell).await;
        while let Err(e) = review(&doorkeeper).await {
            tracing::error!(error = ?e, "it cannot be seen whose sign-ins have ended");
            tokio::time::sleep(AFTER_TROUBLE).await;
        }
    }
}

async fn review(doorkeeper: &Doorkeeper) -> Result<()> {
    let keys = doorkeeper.stays.keys();
    if keys.is_empty() {
        return Ok(());
    }
    let over = doorkeeper
        .store
        .directory()
        .read(move |d| {
            let mut over = Vec::new();
            for (id, generation) in keys {
                if d.sign_in_generation(id)? != Some(generation) {
                    over.push((id, generation));
                }
            }
            Ok(over)
        })
        .await?;
    doorkeeper.stays.end(&over);
    Ok(())
}
