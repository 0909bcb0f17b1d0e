//! An override that stands for its place and all that follow (RFC 5545 §3.2.13, RANGE=THISANDFUTURE). It stays as it was
//! written where the series goes on and on; where few follow, each of them gets an override of its own, because most
//! programs show no others.

use super::expand::{bounds, expand};
use super::series::{Entry, Series};
use super::zone::Zone;
use crate::base::Result;
use crate::formats::content_line::Component;
use jiff::SignedDuration;
use jiff::civil::DateTime;

/// A series with so many left is written out.
const MOST_WRITTEN_OUT: usize = 100;
/// How far an occurrence that is not overridden is looked for.
const FAR_S: i64 = 5 * 366 * 86_400;

impl Series {
    /// The override that decides how the occurrence at `place` is, with its own place.
    pub fn turn_for(&self, place: DateTime) -> Option<(DateTime, &Entry)> {
        let before = self.overrides.range(..=place).rev();
        let mut turns = before.filter(|(_, e)| e.part.is_this_and_future);
        turns.next().map(|(at, e)| (*at, e))
    }

    /// The occurrence at `place` as an override before it has it. None: its times cannot be said in the form of the series.
    pub fn turned(&self, (at, turn): (DateTime, &Entry), place: DateTime) -> Option<Component> {
        let start = turn.part.start.as_ref()?;
        let is_date = self.master.as_ref()?.part.start.as_ref()?.is_date;
        if start.is_date != is_date {
            return None;
        }
        let zone = self.zone.as_ref();
        let shift = at.duration_until(start.local_in(zone));
        let from = place.checked_add(shift).ok()?;
        let mut out = turn.component.clone();
        let end_name = if out.name == "VTODO" { "DUE" } else { "DTEND" };
        if out.property(end_name).is_some() {
            let length = turn.part.length;
            let day = from
                .checked_add(SignedDuration::from_hours(24 * length.days))
                .ok()?;
            let end = match zone {
                Some(zone) => zone.to_local(zone.to_utc(day).saturating_add(length.seconds)),
                None => day.checked_add(SignedDuration::from_secs(length.seconds)).ok()?,
            };
            out.put(self.place_property(end_name, end));
        }
        out.put(self.place_property("DTSTART", from));
        out.put(self.place_property("RECURRENCE-ID", place));
        Some(out)
    }

    /// The event itself with nothing overridden, and the zone in which to look at it.
    fn alone(&self) -> Option<(Series, Zone)> {
        let alone = Series {
            overrides: Default::default(),
            ..self.clone()
        };
        alone.master.as_ref()?;
        Some((alone, self.zone.clone().unwrap_or_else(Zone::utc)))
    }

    /// Where the series comes from `place` on, what is overridden too. None: it has no end, or more than `most`.
    pub fn places_from(&self, place: DateTime, most: usize) -> Option<Vec<DateTime>> {
        let (alone, zone) = self.alone()?;
        let object = alone.object().ok()?;
        let (_, last_s) = bounds(&object);
        if last_s == i64::MAX {
            return None;
        }
        let all = expand(&object, &zone, zone.to_utc(place), last_s);
        let all = all.into_iter().filter_map(|o| o.recurrence_id);
        let places: Vec<DateTime> = all.filter(|p| *p >= place).take(most + 1).collect();
        (places.len() <= most).then_some(places)
    }

    /// The first place from `place` on at which nothing is overridden.
    pub fn plain_place_from(&self, place: DateTime) -> Option<DateTime> {
        let (alone, zone) = self.alone()?;
        let from_s = zone.to_utc(place);
        let all = expand(&alone.object().ok()?, &zone, from_s, from_s.saturating_add(FAR_S));
        let mut places = all.into_iter().filter_map(|o| o.recurrence_id);
        places.find(|p| *p >= place && !self.overrides.contains_key(p))
    }

