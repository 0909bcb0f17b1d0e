//! How long snapshots are kept, and letting go of what only older ones needed.

use super::index;
use super::pack::data_name;
use super::place::Place;
use super::restore::fetch_checked;
use super::seal::Key;
use super::snapshot::{Snapshot, StoredAccount, list_snapshots, read_snapshot};
use crate::base::{Result, TimeMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// The newest snapshot of each of the last so many days, weeks and months that have one; never less than the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    pub days: usize,
    pub weeks: usize,
    pub months: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Keep {
            days: 7,
            weeks: 5,
            months: 12,
        }
    }
}

impl Keep {
    /// The positions of those to be kept. `taken`: when each was taken, newest first.
    fn choose(self, taken: &[TimeMs]) -> BTreeSet<usize> {
        let mut kept: BTreeSet<usize> = (0..taken.len().min(1)).collect();
        let date = |ms: TimeMs| {
            let time = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
            time.to_zoned(jiff::tz::TimeZone::UTC).date()
        };
        let mut newest_of = |most: usize, period: &dyn Fn(jiff::civil::Date) -> (i16, i16)| {
            let mut seen = BTreeSet::new();
            for (n, ms) in taken.iter().enumerate() {
                let is_new = seen.len() < most && seen.insert(period(date(*ms)));
                if is_new {
                    kept.insert(n);
                }
            }
        };
        newest_of(self.days, &|d| (d.year(), d.day_of_year()));
        newest_of(self.weeks, &|d| {
            let week = d.iso_week_date();
            (week.year(), i16::from(week.week()))
        });
        newest_of(self.months, &|d| (d.year(), i16::from(d.month())));
        kept
    }
}

/// What is at a place after old snapshots were let go.
pub(super) struct Kept {
    /// Ids of those that were removed.
    pub forgotten: Vec<String>,
    /// Those that are there; empty, when none was removed and nobody had to look.
    pub snapshots: Vec<Snapshot>,
}

/// Removes snapshots that are not to be kept, and the files that none of the others needs. A snapshot that cannot be read
/// keeps everything where it is.
pub(super) fn forget_old(place: &dyn Place, key: &Key, keep: Keep) -> Result<Kept> {
    let ids = list_snapshots(place)?;
    let nothing = Kept {
        forgotten: Vec::new(),
        snapshots: Vec::new(),
    };
    if is_all_kept(&ids, keep) {
        return Ok(nothing);
    }
    let mut all = Vec::new();
    for id in ids.iter().rev() {
        all.push(read_snapshot(place, key, id)?);
    }
    all.sort_by_key(|s| std::cmp::Reverse(s.taken_at_ms));
    let taken: Vec<TimeMs> = all.iter().map(|s| s.taken_at_ms).collect();
    let chosen = keep.choose(&taken);
    let (kept, old): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(n, _)| chosen.contains(n));
    // First the lists: a list without its files would be worse than files without a list.
    for (_, snapshot) in &old {
        Snapshot::remove(place, &snapshot.id)?;
    }
    let needed: BTreeSet<String> = kept.iter().flat_map(|(_, s)| data_of(s)).collect();
    for (name, _) in place.list("data")? {
        if !needed.contains(&name) {
            if let Some(hash) = name.rsplit('/').next() {
                // The index before the pack: a pack without an index is only room that is lost.
                place.remove(&format!("{}/{hash}", index::FOLDER))?;
            }
            place.remove(&name)?;
        }
    }
    Ok(Kept {
        forgotten: old.into_iter().map(|(_, s)| s.id).collect(),
        snapshots: kept.into_iter().map(|(_, s)| s).collect(),
    })
}

/// By their names alone, so that the lists need not be read each night.
fn is_all_kept(ids: &[String], keep: Keep) -> bool {
    let taken: Option<Vec<TimeMs>> = ids.iter().rev().map(|id| Snapshot::time_of(id)).collect();
    taken.is_some_and(|taken| keep.choose(&taken).len() == taken.len())
}

/// The rows of an account as they were, into a new file. Errors: Unavailable, when they are damaged.
pub(super) fn fetch_rows(place: &dyn Place, key: &Key, account: &StoredAccount, to: &Path) -> Result<()> {
    fetch_checked(place, key, &account.rows, to)
}

/// Names of everything below `data/` that a snapshot needs.
pub(super) fn data_of(snapshot: &Snapshot) -> Vec<String> {
    let files = snapshot.files.iter().map(|f| f.data.clone());
    let accounts = snapshot.accounts.iter().flat_map(|a| {
        let packs = a.packs.iter().map(|hash| data_name(hash));
        packs.chain([a.rows.data.clone()])
    });
    files.chain(accounts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: TimeMs = 86_400_000;

    #[test]
    fn days_weeks_and_months_each_keep_their_newest() {
        // 400 nights, the last one 23 November 2026.
        let last = 1_795_399_200_000;
        let taken: Vec<TimeMs> = (0..400).map(|n| last - n * DAY_MS).collect();
        let kept = Keep::default().choose(&taken);
        // Seven days; the ends of four weeks before; the ends of eleven months before.
        assert!(kept.iter().take(7).eq(&[0, 1, 2, 3, 4, 5, 6]), "{kept:?}");
        assert!((20..=23).contains(&kept.len()), "{kept:?}");
        let oldest = *kept.last().unwrap();
        assert!((320..=366).contains(&oldest), "{oldest}");
    }

    #[test]
    fn the_newest_is_kept_whatever_is_asked() {
        let none = Keep {
            days: 0,
            weeks: 0,
            months: 0,
        };
        assert_eq!(none.choose(&[5, 4, 3]).len(), 1);
        assert_eq!(none.choose(&[]).len(), 0);
    }
}
