//! Ending a series at a place (RFC 5546 §3.2.5, RANGE=THISANDFUTURE): what came before stays as it was.

use super::series::Series;
use super::zone::plain_time;
use crate::formats::content_line::Property;
use jiff::SignedDuration;
use jiff::civil::DateTime;

impl Series {
    /// Takes away what stands at `place` and behind it. Returns whether anything is left; where nothing is, the series
    /// stays as it was.
    pub fn end_before(&mut self, place: DateTime) -> bool {
        let is_left = match &self.master {
            Some(master) => master.part.start.as_ref().is_some_and(|s| s.local < place),
            None => self.overrides.range(..place).next().is_some(),
        };
        if !is_left {
            return false;
        }
        self.overrides.retain(|at, _| *at < place);
        let Some(until) = self.last_moment_before(place) else {
            return true;
        };
        let zone = self.zone.clone();
        let mut later = Vec::new();
        if let Some(master) = &mut self.master {
            for rule in master
                .component
                .properties
                .iter_mut()
                .filter(|p| p.name == "RRULE")
            {
                end_rule(rule, place, &until);
            }
            let added = master.part.added.iter().map(|(m, _)| m.local_in(zone.as_ref()));
            later.extend(added.filter(|at| *at >= place));
        }
        later.into_iter().for_each(|at| self.exclude(at));
        true
    }

    /// As UNTIL is written for this series.
    fn last_moment_before(&self, place: DateTime) -> Option<String> {
        let start = self.master.as_ref()?.part.start.as_ref()?;
        let second = SignedDuration::from_secs(1);
        Some(match (&self.zone, start.is_date) {
            (_, true) => place.checked_sub(second).ok()?.strftime("%Y%m%d").to_string(),
            (Some(zone), _) => {
                let last_s = zone.to_utc(place).saturating_sub(1);
                plain_time(last_s).strftime("%Y%m%dT%H%M%SZ").to_string()
            }
            (None, _) => place
                .checked_sub(second)
                .ok()?
                .strftime("%Y%m%dT%H%M%S")
                .to_string(),
        })
    }
}

/// A rule that ends before `place` by itself ends there still.
fn end_rule(rule: &mut Property, place: DateTime, until: &str) {
    let named = |part: &str, name: &str| {
        part.split_once('=')
            .is_some_and(|(n, _)| n.trim().eq_ignore_ascii_case(name))
    };
    let parts: Vec<&str> = rule.value.trim().split(';').filter(|p| !p.is_empty()).collect();
    let written = parts
        .iter()
        .find(|p| named(p, "UNTIL"))
        .and_then(|p| p.split_once('='));
    let ends = written.and_then(|(_, value)| super::value::parse_time(value));
    // A day's room for the zone: a rule that ends later than that is cut, and one about here is cut to the same end.
    let is_over = ends.is_some_and(|e| {
        e.local
            .checked_add(SignedDuration::from_hours(24))
            .is_ok_and(|end| end < place)
    });
    if is_over {
        return;
    }
    let kept = parts.iter().filter(|p| !named(p, "UNTIL") && !named(p, "COUNT"));
    let kept: Vec<&str> = kept.copied().collect();
    rule.value = format!("{};UNTIL={until}", kept.join(";"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::ical::expand::expand;
    use crate::formats::ical::value::parse_time;
    use crate::formats::ical::zone::Zone;

    fn left(lines: &str, place: &str) -> Option<Vec<String>> {
        let raw = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:u\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        let mut series = Series::read(raw.as_bytes()).unwrap();
        let place = parse_time(place).unwrap().local;
        if !series.end_before(place) {
            return None;
        }
        let all = expand(&series.object().unwrap(), &Zone::utc(), 0, 4_000_000_000);
        let starts = all
            .iter()
            .map(|o| plain_time(o.start_s).strftime("%m%d").to_string());
        Some(starts.collect())
    }

    #[test]
    fn what_comes_before_stays() {
        for (lines, place, expected) in [
            (
                "DTSTART:20261101T090000Z\nRRULE:FREQ=DAILY",
                "20261103T090000",
                vec!["1101", "1102"],
            ),
            (
                "DTSTART:20261101T090000Z\nRRULE:FREQ=DAILY;COUNT=9",
                "20261103T090000",
                vec!["1101", "1102"],
            ),
            (
                "DTSTART;TZID=Europe/Berlin:20261101T003000\nRRULE:FREQ=DAILY;UNTIL=20261201T000000Z",
                "20261103T003000",
                vec!["1031", "1101"],
            ),
            (
                "DTSTART;VALUE=DATE:20261101\nRRULE:FREQ=DAILY",
                "20261103T000000",
                vec!["1101", "1102"],
            ),
            (
                "DTSTART:20261101T090000\nRRULE:FREQ=DAILY",
                "20261103T090000",
                vec!["1101", "1102"],
            ),
            (
                "DTSTART:20261101T090000Z\nRDATE:20261103T090000Z,20261110T090000Z",
                "20261104T000000",
                vec!["1101", "1103"],
            ),
            (
                "DTSTART:20261101T090000Z\nRRULE:FREQ=DAILY;UNTIL=20261102T090000Z\nRDATE:20261201T090000Z",
                "20261201T090000",
                vec!["1101", "1102"],
            ),
            (
                "DTSTART:20261101T090000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20261105T090000Z\n\
                 DTSTART:20261106T100000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20261102T090000Z\nDTSTART:20261130T090000Z",
                "20261103T090000",
                vec!["1101", "1130"],
            ),
        ] {
            assert_eq!(left(lines, place).unwrap(), expected, "{lines}");
        }
        assert_eq!(
            left("DTSTART:20261101T090000Z\nRRULE:FREQ=DAILY", "20261101T090000"),
            None
        );
    }
}
