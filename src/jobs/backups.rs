//! Backups each night, and telling the administrators when one does not come about.

use crate::backup::{self, Destination, Limits, Status, Target, rehearse_target, run_target};
use crate::base::{Kind, Result, TimeMs};
use crate::delivery::PostRoom;
use crate::delivery::notice;
use crate::identity::Ctx;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::sync::Arc;
use std::time::Duration;

const LOOK_EACH: Duration = Duration::from_secs(60);
/// A restore is rehearsed so soon after a backup.
const REHEARSE_WITHIN_MS: TimeMs = 3 * 3600 * 1000;
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
            rehearse_due(ctx, room, &target, &status).await?;
            continue;
        }
        // Somebody has asked for one: that is no failure, and the next look comes in a minute.
        if backup::is_running(ctx.store.layout())? {
            continue;
        }
        let to = Destination::known(ctx, &target.place, &room.dialer).await?;
        let done = run_target(ctx, to, target.keep, Limits::default(), |_, _| {}).await;
        match done {
            Ok(done) => {
                tracing::info!(
                    id = done.id,
                    place = done.place,
                    new_bytes = done.new_bytes,
                    "backed up"
                );
                if let Some(why) = &done.problem {
                    let what = (Failure::Tidying, why.as_str());
                    tell_administrators(ctx, room, &target, &status, what).await?;
                }
            }
            Err(e) => {
                tracing::error!(place = %target.place, error = ?e, "no backup was made");
                tell_administrators(ctx, room, &target, &status, (Failure::Backup, e.message())).await?;
            }
        }
    }
    Ok(())
}

/// Proves once a week that what was backed up comes back.
async fn rehearse_due(ctx: &Ctx, room: &PostRoom, target: &Target, status: &Status) -> Result<()> {
    let now_ms = ctx.now_ms();
    let began_lately = |ms: TimeMs| (0..REHEARSE_WITHIN_MS).contains(&(now_ms - ms));
    // Soon after a backup of the night, when nobody works.
    if !status.is_to_be_rehearsed(now_ms) || !status.last_done_at_ms.is_some_and(began_lately) {
        return Ok(());
    }
    let from = Destination::known(ctx, &target.place, &room.dialer).await?;
    let why = match rehearse_target(ctx, from, None).await {
        Ok(done) if done.differences.is_empty() => {
            tracing::info!(
                address = done.address,
                items = done.items,
                "a restore was rehearsed"
            );
            return Ok(());
        }
        Ok(done) => format!(
            "{}: {}",
            done.address,
            done.differences
                .iter()
                .take(5)
                .cloned()
                .collect::<Vec<_>>()
                .join("; ")
        ),
        // There is no room to try it, which is no word about the backup.
        Err(e) if e.kind() == Kind::OverQuota => return Ok(()),
        Err(e) => e.message().to_owned(),
    };
    tracing::error!(place = %target.place, why, "a restore was rehearsed and failed");
    tell_administrators(ctx, room, target, status, (Failure::Rehearsal, &why)).await
}

