//! Hearing of changes as they happen.

use crate::base::Result;
use crate::identity::Ctx;
use crate::model::{AccountId, Change, FolderId, Modseq};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Hears every commit to one account. Costs nothing while nothing happens.
pub struct Listener(Receiver<Change>);

/// Listens from now on: what is read after this and what is heard leave no gap.
pub fn listen(ctx: &Ctx, account: AccountId) -> Result<Listener> {
    ctx.require_owner(account)?;
    Ok(Listener(ctx.store.listen(account)))
}

/// Before a wait that may be long: what ends it is to be quick. Errors: NotFound.
pub fn settle(ctx: &Ctx, account: AccountId) -> Result<()> {
    ctx.require_owner(account)?;
    ctx.store.wake_writer(account)
}

impl Listener {
    /// Whether the folder may have changed after `since`, from what has been heard up to now.
    pub fn has_heard(&mut self, folder: FolderId, since: Modseq) -> bool {
        let mut is_news = false;
        loop {
            match self.0.try_recv() {
                Ok(change) => is_news |= concerns(&change, folder, since),
                // What was missed may have been about this folder.
                Err(TryRecvError::Lagged(_)) => is_news = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return is_news,
            }
        }
    }

    /// Waits until the folder may have changed after `since`. Cancelling loses nothing.
    pub async fn hear(&mut self, folder: FolderId, since: Modseq) {
        loop {
            match self.0.recv().await {
                Ok(change) if !concerns(&change, folder, since) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => break,
                // The store goes down; there will be no news any more.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
        // Further changes that waited are covered by the same look.
        self.has_heard(folder, since);
    }
}

fn concerns(change: &Change, folder: FolderId, since: Modseq) -> bool {
    change.modseq > since && change.folders.contains(&folder)
}

/// Every commit to the account from now on, with what it changed. Errors: NotFound.
pub fn changes(ctx: &Ctx, account: AccountId) -> Result<Receiver<Change>> {
    settle(ctx, account)?;
    Ok(ctx.store.listen(account))
}
