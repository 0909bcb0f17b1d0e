//! Zones of an object by their names alone, or with what they mean (RFC 7809 §3.1.5): programs that have the database of
//! zones need no descriptions, others need one for each name.

use super::value::parse_time;
use super::zone::Zone;
use super::zone_print::describe_zone;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, read_component};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The object without descriptions of zones that the database has under the same name. None: it has none of these, or
/// cannot be read.
pub fn without_known_zones(raw: &[u8]) -> Option<Vec<u8>> {
    let mut calendar = read_component(raw).ok()?;
    let before = calendar.parts.len();
    calendar.parts.retain(|part| {
        let name = (part.name == "VTIMEZONE").then(|| part.text("TZID")).flatten();
        name.is_none_or(|name| TimeZone::get(name.trim()).is_err())
    });
    (calendar.parts.len() < before).then(|| print_component(&calendar).into_bytes())
}

/// The object with a description of each zone that it names and does not describe. None: there is nothing to add, or it
/// cannot be read.
pub fn with_known_zones(raw: &[u8]) -> Option<Vec<u8>> {
    let mut calendar = read_component(raw).ok()?;
    describe_known_zones(&mut calendar).then(|| print_component(&calendar).into_bytes())
}

/// As [`with_known_zones`], of what has been read. Returns whether there was something to add.
pub fn describe_known_zones(calendar: &mut Component) -> bool {
    let zones = calendar.parts.iter().filter(|p| p.name == "VTIMEZONE");
    let described: Vec<String> = zones.filter_map(|p| p.text("TZID")).collect();
    let mut named = BTreeMap::new();
    gather(calendar, &mut named);
    named.retain(|name, _| !described.contains(name));
    let made = named.iter().filter_map(|(name, year)| {
        let zone = Zone::by_name(name)?;
        describe_zone(name, &zone, *year)
    });
    let made: Vec<Component> = made.collect();
    let has_more = !made.is_empty();
    calendar.parts.splice(0..0, made);
    has_more
}

/// Zones by name with the first year that is asked of them.
fn gather(component: &Component, out: &mut BTreeMap<String, i16>) {
    for property in &component.properties {
        let Some(name) = property.param("TZID") else {
            continue;
        };
        let first = property.value.split(',').next().unwrap_or_default();
        let year = parse_time(first).map_or(2000, |w| w.local.year());
        let known = out.entry(name.to_owned()).or_insert(year);
        *known = (*known).min(year);
    }
    component.parts.iter().for_each(|part| gather(part, out));
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART;TZID=Europe/Berlin:20260328T090000\r\n\
        DTEND;TZID=Office:20260328T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    const OFFICE: &str = "BEGIN:VTIMEZONE\r\nTZID:Office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n\
        TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";

    #[test]
    fn known_zones_come_and_go_and_the_others_stay() {
        let stored = NAMED.replacen("BEGIN:VEVENT", &format!("{OFFICE}BEGIN:VEVENT"), 1);
        assert_eq!(without_known_zones(stored.as_bytes()), None);
        let with = String::from_utf8(with_known_zones(stored.as_bytes()).unwrap()).unwrap();
        assert!(
            with.contains("TZID:Europe/Berlin") && with.matches("BEGIN:VTIMEZONE").count() == 2,
            "{with}"
        );
        assert_eq!(with_known_zones(with.as_bytes()), None);
        let without = String::from_utf8(without_known_zones(with.as_bytes()).unwrap()).unwrap();
        assert!(
            !without.contains("TZID:Europe/Berlin") && without.contains("TZID:Office"),
            "{without}"
        );
        assert_eq!((without_known_zones(b"x"), with_known_zones(b"x")), (None, None));
    }
}
