//! A calendar object with nothing but its times: when it takes place, and in which zones.

use super::read_object;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, read_component};

const KEPT: [&str; 10] = [
    "UID",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXRULE",
    "EXDATE",
    "RECURRENCE-ID",
];

/// None: it cannot be read. The same times give the same bytes, whatever else has changed.
pub fn times_of(raw: &[u8]) -> Option<Vec<u8>> {
    let mut calendar = read_component(raw).ok()?;
    calendar.properties.retain(|p| p.name == "VERSION");
    for part in &mut calendar.parts {
        if part.name != "VTIMEZONE" {
            part.parts.clear();
            part.properties.retain(|p| KEPT.contains(&p.name.as_str()));
            same_stamp(part);
        }
    }
    let bytes = print_component(&calendar).into_bytes();
    read_object(&bytes).is_ok().then_some(bytes)
}

/// Every object has one, and it says nothing about when something takes place.
fn same_stamp(part: &mut Component) {
    part.set("DTSTAMP", "19700101T000000Z");
}

#[cfg(test)]
mod tests {
    use super::times_of;

    #[test]
    fn only_times_count() {
        let event = |more: &str| {
            format!(
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n\
                 DTSTART:20300107T090000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
            )
        };
        let plain = times_of(event("SUMMARY:a\r\n").as_bytes()).unwrap();
        assert_eq!(times_of(event("SUMMARY:b\r\n").as_bytes()).unwrap(), plain);
        let one_less = times_of(event("EXDATE:20300108T090000Z\r\n").as_bytes()).unwrap();
        assert_ne!(one_less, plain);
        assert_eq!(times_of(b"nonsense"), None);
    }
}
