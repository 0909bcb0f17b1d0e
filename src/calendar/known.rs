//! The times of series that were read lately, so that a month that is looked at again does not read each of them anew.
//! They are found by the hash of the bytes: what has changed is another, and whose it is does not matter.

use crate::base::Result;
use crate::formats::content_line::Component;
use crate::formats::ical::object::Part;
use crate::formats::ical::zone::Zone;
use crate::formats::ical::{CalendarObject, read_object};
use crate::model::BodyId;
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::blob::Hash;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Series of one generation; there are two. Each takes one or two kilobytes.
const MOST: usize = 1_000;
/// What is larger is read each time, so that the whole is bounded.
const MOST_BYTES: usize = 16 << 10;

/// Those that were looked at since the last change of generations, and those of the one before.
struct Known {
    young: HashMap<Hash, Arc<CalendarObject>>,
    old: HashMap<Hash, Arc<CalendarObject>>,
}

impl Known {
    fn find(&mut self, hash: &Hash) -> Option<Arc<CalendarObject>> {
        if let Some(found) = self.young.get(hash) {
            return Some(found.clone());
        }
        let found = self.old.remove(hash)?;
        self.keep(*hash, found.clone());
        Some(found)
    }

    fn keep(&mut self, hash: Hash, times: Arc<CalendarObject>) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, times);
    }
}

/// When an object takes place, with nothing else of it: its calendar is empty. None: it cannot be read any more.
pub fn times_of(s: &Snapshot<'_, AccountDb>, body: BodyId) -> Result<Option<Arc<CalendarObject>>> {
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let hash = s.body_hash(body)?;
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known().as_mut().and_then(|k| k.find(&hash)) {
        return Ok(Some(found));
    }
    // Read without the lock: two who come at once both read it.
    let raw = s.open_body(body)?.read_all()?;
    let Ok(mut read) = read_object(&raw) else {
        return Ok(None);
    };
    read.calendar = Component::default();
    let is_small = raw.len() <= MOST_BYTES && read.parts.iter().flat_map(zones).all(Zone::is_plain);
    let times = Arc::new(read);
    if is_small {
        let mut guard = known();
        let all = guard.get_or_insert_with(|| Known {
            young: HashMap::new(),
            old: HashMap::new(),
        });
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

    #[test]
    fn what_is_looked_at_stays_and_the_rest_goes() {
        let raw =
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20260101T000000Z\nEND:VEVENT\nEND:VCALENDAR\n";
        let times = Arc::new(read_object(raw).unwrap());
        let mut known = Known {
            young: HashMap::new(),
            old: HashMap::new(),
        };
        let hash = |i: usize| -> Hash { *blake3::hash(&i.to_le_bytes()).as_bytes() };
        for i in 0..5 * MOST {
            known.keep(hash(i), times.clone());
            assert!(
                known.find(&hash(0)).is_some(),
                "{i}: it is looked at all the time"
            );
            assert!(known.young.len() + known.old.len() <= 2 * MOST + 1);
        }
        assert!(known.find(&hash(1)).is_none());
        assert!(known.find(&hash(5 * MOST - 1)).is_some());
    }

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