/// Once its time of day has come since the last good run; after a failure once an hour.
fn is_due(target: &Target, status: &Status, now_ms: TimeMs, zone: &TimeZone) -> bool {
    let Some(due_ms) = last_due(target, now_ms, zone) else {
        return false;
    };
    // What was done in the future was done while the clock was wrong, and says nothing of today.
    let is_done = status
        .last_done_at_ms
        .is_some_and(|ms| (due_ms..=now_ms).contains(&ms));
    let has_tried = |ms: TimeMs| (0..AGAIN_MS).contains(&(now_ms - ms));
    let waits = status.last_error.is_some() && status.last_try_at_ms.is_some_and(has_tried);
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

/// What has failed.
#[derive(Clone, Copy)]
enum Failure {
    Backup,
    Rehearsal,
    /// The backup was made, and old ones could not be let go.
    Tidying,
}

impl Failure {
    fn key(self) -> &'static str {
        match self {
            Failure::Backup => "backup-failed",
            Failure::Rehearsal => "rehearsal-failed",
            Failure::Tidying => "backup-untidy",
        }
    }

    /// Subject and text.
    fn words(self, language: &str, place: &str, last: &str, why: &str) -> (String, String) {
        let (subject, text) = match (self, language) {
            (Failure::Backup, "de") => (
                "Die Datensicherung ist fehlgeschlagen",
                format!(
                    "Die Sicherung nach {place} ist nicht gelungen:\n\n  {why}\n\nDie letzte gelungene: {last}\n\n\
                     Bitte prüfen Sie, ob der Datenträger oder die Freigabe da ist und Platz hat. Es wird jede Stunde neu\n\
                     versucht; sofort geht es mit: hauspost backup run\n"
                ),
            ),
            (Failure::Backup, _) => (
                "The backup has failed",
                format!(
                    "The backup to {place} did not come about:\n\n  {why}\n\nThe last good one: {last}\n\n\
                     Please look whether the disk or the share is there and has room. It is tried again each hour;\n\
                     at once with: hauspost backup run\n"
                ),
            ),
            (Failure::Rehearsal, "de") => (
                "Die Probe der Datensicherung ist fehlgeschlagen",
                format!(
                    "Ein Konto wurde zur Probe aus der Sicherung in {place} wiederhergestellt und verglichen:\n\n  {why}\n\n\
                     Ihre Daten auf dem Server sind davon nicht betroffen, aber auf diese Sicherung ist kein Verlass. Bitte\n\
                     sehen Sie nach mit: hauspost backup verify\n"
                ),
            ),
            (Failure::Rehearsal, _) => (
                "The rehearsal of the backup has failed",
                format!(
                    "An account was restored from the backup in {place} for a try, and compared:\n\n  {why}\n\n\
                     Your data on the server is not affected, but this backup cannot be relied on. Please look with:\n\
                     hauspost backup verify\n"
                ),
            ),
            (Failure::Tidying, "de") => (
                "Alte Datensicherungen werden nicht mehr entfernt",
                format!(
                    "Die heutige Sicherung nach {place} ist gelungen, aber ältere konnten nicht aufgeräumt werden:\n\n  {why}\n\n                     Mit der Zeit geht dort der Platz aus. Bitte sehen Sie nach mit: hauspost backup verify\n"
                ),
            ),
            (Failure::Tidying, _) => (
                "Old backups are not removed any more",
                format!(
                    "Today's backup to {place} was made, but older ones could not be tidied up:\n\n  {why}\n\n                     In time there will be no room left. Please look with: hauspost backup verify\n"
                ),
            ),
        };
        (subject.to_owned(), text)
    }
}

/// Once a day and failure, in their language.
async fn tell_administrators(
    ctx: &Ctx,
    room: &PostRoom,
    target: &Target,
    status: &Status,
    (failure, why): (Failure, &str),
) -> Result<()> {
    let place = target.place.to_string();
    let day = ctx.now_ms() / 86_400_000;
    let last = status
        .last_done_at_ms
        .map(crate::base::clock::rfc3339)
        .unwrap_or_else(|| "-".to_owned());
    let name = format!("{}:{place}:{day}", failure.key());
    let words = |language: &str| failure.words(language, &place, &last, why);
    notice::tell_administrators(room, &name, words).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::Keep;

    #[test]
    fn a_backup_is_due_once_a_night_and_each_hour_after_a_failure() {
        let target = Target {
            place: "/backup".parse().unwrap(),
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
        // The clock was years ahead for a while: nobody waits for them to pass.
        status.last_done_at_ms = Some(at("2031-01-01T00:00:00Z"));
        assert!(due(&status, "2026-11-24T02:30:00Z"));
        status.last_try_at_ms = status.last_done_at_ms;
        assert!(due(&status, "2026-11-24T02:31:00Z"));
        status.rehearsal = Some(backup::Rehearsal {
            at_ms: at("2031-01-01T00:00:00Z"),
            ..backup::Rehearsal::default()
        });
        assert!(status.is_to_be_rehearsed(at("2026-11-24T03:00:00Z")));
    }
}
