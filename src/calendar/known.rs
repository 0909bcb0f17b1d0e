//! The times of series that were read lately, so that a month that is looked at again does not read each of them anew.
//! They are found by the hash of the bytes: what has changed is another, and whose it is does not matter.

use crate::base::Result;
use crate::base::recent::Recent;
use crate::formats::content_line::Component;
use crate::formats::ical::object::Part;
use crate::formats::ical::zone::Zone;
use crate::formats::ical::{CalendarObject, read_object};
use crate::model::BodyId;
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::blob::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Series of one generation of [`Recent`]. Each takes one or two kilobytes.
const MOST: usize = 1_000;
/// What is larger is read each time, so that the whole is bounded.
const MOST_BYTES: usize = 16 << 10;

/// When an object takes place, with nothing else of it: its calendar is empty. None: it cannot be read any more.
pub fn times_of(s: &Snapshot<'_, AccountDb>, body: BodyId) -> Result<Option<Arc<CalendarObject>>> {
    static KNOWN: Mutex<Option<Recent<Hash, Arc<CalendarObject>>>> = Mutex::new(None);
    let hash = s.body_hash(body)?;
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known().as_mut().and_then(|k| k.find(&hash)) {
        return Ok(Some(found));
    }
    // Read without the lock: two who come at once both read it.
    let raw = s.read_body(body)?;
    let Ok(mut read) = read_object(&raw) else {
        return Ok(None);
    };
    read.calendar = Component::default();
    let is_small = raw.len() <= MOST_BYTES && read.parts.iter().flat_map(zones).all(Zone::is_plain);
    let times = Arc::new(read);
    if is_small {
        let mut guard = known();
        let all = guard.get_or_insert_with(|| Recent::new(MOST));
        all.keep(hash, times.clone());
    }
    Ok(Some(times))
}

fn zones(part: &Part) -> impl Iterator<Item = &Zone> {
    let single = [
        &part.start,
        &part.recurrence_id,
        &part.due,
        &part.completed,
        &part.created,
    ];
    let added = part.added.iter().map(|(moment, _)| moment);
    let all = single.into_iter().flatten().chain(&part.excluded).chain(added);
    all.filter_map(|moment| moment.zone.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept is small whatever it is asked later.
    #[test]
    fn zones_that_change_all_the_time_are_not_kept() {
        for (rule, is_kept) in [
            ("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", true),
            ("FREQ=HOURLY", false),
            ("FREQ=YEARLY", false),
            ("FREQ=YEARLY;BYMONTH=1;BYHOUR=1,2,3", false),
        ] {
            let raw = format!(
                "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:own\nBEGIN:STANDARD\nDTSTART:19700101T000000\nRRULE:{rule}\n\
                 TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:u\n\
                 DTSTART;TZID=own:20260101T000000\nEND:VEVENT\nEND:VCALENDAR\n"
            );
            // Some are not even stored.
            let is_plain = read_object(raw.as_bytes()).is_ok_and(|read| {
                let mut all = read.parts.iter().flat_map(zones);
                all.next().is_some_and(Zone::is_plain)
            });
            assert_eq!(is_plain, is_kept, "{rule}");
        }
    }
}
