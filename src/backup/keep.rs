//! How long snapshots are kept, and letting go of what only older ones needed.

use super::index;
use super::pack::{data_name, hash_in};
use super::place::Place;
use super::seal::Key;
use super::snapshot::{Snapshot, list_snapshots, read_listed};
use crate::base::{Error, Result, TimeMs};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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
    /// The positions of those to be kept. `taken`: when each was taken, newest first. `zone`: whose days they are.
    fn choose(self, taken: &[TimeMs], zone: &TimeZone) -> BTreeSet<usize> {
        let mut kept: BTreeSet<usize> = (0..taken.len().min(1)).collect();
        let date = |ms: TimeMs| {
            let time = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
            time.to_zoned(zone.clone()).date()
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
#[derive(Default)]
pub(super) struct Kept {
    /// Ids of those that were removed.
    pub forgotten: Vec<String>,
    /// Hashes of the packs and files that went with them.
    pub removed: Vec<String>,
    /// Ids of those that are there, ascending.
    pub left: Vec<String>,
}

/// Removes snapshots that are not to be kept, and the files that none of the others needs. `made`: the one that was made just
/// now, which stays whatever the clock says. Errors: one of the others cannot be read; everything stays where it is then.
pub(super) fn forget_old(place: &dyn Place, key: &Key, keep: Keep, made: &str) -> Result<Kept> {
    let ids = list_snapshots(place)?;
    let chosen = chosen(&ids, keep, made, &TimeZone::system());
    let (left, forgotten): (Vec<String>, Vec<String>) = ids.into_iter().partition(|id| chosen.contains(id));
    if forgotten.is_empty() {
        return Ok(Kept {
            left,
            ..Kept::default()
        });
    }
    let mut needed = BTreeSet::new();
    for id in &left {
        needed.extend(data_of(&read_listed(place, key, id)?));
    }
    // First the lists: a list without its files would be worse than files without a list.
    for id in &forgotten {
        Snapshot::remove(place, id)?;
    }
    Ok(Kept {
        removed: remove_unneeded(place, &left, &needed)?,
        forgotten,
        left,
    })
}

/// Removes what no list names any more. What is not ours is left alone. Returns the hashes.
pub(super) fn remove_unneeded(
    place: &dyn Place,
    left: &[String],
    needed: &BTreeSet<String>,
) -> Result<Vec<String>> {
    let there = place.list("data")?;
    // A list that has come meanwhile may need anything.
    if list_snapshots(place)? != left {
        return Err(Error::conflict(format!(
            "another program has changed the backups in {} meanwhile; each box needs a place of its own",
            place.name()
        )));
    }
    let mut removed = Vec::new();
    for (name, _) in there {
        if let Some(hash) = hash_in(&name)
            && !needed.contains(&name)
        {
            // The index before the pack: a pack without an index is only room that is lost.
            place.remove(&format!("{}/{hash}", index::FOLDER))?;
            place.remove(&name)?;
            removed.push(hash.to_owned());
        }
    }
    Ok(removed)
}

/// By their names alone, so that the lists need not be read each night. `ids`: ascending.
fn chosen(ids: &[String], keep: Keep, made: &str, zone: &TimeZone) -> BTreeSet<String> {
    let taken: Vec<TimeMs> = ids.iter().rev().filter_map(|id| Snapshot::time_of(id)).collect();
    let positions = keep.choose(&taken, zone);
    let newest_first = ids.iter().rev().enumerate();
    newest_first
        .filter(|(n, id)| positions.contains(n) || *id == made)
        .map(|(_, id)| id.clone())
        .collect()
}

/// Names of everything below `data/` that a snapshot needs.
pub(super) fn data_of(snapshot: &Snapshot) -> Vec<String> {
    let files = snapshot.files.iter().map(|f| f.data.clone());
    let accounts = snapshot.accounts.iter().flat_map(|a| {
        let packs = a.packs.iter().map(|hash| data_name(hash));
        packs.chain(a.rows.files().cloned())
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
        let kept = Keep::default().choose(&taken, &TimeZone::UTC);
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
        assert_eq!(none.choose(&[5, 4, 3], &TimeZone::UTC).len(), 1);
        assert_eq!(none.choose(&[], &TimeZone::UTC).len(), 0);
    }

    #[test]
    fn days_are_those_of_the_office() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let keep = Keep {
            days: 2,
            weeks: 0,
            months: 0,
        };
        // In Berlin the second and the third are of one day, 24 November; in London they are not.
        let taken = [
            "2026-11-25T00:10:00Z",
            "2026-11-24T00:10:00Z",
            "2026-11-23T23:10:00Z",
            "2026-11-23T12:00:00Z",
        ]
        .map(at);
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(keep.choose(&taken, &berlin), BTreeSet::from([0, 1]));
        let three = Keep { days: 3, ..keep };
        assert_eq!(three.choose(&taken, &berlin), BTreeSet::from([0, 1, 3]));
        assert_eq!(three.choose(&taken, &TimeZone::UTC), BTreeSet::from([0, 1, 2]));
    }

    #[test]
    fn what_was_made_just_now_is_kept_whatever_the_clock_says() {
        let ids = [
            "1970-01-01t00-00-05z-11111111",
            "2026-11-22t02-30-00z-22222222",
            "2031-01-01t02-30-00z-33333333",
        ]
        .map(str::to_owned);
        let one = Keep {
            days: 1,
            weeks: 0,
            months: 0,
        };
        for made in &ids {
            let kept = chosen(&ids, one, made, &TimeZone::UTC);
            assert!(kept.contains(made), "{made}");
            assert!(kept.len() <= 2, "{kept:?}");
        }
    }
}
