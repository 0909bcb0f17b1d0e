//! The bell: after each commit the listeners of the account hear what changed. No polling anywhere.
//!
//! Sessions listen to one account and hear every change ([`Bells::listen`]). Workers of the program care about all
//! accounts, and only which ones have something for them: they take a list ([`Rung`]), and a commit wakes them
//! only when the list was empty.

use crate::base::lock;
use crate::model::{AccountId, Change};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use tokio::sync::Notify;
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// A listener further behind than this is told that it missed some, and looks at everything.
const BACKLOG: usize = 32;

#[derive(Default)]
pub struct Bells {
    accounts: Mutex<HashMap<AccountId, Sender<Change>>>,
    /// Whose folders changed.
    pub(in crate::store) changed: Rung,
    /// Whose outbox has something new.
    pub(in crate::store) outboxes: Rung,
    /// The same, for whom programs have subscribed to.
    pub(in crate::store) subscribed: Rung,
    sign_ins: Notify,
    subscriptions: Notify,
}

impl Bells {
    pub fn listen(&self, account: AccountId) -> Receiver<Change> {
        lock(&self.accounts)
            .entry(account)
            .or_insert_with(|| channel(BACKLOG).0)
            .subscribe()
    }

    pub(in crate::store) fn has_listeners(&self, account: AccountId) -> bool {
        let accounts = lock(&self.accounts);
        accounts
            .get(&account)
            .is_some_and(|bell| bell.receiver_count() > 0)
    }

    /// Rings after sign-ins have ended. One listener; a ring that nobody waits for is kept.
    pub fn sign_ins(&self) -> &Notify {
        &self.sign_ins
    }

    /// Rings when the subscriptions themselves have changed. One listener; a ring that nobody waits for is kept.
    pub fn subscriptions(&self) -> &Notify {
        &self.subscriptions
    }

    pub(in crate::store) fn ring_sign_ins(&self) {
        self.sign_ins.notify_one();
    }

    pub(in crate::store) fn ring(&self, change: Change) {
        if change.is_outbox {
            self.outboxes.add(change.account);
        }
        if !change.folders.is_empty() {
            self.changed.add(change.account);
            self.subscribed.add(change.account);
        }
        let mut accounts = lock(&self.accounts);
        let Some(bell) = accounts.get(&change.account) else {
            return;
        };
        let account = change.account;
        // An error only says that nobody listens any more.
        if bell.send(change).is_err() {
            accounts.remove(&account);
        }
    }
}

/// Accounts for one worker to look at. One that is named again before the list is taken stands in it once.
#[derive(Default)]
pub struct Rung {
    accounts: Mutex<HashSet<AccountId>>,
    bell: Notify,
}

impl Rung {
    pub(in crate::store) fn add(&self, account: AccountId) {
        let mut accounts = lock(&self.accounts);
        let was_empty = accounts.is_empty();
        if accounts.insert(account) && was_empty {
            self.bell.notify_one();
        }
    }

    /// Waits until there is one at least. Cancelling loses nothing.
    pub async fn wait(&self) {
        while lock(&self.accounts).is_empty() {
            self.bell.notified().await;
        }
    }

    /// Those named since the last time; may be none.
    pub fn take(&self) -> HashSet<AccountId> {
        std::mem::take(&mut *lock(&self.accounts))
    }
}