    /// Writes out overrides that stand for all that follow, where these are few. Errors: Invalid, for times beyond all calendars.
    pub fn write_out_turns(&mut self) -> Result<()> {
        let turns: Vec<DateTime> = self
            .overrides
            .iter()
            .filter(|(_, e)| e.part.is_this_and_future)
            .map(|(at, _)| *at)
            .collect();
        let Some(first) = turns.first() else { return Ok(()) };
        let Some(places) = self.places_from(*first, MOST_WRITTEN_OUT) else {
            return Ok(());
        };
        let mut made = Vec::new();
        for place in places.into_iter().filter(|p| !self.overrides.contains_key(p)) {
            let turn = self.turn_for(place);
            let Some(one) = turn.and_then(|t| self.turned(t, place)) else {
                return Ok(());
            };
            made.push((place, one));
        }
        for (place, one) in made {
            self.put_override(place, one)?;
        }
        for at in turns {
            let Some(mut one) = self.overrides.get(&at).map(|e| e.component.clone()) else {
                continue;
            };
            if let Some(id) = one.properties.iter_mut().find(|p| p.name == "RECURRENCE-ID") {
                id.take_param("RANGE");
            }
            self.put_override(at, one)?;
        }
        Ok(())
    }

    /// Makes what stands at `place` stand for all that follow.
    pub fn put_turn(&mut self, place: DateTime, mut component: Component) -> Result<()> {
        let id = self
            .place_property("RECURRENCE-ID", place)
            .with("RANGE", "THISANDFUTURE");
        component.put(id);
        self.put_override(place, component)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::ical::value::parse_time;

    fn series(lines: &str) -> Series {
        let raw = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:u\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        Series::read(raw.as_bytes()).unwrap()
    }

    fn starts(series: &Series, most: usize) -> Vec<String> {
        let all = expand(&series.object().unwrap(), &Zone::utc(), 0, 4_000_000_000);
        all.iter()
            .take(most)
            .map(|o| format!("{}/{}", o.start_s, o.end_s - o.start_s))
            .collect()
    }

    /// What is written out takes place when the one for all that follow says.
    #[test]
    fn what_is_written_out_takes_place_at_the_same_times() {
        let turn = |at: &str, to: &str| {
            format!("\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE{at}\n{to}")
        };
        for lines in [
            format!(
                "DTSTART;TZID=Europe/Berlin:20261018T090000\nDTEND;TZID=Europe/Berlin:20261018T100000\nRRULE:FREQ=WEEKLY;COUNT=6{}",
                turn(
                    ";TZID=Europe/Berlin:20261025T090000",
                    "DTSTART:20261026T100000Z\nDTEND:20261026T123000Z"
                )
            ),
            format!(
                "DTSTART;VALUE=DATE:20261018\nRRULE:FREQ=DAILY;COUNT=6{}",
                turn(
                    ";VALUE=DATE:20261020",
                    "DTSTART;VALUE=DATE:20261022\nDTEND;VALUE=DATE:20261024"
                )
            ),
            format!(
                "DTSTART:20261018T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20261025T090000{}{}",
                turn(":20261020T090000", "DTSTART:20261020T080000\nDURATION:PT2H"),
                turn(":20261023T090000", "DTSTART:20261023T070000\nDURATION:PT30M")
            ),
        ] {
            let written = series(&lines);
            let mut out = written.clone();
            out.write_out_turns().unwrap();
            let read = Series::read(&out.print()).unwrap();
            assert_eq!(starts(&read, 50), starts(&written, 50), "{lines}");
            assert!(
                !String::from_utf8(out.print()).unwrap().contains("RANGE"),
                "{lines}"
            );
        }
    }

    #[test]
    fn what_has_no_end_stays_one() {
        let lines = "DTSTART:20261018T090000Z\nDTEND:20261018T100000Z\nRRULE:FREQ=DAILY";
        let mut out = series(lines);
        let place = parse_time("20261020T090000Z").unwrap().local;
        let one = out.occurrence(place).unwrap();
        out.put_turn(place, one).unwrap();
        out.write_out_turns().unwrap();
        assert_eq!(out.overrides.len(), 1);
        assert_eq!(starts(&out, 9), starts(&series(lines), 9));
        assert_eq!(out.places_from(place, 50), None);
        let next = parse_time("20261021T090000Z").unwrap().local;
        assert_eq!(out.plain_place_from(place), Some(next));
    }
}
