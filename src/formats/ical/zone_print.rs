//! A time zone of the database as VTIMEZONE (RFC 5545 §3.6.5), for programs that know zones only from the object.

use super::zone::Zone;
use crate::formats::content_line::{Component, Property};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{Offset, TimeZone};

/// Years that must agree before a change is written as a rule.
const AGREEING: i16 = 5;

/// When the clocks change once, in the local time before.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub at: DateTime,
    pub from: Offset,
    pub to: Offset,
    pub is_summer: bool,
    /// `CEST`
    pub name: String,
}

impl Change {
    /// What is the same every year when there is a rule; the place in the month from its beginning and its end.
    pub fn key(&self) -> (i8, Weekday, jiff::civil::Time, Offset, Offset) {
        let date = self.at.date();
        (date.month(), date.weekday(), self.at.time(), self.from, self.to)
    }

    fn nth(&self) -> i8 {
        (self.at.date().day() - 1) / 7 + 1
    }

    fn is_last(&self) -> bool {
        self.at.date().day() + 7 > self.at.date().days_in_month()
    }
}

/// How the zone is from a year on. `tzid`: how the object calls it. None for zones that an object describes itself.
pub fn describe_zone(tzid: &str, zone: &Zone, year: i16) -> Option<Component> {
    let Zone::Named(zone) = zone else {
        return None;
    };
    let year = year.clamp(1900, 9000) - 1;
    let mut out = Component::new("VTIMEZONE");
    out.properties.push(Property::of_text("TZID", tzid));
    let first = changes(zone, year);
    if first.is_empty() {
        let start = Date::new(year, 1, 1).ok()?;
        let offset = zone.to_offset(start.to_zoned(TimeZone::UTC).ok()?.timestamp());
        let at = start.at(0, 0, 0, 0);
        let always = Change {
            at,
            from: offset,
            to: offset,
            is_summer: false,
            name: String::new(),
        };
        out.parts.push(observance(&always, None, None));
        return Some(out);
    }
    match rules(zone, year, &first) {
        Some(rules) => {
            let all = first.iter().zip(&rules);
            out.parts
                .extend(all.map(|(c, rule)| observance(c, Some(rule), None)));
        }
        None => {
            let later = (1..AGREEING).flat_map(|n| changes(zone, year + n));
            let all = first.into_iter().chain(later);
            out.parts.extend(all.map(|c| observance(&c, None, None)));
        }
    }
    Some(out)
}

/// The rules that the changes of a year, which are given, go by from then on. None: they do not.
pub(super) fn rules(zone: &TimeZone, year: i16, first: &[Change]) -> Option<Vec<String>> {
    let later: Vec<Vec<Change>> = (1..AGREEING).map(|n| changes(zone, year + n)).collect();
    let is_whole = later.iter().all(|y| y.len() == first.len());
    let all = first.iter().map(|c| rule(c, &later));
    all.collect::<Option<Vec<String>>>().filter(|_| is_whole)
}

pub(super) fn changes(zone: &TimeZone, year: i16) -> Vec<Change> {
    let start = Date::new(year, 1, 1)
        .ok()
        .and_then(|d| d.to_zoned(TimeZone::UTC).ok());
    let end = Date::new(year + 1, 1, 1)
        .ok()
        .and_then(|d| d.to_zoned(TimeZone::UTC).ok());
    let (Some(start), Some(end)) = (start, end) else {
        return Vec::new();
    };
    let (start, end) = (start.timestamp(), end.timestamp());
    let mut from = zone.to_offset(start);
    let mut out = Vec::new();
    for t in zone.following(start).take_while(|t| t.timestamp() < end).take(20) {
        let to = t.offset();
        if to != from {
            out.push(Change {
                at: local(t.timestamp(), from),
                from,
                to,
                is_summer: t.dst().is_dst(),
                name: t.abbreviation().to_owned(),
            });
        }
        from = to;
    }
    out
}

pub(super) fn local(at: Timestamp, offset: Offset) -> DateTime {
    offset.to_datetime(at)
}

fn rule(change: &Change, later: &[Vec<Change>]) -> Option<String> {
    let twins: Vec<&Change> = later
        .iter()
        .map(|year| year.iter().find(|c| c.key() == change.key()))
        .collect::<Option<_>>()?;
    let nth = if change.is_last() && twins.iter().all(|t| t.is_last()) {
        -1
    } else if twins.iter().all(|t| t.nth() == change.nth()) {
        change.nth()
    } else {
        return None;
    };
    let date = change.at.date();
    Some(format!(
        "FREQ=YEARLY;BYMONTH={};BYDAY={nth}{}",
        date.month(),
        day_word(date.weekday())
    ))
}

/// `MO`
pub fn day_word(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "MO",
        Weekday::Tuesday => "TU",
        Weekday::Wednesday => "WE",
        Weekday::Thursday => "TH",
        Weekday::Friday => "FR",
        Weekday::Saturday => "SA",
        Weekday::Sunday => "SU",
    }
}

pub(super) fn print_local(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

pub(super) fn observance(change: &Change, rule: Option<&String>, name: Option<&str>) -> Component {
    let mut out = Component::new(if change.is_summer { "DAYLIGHT" } else { "STANDARD" });
    out.properties
        .push(Property::new("DTSTART", print_local(change.at)));
    for (name, offset) in [("TZOFFSETFROM", change.from), ("TZOFFSETTO", change.to)] {
        out.properties.push(Property::new(name, print_offset(offset)));
    }
    if let Some(rule) = rule {
        out.properties.push(Property::new("RRULE", rule.clone()));
    }
    if let Some(name) = name {
        out.properties.push(Property::of_text("TZNAME", name));
    }
    out
}

fn print_offset(offset: Offset) -> String {
    let all = offset.seconds();
    let (sign, s) = (if all < 0 { '-' } else { '+' }, all.unsigned_abs());
    let seconds = if s % 60 == 0 {
        String::new()
    } else {
        format!("{:02}", s % 60)
    };
    format!("{sign}{:02}{:02}{seconds}", s / 3600, s / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::print::print_component;

    fn described(name: &str) -> String {
        let zone = describe_zone(name, &Zone::by_name(name).unwrap(), 2026).unwrap();
        print_component(&zone)
    }

    #[test]
    fn zones_are_rules_where_there_is_one() {
        assert_eq!(
            described("Europe/Berlin"),
            "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:DAYLIGHT\r\nDTSTART:20250330T020000\r\nTZOFFSETFROM:+0100\r\n\
             TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\n\
             DTSTART:20251026T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n\
             END:STANDARD\r\nEND:VTIMEZONE\r\n"
        );
        assert!(described("America/New_York").contains("BYMONTH=3;BYDAY=2SU"));
        assert!(described("Asia/Kolkata").contains("TZOFFSETTO:+0530"));
        // Its change follows the moon: no rule says it.
        let cairo = described("Africa/Casablanca");
        assert!(!cairo.contains("RRULE") && cairo.contains("STANDARD"), "{cairo}");
    }
}
