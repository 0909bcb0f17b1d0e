//! Messages that stay at the provider for now: the mailbox they are for is full, or they are too large. They hold up
//! nothing that comes behind them, and are looked at again when there may be room.

use super::own_trouble;
use crate::base::{Kind, Result, TimeMs};
use crate::delivery::PostRoom;
use crate::delivery::probe::Finding;
use crate::mail::append::check_quota;
use crate::model::AccountId;
use crate::model::collect::{CollectWaiting, WaitReason};
use futures_util::future::select_all;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

/// What waits of one source.
pub struct Waiting {
    source: i64,
    all: Vec<CollectWaiting>,
}

impl Waiting {
    pub async fn load(room: &PostRoom, source: i64) -> Result<Waiting, Finding> {
        let all = room
            .store
            .directory()
            .read(move |d| d.collect_waiting(source))
            .await;
        Ok(Waiting {
            source,
            all: all.map_err(own_trouble)?,
        })
    }

    /// Their provider's ids.
    pub fn unique_ids(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|w| w.unique_id.as_str())
    }

    /// The accounts that a message waits for because they are full; empty: it is a new one, for whomever it names.
    pub fn accounts(&self, unique_id: &str) -> Vec<AccountId> {
        let same = |w: &&CollectWaiting| w.unique_id == unique_id && w.reason == WaitReason::Full;
        self.all.iter().filter(same).map(|w| w.account_id).collect()
    }

    pub fn is_known_too_large(&self, unique_id: &str) -> bool {
        self.all
            .iter()
            .any(|w| w.unique_id == unique_id && w.reason == WaitReason::TooLarge)
    }

    /// Whether there is room now for one of those that a message waits for. True for a message that does not wait.
    pub async fn may_fit(&self, room: &PostRoom, unique_id: &str, size_bytes: u64) -> Result<bool, Finding> {
        let accounts = self.accounts(unique_id);
        for account in &accounts {
            if has_room(room, *account, size_bytes).await.map_err(own_trouble)? {
                return Ok(true);
            }
        }
        Ok(accounts.is_empty())
    }

    /// Notes who waits for a message from now on; nobody: it waits no more.
    pub async fn set(
        &self,
        room: &PostRoom,
        unique_id: &str,
        (accounts, reason): (&[AccountId], WaitReason),
        size_bytes: u64,
    ) -> Result<(), Finding> {
        if accounts.is_empty() && !self.unique_ids().any(|id| id == unique_id) {
            return Ok(());
        }
        let (source, now_ms): (i64, TimeMs) = (self.source, room.store.clock().now_ms());
        let (id, accounts) = (unique_id.to_owned(), accounts.to_vec());
        let noted = room
            .store
            .directory()
            .write(move |d| d.set_collect_waiting(source, &id, (&accounts, reason), size_bytes, now_ms))
            .await;
        noted.map_err(own_trouble)
    }

    /// Forgets those that are not at the provider any more.
    pub async fn forget_gone(
        &mut self,
        room: &PostRoom,
        is_there: impl Fn(&str) -> bool,
    ) -> Result<(), Finding> {
        let gone: Vec<String> = self
            .unique_ids()
            .filter(|id| !is_there(id))
            .map(str::to_owned)
            .collect();
        for id in &gone {
            self.set(room, id, (&[], WaitReason::Full), 0).await?;
        }
        self.all.retain(|w| !gone.contains(&w.unique_id));
        Ok(())
    }

    /// Returns when it is worth looking again: somebody asks for it, or there is room for a message that waits.
    pub async fn woken(&self, room: &PostRoom, poke: &Notify) {
        tokio::select! {
            () = poke.notified() => {}
            () = self.room_made(room) => {}
        }
    }

    async fn room_made(&self, room: &PostRoom) {
        let full = self.all.iter().filter(|w| w.reason == WaitReason::Full);
        let waits: Vec<_> = full.map(|w| Box::pin(room_made_for(room, w))).collect();
        if waits.is_empty() {
            return std::future::pending().await;
        }
        select_all(waits).await;
    }
}

async fn room_made_for(room: &PostRoom, waiting: &CollectWaiting) {
    let mut bell = room.store.listen(waiting.account_id);
    loop {
        match bell.recv().await {
            Ok(_) => {
                let has_room = has_room(room, waiting.account_id, waiting.size_bytes).await;
                if has_room.unwrap_or(false) {
                    return;
                }
            }
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Whether the account could take so much more. An account that is gone counts as full.
pub async fn has_room(room: &PostRoom, account: AccountId, size_bytes: u64) -> Result<bool> {
    match check_quota(&room.ctx(), account, size_bytes).await {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == Kind::OverQuota => Ok(false),
        Err(e) => Err(e),
    }
}
