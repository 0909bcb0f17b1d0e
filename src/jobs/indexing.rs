//! Keeps the full-text index close behind the mail: some moments after the last change, so that a burst of mail
//! is not slowed down and the search that comes later finds the work done.

use crate::identity::Ctx;
use crate::mail::index::update_index;
use crate::model::AccountId;
use crate::sync::changes_of_all;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

/// Quiet for this long, and the account is indexed.
const QUIET: Duration = Duration::from_secs(3);
/// Not put off for longer than this, however busy the account is.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs until the program ends.
pub async fn run(ctx: Ctx) {
    let mut bell = changes_of_all(&ctx);
    // First and last change that has not been indexed.
    let mut waiting: HashMap<AccountId, (Instant, Instant)> = HashMap::new();
    loop {
        let next = waiting
            .values()
            .map(|(first, last)| (*last + QUIET).min(*first + LONGEST))
            .min();
        let heard = match next {
            Some(at) => tokio::time::timeout_at(at, bell.recv()).await.ok(),
            None => Some(bell.recv().await),
        };
        let now = Instant::now();
        match heard {
            Some(Ok(change)) if !change.folders.is_empty() => {
                waiting
                    .entry(change.account)
                    .and_modify(|w| w.1 = now)
                    .or_insert((now, now));
            }
            // What was missed is indexed by the next search.
            Some(Ok(_) | Err(RecvError::Lagged(_))) => {}
            Some(Err(RecvError::Closed)) => return,
            None => index_due(&ctx, &mut waiting, now).await,
        }
    }
}

async fn index_due(ctx: &Ctx, waiting: &mut HashMap<AccountId, (Instant, Instant)>, now: Instant) {
    let is_due = |(first, last): &(Instant, Instant)| *last + QUIET <= now || *first + LONGEST <= now;
    let due: Vec<AccountId> = waiting
        .iter()
        .filter(|(_, w)| is_due(w))
        .map(|(id, _)| *id)
        .collect();
    for account in due {
        waiting.remove(&account);
        match update_index(ctx, account).await {
            Ok(0) => {}
            Ok(n) => tracing::debug!(%account, messages = n, "indexed"),
            Err(e) => tracing::warn!(%account, error = ?e, "the text index could not be brought up to date"),
        }
    }
}
