//! Forgetting what has been kept long enough: tombstones, delivery ids, expired tokens,
//! and files that power cuts left behind; and changing the key that tokens are signed with.

use crate::backup::deleted::{KEPT_MS, prune_deleted};
use crate::base::{Result, TimeMs};
use crate::identity::accounts::list_accounts;
use crate::identity::{Ctx, keys};
use crate::mail::doctor::tidy_account;
use crate::mail::upload::prune_uploads;
use std::time::Duration;

const DAY_MS: TimeMs = 24 * 3600 * 1000;
/// A client that was away for longer starts again.
const TOMBSTONES_MS: TimeMs = 90 * DAY_MS;
/// Longer than any message waits in a queue.
const DELIVERIES_MS: TimeMs = 30 * DAY_MS;
const EACH: Duration = Duration::from_secs(24 * 3600);

/// Runs until the program ends; first some minutes after the start.
pub async fn run(ctx: Ctx) {
    tokio::time::sleep(Duration::from_secs(10 * 60)).await;
    loop {
        if let Err(e) = prune(&ctx).await {
            tracing::warn!(error = ?e, "old entries could not be forgotten");
        }
        tokio::time::sleep(EACH).await;
    }
}

pub async fn prune(ctx: &Ctx) -> Result<()> {
    let now_ms = ctx.now_ms();
    keys::tend(&ctx.store, now_ms).await?;
    ctx.store
        .directory()
        .write(move |d| d.prune_refresh_tokens(now_ms))
        .await?;
    ctx.store
        .queue()
        .write(move |q| q.prune_taken(now_ms - DELIVERIES_MS))
        .await?;
    prune_uploads(ctx).await?;
    for account in list_accounts(ctx).await? {
        tidy_account(ctx, account.id).await?;
        prune_deleted(ctx, account.id, now_ms - KEPT_MS).await?;
        let file = ctx.store.account(account.id)?;
        file.write(move |tx| {
            tx.prune_tombstones(now_ms - TOMBSTONES_MS)?;
            tx.prune_answered(now_ms - DELIVERIES_MS)?;
            tx.thin_clock(now_ms - DELIVERIES_MS)?;
            tx.prune_deliveries(now_ms - DELIVERIES_MS)
        })
        .await?;
    }
    Ok(())
}
