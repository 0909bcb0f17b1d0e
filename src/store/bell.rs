//! The bell: after each commit the listeners of the account hear what changed. No polling anywhere.

use crate::model::{AccountId, Change};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::Notify;
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// A listener further behind than this is told that it missed some, and looks at everything.
const BACKLOG: usize = 32;
const BACKLOG_ALL: usize = 1024;

#[derive(Default)]
pub struct Bells {
    accounts: Mutex<HashMap<AccountId, Sender<Change>>>,
    all: OnceLock<Sender<Change>>,
    sign_ins: Notify,
}

impl Bells {
    pub fn listen(&self, account: AccountId) -> Receiver<Change> {
        self.lock()
            .entry(account)
            .or_insert_with(|| channel(BACKLOG).0)
            .subscribe()
    }

    pub fn listen_to_all(&self) -> Receiver<Change> {
        self.all.get_or_init(|| channel(BACKLOG_ALL).0).subscribe()
    }

    /// Rings after sign-ins have ended. One listener; a ring that nobody waits for is kept.
    pub fn sign_ins(&self) -> &Notify {
        &self.sign_ins
    }

    pub(in crate::store) fn ring_sign_ins(&self) {
        self.sign_ins.notify_one();
    }

    pub(in crate::store) fn ring(&self, change: Change) {
        if let Some(all) = self.all.get() {
            // An error only says that nobody listens.
            let _ = all.send(change.clone());
        }
        let mut accounts = self.lock();
        let Some(bell) = accounts.get(&change.account) else {
            return;
        };
        let account = change.account;
        if bell.send(change).is_err() {
            accounts.remove(&account);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Sender<Change>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
