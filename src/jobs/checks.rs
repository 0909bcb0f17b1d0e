//! Looks each day whether the box is still set up well, and tells the administrators what has changed.

use crate::appliance::checks::{last_report, run_checks, tell_difference};
use crate::appliance::setup::office;
use crate::appliance::tls::Tls;
use crate::base::{Result, TimeMs};
use crate::delivery::PostRoom;
use std::sync::Arc;
use std::time::Duration;

/// Not at once: what else starts with the machine (the line, name servers) is given time.
const FIRST: Duration = Duration::from_secs(15 * 60);
const LOOK_EACH: Duration = Duration::from_secs(15 * 60);
const DAY_MS: TimeMs = 24 * 3600 * 1000;

/// Runs until the program ends.
pub async fn run(room: Arc<PostRoom>, tls: Arc<Tls>) {
    tokio::time::sleep(FIRST).await;
    loop {
        if let Err(e) = run_due(&room, &tls).await {
            tracing::error!(error = ?e, "it could not be looked whether all is well");
        }
        tokio::time::sleep(LOOK_EACH).await;
    }
}

async fn run_due(room: &PostRoom, tls: &Tls) -> Result<()> {
    let ctx = room.ctx();
    let before = last_report(&ctx).await?;
    let is_due = before.at_ms.is_none_or(|ms| ctx.now_ms() - ms >= DAY_MS);
    if !is_due || office(&ctx).await?.is_none() {
        return Ok(());
    }
    let now = run_checks(&ctx, room, tls).await?;
    // The first time everything would be a difference; it stands on the page.
    if before.at_ms.is_some() {
        tell_difference(room, &before, &now).await?;
    }
    Ok(())
}
