//! A consistent copy of the whole data folder each night, where the backup of a NAS finds it: in a shared folder. The copy is a
//! data folder itself, and only the newest is kept; backups with a history are `jobs/backups.rs`.

use crate::appliance::upgrade::copy_nightly;
use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const LOOK_EACH: Duration = Duration::from_secs(60);
/// After a failure: a share may come back.
const AGAIN: Duration = Duration::from_secs(3600);
const HOUR_MS: TimeMs = 3600 * 1000;

/// Runs until the program ends. `to`: the folder that holds the copy.
pub async fn run(ctx: Ctx, to: Option<PathBuf>) {
    let Some(to) = to else { return };
    loop {
        let mut pause = LOOK_EACH;
        if is_due(made_at_ms(&to), ctx.now_ms(), &TimeZone::system()) {
            match copy(&ctx, &to).await {
                Ok(()) => tracing::info!(to = %to.display(), "copied for the night"),
                Err(e) => {
                    tracing::error!(to = %to.display(), error = ?e, "the copy of the night was not made");
                    pause = AGAIN;
                }
            }
        }
        tokio::time::sleep(pause).await;
    }
}

async fn copy(ctx: &Ctx, to: &Path) -> Result<()> {
    let (root, to) = (ctx.store.layout().root().to_owned(), to.to_owned());
    let done = tokio::task::spawn_blocking(move || copy_nightly(&root, &to)).await;
    done.map_err(|e| Error::internal("the copy was broken off").caused_by(e))?
}

/// None: there is none.
fn made_at_ms(to: &Path) -> Option<TimeMs> {
    let at = std::fs::metadata(to.join("format")).ok()?.modified().ok()?;
    let since = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    TimeMs::try_from(since.as_millis()).ok()
}

/// Between two and six at night, or as soon as it runs where it is switched off at night.
fn is_due(made_at_ms: Option<TimeMs>, now_ms: TimeMs, zone: &TimeZone) -> bool {
    let Some(made_at_ms) = made_at_ms else { return true };
    let age_ms = now_ms - made_at_ms;
    let hour = Timestamp::from_millisecond(now_ms).map_or(0, |t| t.to_zoned(zone.clone()).hour());
    ((2..6).contains(&hour) && age_ms > 12 * HOUR_MS) || age_ms > 30 * HOUR_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_night_or_when_the_box_was_off() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let last = at("2026-11-23T01:30:00Z");
        for (now, due) in [
            ("2026-11-23T02:00:00Z", false),
            ("2026-11-23T20:00:00Z", false),
            ("2026-11-24T00:59:00Z", false),
            ("2026-11-24T01:01:00Z", true),
            ("2026-11-24T07:00:00Z", false),
            ("2026-11-24T08:00:00Z", true),
        ] {
            assert_eq!(is_due(Some(last), at(now), &zone), due, "{now}");
        }
        assert!(is_due(None, last, &zone));
    }
}
