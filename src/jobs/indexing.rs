//! Keeps the full-text index close behind the mail: some moments after the last change, so that a burst of mail
//! is not slowed down and the search that comes later finds the work done.

use crate::identity::Ctx;
use crate::mail::index::update_index;
use crate::model::AccountId;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Without a change for this long, and the account is indexed.
const QUIET: Duration = Duration::from_secs(3);
/// Not put off for longer than this, however busy the account is.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs until the program ends.
pub async fn run(ctx: Ctx) {
    let rung = ctx.store.changed_accounts();
    // Since when each waits.
    let mut waiting: HashMap<AccountId, Instant> = HashMap::new();
    loop {
        if waiting.is_empty() {
            rung.wait().await;
        }
        let now = Instant::now();
        let heard = rung.take();
        let due: Vec<AccountId> = waiting
            .iter()
            .filter(|(id, since)| !heard.contains(id) || **since + LONGEST <= now)
            .map(|(id, _)| *id)
            .collect();
        for account in heard {
            waiting.entry(account).or_insert(now);
        }
        for account in due {
            waiting.remove(&account);
            index(&ctx, account).await;
        }
        sleep(QUIET).await;
    }
}

async fn index(ctx: &Ctx, account: AccountId) {
    match update_index(ctx, account).await {
        Ok(0) => {}
        Ok(n) => tracing::debug!(%account, messages = n, "indexed"),
        Err(e) => tracing::warn!(%account, error = ?e, "the text index could not be brought up to date"),
    }
}
