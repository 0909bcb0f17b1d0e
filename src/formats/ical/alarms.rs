//! When the alarms of an event or a task ring (RFC 5545 §3.6.6), for the question which do so within a window
//! (RFC 4791 §9.9).

use super::expand::expand;
use super::object::CalendarObject;
use super::value::{parse_duration, parse_time};
use super::zone::{Zone, plain_seconds};
use crate::formats::content_line::Component;

/// How often an alarm rings: by how many seconds apart, and how many times after the first.
#[derive(Clone, Copy)]
struct Rings {
    every_s: i64,
    more: i64,
}

impl Rings {
    fn of(alarm: &Component) -> Rings {
        let number = alarm
            .property("REPEAT")
            .and_then(|p| p.value.trim().parse::<u16>().ok());
        let pause = alarm.property("DURATION").and_then(|p| parse_duration(&p.value));
        let every_s = pause.map_or(0, |l| l.days * 86_400 + l.seconds);
        match (number, every_s > 0) {
            (Some(more), true) => Rings {
                every_s,
                more: i64::from(more),
            },
            _ => Rings { every_s: 1, more: 0 },
        }
    }

    /// From the first ring to the last.
    fn span_s(self) -> i64 {
        self.every_s.saturating_mul(self.more)
    }

    fn is_within(self, first_s: i64, (from_s, to_s): (i64, i64)) -> bool {
        let missing_s = from_s.saturating_sub(first_s).max(0);
        let skipped = missing_s / self.every_s + i64::from(missing_s % self.every_s != 0);
        let ring_s = first_s.saturating_add(self.every_s.saturating_mul(skipped));
        skipped <= self.more && ring_s >= from_s && ring_s < to_s
    }
}

/// Whether an alarm of one of the object's components (`index`) rings within the window, seconds since 1970, whichever
/// occurrence it is about.
pub fn rings_within(
    object: &CalendarObject,
    index: usize,
    alarm: &Component,
    floating: &Zone,
    window: (i64, i64),
) -> bool {
    let Some(trigger) = alarm.property("TRIGGER") else {
        return false;
    };
    let rings = Rings::of(alarm);
    if let Some(at) = parse_time(&trigger.value) {
        let at_s = match at.is_utc {
            true => plain_seconds(at.local),
            false => floating.to_utc(at.local),
        };
        return rings.is_within(at_s, window);
    }
    let Some(offset) = parse_duration(&trigger.value) else {
        return false;
    };
    let offset_s = offset.days * 86_400 + offset.seconds;
    let is_from_end = trigger
        .param("RELATED")
        .is_some_and(|r| r.eq_ignore_ascii_case("END"));
    // What begins or ends at the very edge is to be seen as well.
    let from_s = window.0.saturating_sub(offset_s.saturating_add(rings.span_s()));
    let to_s = window.1.saturating_sub(offset_s);
    expand(object, floating, from_s.saturating_sub(1), to_s.saturating_add(1))
        .iter()
        .filter(|o| object.parts[o.part].component == index)
        .any(|o| {
            let from = if is_from_end { o.end_s } else { o.start_s };
            rings.is_within(from.saturating_add(offset_s), window)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::ical::read_object;

    fn rings(alarm: &str, from: &str, to: &str) -> bool {
        let raw = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:u\nDTSTART:20261110T090000Z\nDTEND:20261110T100000Z\n\
             RRULE:FREQ=DAILY;COUNT=2\nBEGIN:VALARM\nACTION:AUDIO\n{alarm}\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        let object = read_object(raw.as_bytes()).unwrap();
        let at = |text: &str| plain_seconds(parse_time(text).unwrap().local);
        let alarm = &object.calendar.parts[0].parts[0];
        rings_within(&object, 0, alarm, &Zone::utc(), (at(from), at(to)))
    }

    #[test]
    fn alarms_ring_before_and_after_each_occurrence_and_again() {
        for (alarm, from, to, expected) in [
            ("TRIGGER:-PT15M", "20261110T084500Z", "20261110T084600Z", true),
            ("TRIGGER:-PT15M", "20261110T084400Z", "20261110T084500Z", false),
            ("TRIGGER:-PT15M", "20261111T084500Z", "20261111T084600Z", true),
            ("TRIGGER:-PT15M", "20261112T084500Z", "20261112T084600Z", false),
            ("TRIGGER:-P1D", "20261109T085900Z", "20261109T090100Z", true),
            (
                "TRIGGER;RELATED=END:PT5M",
                "20261110T100500Z",
                "20261110T100501Z",
                true,
            ),
            (
                "TRIGGER;RELATED=END:PT5M",
                "20261110T090000Z",
                "20261110T100000Z",
                false,
            ),
            (
                "TRIGGER:PT0S\nREPEAT:2\nDURATION:PT10M",
                "20261111T091900Z",
                "20261111T092100Z",
                true,
            ),
            (
                "TRIGGER:PT0S\nREPEAT:2\nDURATION:PT10M",
                "20261111T092900Z",
                "20261111T093100Z",
                false,
            ),
            (
                "TRIGGER:PT0S\nREPEAT:2\nDURATION:PT10M",
                "20261111T090100Z",
                "20261111T090900Z",
                false,
            ),
            (
                "TRIGGER;VALUE=DATE-TIME:20261001T000000Z",
                "20261001T000000Z",
                "20261001T000001Z",
                true,
            ),
            ("TRIGGER:nonsense", "20261001T000000Z", "20271001T000001Z", false),
            ("REPEAT:1", "20261001T000000Z", "20271001T000001Z", false),
        ] {
            assert_eq!(rings(alarm, from, to), expected, "{alarm} {from}");
        }
    }
}
