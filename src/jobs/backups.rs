//! Backups each night, and telling the administrators when one does not come about.

use crate::backup::{self, Limits, Status, Target, run_target};
use crate::base::{Result, TimeMs};
use crate::delivery::PostRoom;
use crate::delivery::notice::tell;
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::sync::Arc;
use std::time::Duration;

const LOOK_EACH: Duration = Duration::from_secs(60);
/// After a failure: a disk may be plugged in, a share come back.
const AGAIN_MS: TimeMs = 3600 * 1000;

/// Runs until the program ends.
pub async fn run(room: Arc<PostRoom>) {
    let ctx = room.ctx();
    loop {
        tokio::time::sleep(LOOK_EACH).await;
        if let Err(e) = run_due(&ctx, &room).await {
            tracing::error!(error = ?e, "the backups cannot be looked after");
        }
    }
}

async fn run_due(ctx: &Ctx, room: &PostRoom) -> Result<()> {
    for (target, status) in backup::status(ctx).await? {
        if !is_due(&target, &status, ctx.now_ms(), &TimeZone::system()) {
            continue;
        }
        let done = run_target(
            ctx,
            target.folder.clone(),
            target.keep,
            Limits::default(),
            |_, _| {},
        )
        .await;
        match done {
            Ok(done) => tracing::info!(
                id = done.id,
                place = done.place,
                new_bytes = done.new_bytes,
                "backed up"
            ),
            Err(e) => {
                tracing::error!(folder = %target.folder.display(), error = ?e, "no backup was made");
                tell_administrators(ctx, room, &target, &status, e.message()).await?;
            }
        }
    }
    Ok(())
}

/// Once its time of day has come since the last good run; after a failure once an hour.
fn is_due(target: &Target, status: &Status, now_ms: TimeMs, zone: &TimeZone) -> bool {
    let Some(due_ms) = last_due(target, now_ms, zone) else {
        return false;
    };
    let is_done = status.last_done_at_ms.is_some_and(|ms| ms >= due_ms);
    let waits = status.last_error.is_some() && status.last_try_at_ms.is_some_and(|ms| now_ms - ms < AGAIN_MS);
    !is_done && !waits
}

/// The newest moment, up to now, at which the target's time of day was.
fn last_due(target: &Target, now_ms: TimeMs, zone: &TimeZone) -> Option<TimeMs> {
    let now = Timestamp::from_millisecond(now_ms).ok()?.to_zoned(zone.clone());
    let minute = i8::try_from(target.at_minute % 60).ok()?;
    let hour = i8::try_from(target.at_minute / 60).ok()?;
    let today = now.date().at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?;
    let due = if today > now {
        today.checked_sub(1.day()).ok()?
    } else {
        today
    };
    Some(due.timestamp().as_millisecond())
}

/// Once a day and failure, in their language.
async fn tell_administrators(
    ctx: &Ctx,
    room: &PostRoom,
    target: &Target,
    status: &Status,
    why: &str,
) -> Result<()> {
    let place = target.folder.display();
    let day = ctx.now_ms() / 86_400_000;
    for whom in list_accounts(ctx)
        .await?
        .into_iter()
        .filter(|a| a.is_admin && a.is_active())
    {
        let last = status
            .last_done_at_ms
            .map(crate::base::clock::rfc3339)
            .unwrap_or_else(|| "-".to_owned());
        let words = match whom.language.as_str() {
            "de" => (
                "Die Datensicherung ist fehlgeschlagen".to_owned(),
                format!(
                    "Die Sicherung nach {place} ist nicht gelungen:\n\n  {why}\n\nDie letzte gelungene: {last}\n\n\
                     Bitte prüfen Sie, ob der Datenträger oder die Freigabe da ist und Platz hat. Es wird jede Stunde neu\n\
                     versucht; sofort geht es mit: hauspost backup run\n"
                ),
            ),
            _ => (
                "The backup has failed".to_owned(),
                format!(
                    "The backup to {place} did not come about:\n\n  {why}\n\nThe last good one: {last}\n\n\
                     Please look whether the disk or the share is there and has room. It is tried again each hour;\n\
                     at once with: hauspost backup run\n"
                ),
            ),
        };
        tell(room, &whom, format!("backup-failed:{place}:{day}"), words).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::Keep;

    #[test]
    fn a_backup_is_due_once_a_night_and_each_hour_after_a_failure() {
        let target = Target {
            folder: "/backup".into(),
            at_minute: 150,
            keep: Keep::default(),
        };
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let due = |status: &Status, now: &str| is_due(&target, status, at(now), &zone);
        let mut status = Status::default();
        assert!(due(&status, "2026-11-23T12:00:00Z"), "never done");
        status.last_done_at_ms = Some(at("2026-11-23T01:31:00Z"));
        assert!(!due(&status, "2026-11-24T01:29:00Z"));
        assert!(due(&status, "2026-11-24T01:30:00Z"), "half past two in Berlin");
        status.last_try_at_ms = Some(at("2026-11-24T01:30:00Z"));
        status.last_error = Some("full".into());
        assert!(!due(&status, "2026-11-24T02:00:00Z"));
        assert!(due(&status, "2026-11-24T02:30:00Z"));
    }
}
