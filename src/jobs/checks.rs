//! Looks each day whether the box is still set up well, and tells the administrators what has changed.

use crate::appliance::checks::{difference, put_told_report, run_checks, tell_difference, told_report};
use crate::appliance::setup::office;
use crate::appliance::tls::Tls;
use crate::base::{Result, TimeMs};
use crate::delivery::PostRoom;
use std::sync::Arc;
use std::time::Duration;

/// Not at once: what else starts with the machine (the line, name servers) is given time.
const FIRST: Duration = Duration::from_secs(15 * 60);
const LOOK_EACH: Duration = Duration::from_secs(15 * 60);
const LOOK_TWICE: Duration = Duration::from_secs(10 * 60);
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
    let before = told_report(&ctx).await?;
    if !is_due(before.at_ms, ctx.now_ms()) || office(&ctx).await?.is_none() {
        return Ok(());
    }
    let mut now = run_checks(&ctx, room, tls).await?;
    // The first time everything would be a difference; it stands on the page.
    if before.at_ms.is_some() {
        if !difference(&before, &now).0.is_empty() {
            // Half of what is wrong at some moment is right a moment later: a server that restarts, a line that is dialled anew.
            tokio::time::sleep(LOOK_TWICE).await;
            now = run_checks(&ctx, room, tls).await?;
        }
        tell_difference(room, &before, &now).await?;
    }
    put_told_report(&ctx, &before, &now).await
}

/// A moment in the future was written down by a wrong clock.
fn is_due(last_ms: Option<TimeMs>, now_ms: TimeMs) -> bool {
    last_ms.is_none_or(|ms| ms > now_ms || now_ms - ms >= DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_is_due_once_whatever_the_clock_was() {
        assert!(is_due(None, 5));
        assert!(!is_due(Some(5), 5 + DAY_MS - 1) && is_due(Some(5), 5 + DAY_MS));
        assert!(is_due(Some(400 * DAY_MS), 5));
    }
}
