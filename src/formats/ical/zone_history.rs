//! A time zone of the database with all that it has been: as VTIMEZONE (RFC 5545 §3.6.5), and as the list of its changes.

use super::zone_print::{Change, changes, local, observance, print_local, rules};
use crate::formats::content_line::{Component, Property};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{Offset, TimeZone};

/// Later than every change that the database names one by one; from there on zones go by rules or stay as they are.
const SETTLED: i16 = 2100;

/// One change of the clocks, or how they stand at the beginning of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onset {
    pub at: Timestamp,
    pub from: Offset,
    pub to: Offset,
    /// `CEST`
    pub name: String,
    pub is_summer: bool,
}

/// How the zone stands at `start`, and its changes after that and before `end`: at most `most` in all.
pub fn onsets(zone: &TimeZone, start: Timestamp, end: Timestamp, most: usize) -> Vec<Onset> {
    let first = zone.to_offset_info(start);
    let mut out = vec![Onset {
        at: start,
        from: first.offset(),
        to: first.offset(),
        name: first.abbreviation().to_owned(),
        is_summer: first.dst().is_dst(),
    }];
    let later = zone.following(start).take_while(|t| t.timestamp() < end);
    for t in later {
        if out.len() == most {
            break;
        }
        let (before, is_summer) = (&out[out.len() - 1], t.dst().is_dst());
        if t.offset() != before.to || t.abbreviation() != before.name || is_summer != before.is_summer {
            let from = before.to;
            out.push(Onset {
                at: t.timestamp(),
                from,
                to: t.offset(),
                name: t.abbreviation().to_owned(),
                is_summer,
            });
        }
    }
    out
}

/// The zone from the beginning of the database on, and for ever.
pub fn describe_whole(tzid: &str, zone: &TimeZone) -> Component {
    let mut out = Component::new("VTIMEZONE");
    out.properties.push(Property::of_text("TZID", tzid));
    let from = first_regular_year(zone);
    let end = date(from, 1, 1)
        .to_zoned(TimeZone::UTC)
        .map_or(Timestamp::MAX, |z| z.timestamp());
    let mut groups: Vec<(Onset, Vec<String>)> = Vec::new();
    let mut singles = onsets(zone, Timestamp::MIN, end, usize::MAX).into_iter();
    if let Some(first) = singles.next() {
        // Nothing is known of what was before; RFC 5545 wants a beginning, and programs choke on the year 0.
        let early = date(1800, 1, 1).at(0, 0, 0, 0);
        let mut standing = observance(&change(&first), None, Some(&first.name));
        standing.properties[0] = Property::new("DTSTART", print_local(early));
        out.parts.push(standing);
    }
    for onset in singles {
        let alike = groups.iter_mut().find(|(o, _)| {
            (o.from, o.to, o.is_summer, &o.name) == (onset.from, onset.to, onset.is_summer, &onset.name)
        });
        match alike {
            Some((_, dates)) => dates.push(print_local(local(onset.at, onset.from))),
            None => groups.push((onset, Vec::new())),
        }
    }
    for (onset, dates) in groups {
        let mut part = observance(&change(&onset), None, Some(&onset.name));
        if !dates.is_empty() {
            part.properties.push(Property::new("RDATE", dates.join(",")));
        }
        out.parts.push(part);
    }
    let regular = changes(zone, from);
    if let Some(rules) = rules(zone, from, &regular) {
        let all = regular.iter().zip(&rules);
        out.parts
            .extend(all.map(|(c, rule)| observance(c, Some(rule), Some(&c.name))));
    }
    out
}

fn change(onset: &Onset) -> Change {
    Change {
        at: local(onset.at, onset.from),
        from: onset.from,
        to: onset.to,
        is_summer: onset.is_summer,
        name: onset.name.clone(),
    }
}

/// The first year from which on every year's changes go by the rules of those to come.
fn first_regular_year(zone: &TimeZone) -> i16 {
    let last = changes(zone, SETTLED);
    let Some(to_come) = rules(zone, SETTLED, &last) else {
        return SETTLED;
    };
    let mut first = SETTLED;
    while first > 1970 {
        let before = changes(zone, first - 1);
        let is_same = before.len() == last.len()
            && before
                .iter()
                .zip(&last)
                .all(|(a, b)| a.key() == b.key() && (a.name == b.name) && (a.is_summer == b.is_summer));
        if !is_same || last.is_empty() || rules(zone, first - 1, &before).as_ref() != Some(&to_come) {
            break;
        }
        first -= 1;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::print::print_component;
    use crate::formats::ical::zone::{Zone, read_zones};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn changes_are_listed_with_what_stands_at_the_beginning() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let listed = onsets(&berlin, at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), 9);
        let told: Vec<_> = listed
            .iter()
            .map(|o| {
                (
                    o.at.to_string(),
                    o.from.seconds(),
                    o.to.seconds(),
                    o.name.as_str(),
                    o.is_summer,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("2026-01-01T00:00:00Z".to_owned(), 3600, 3600, "CET", false),
                ("2026-03-29T01:00:00Z".to_owned(), 3600, 7200, "CEST", true),
                ("2026-10-25T01:00:00Z".to_owned(), 7200, 3600, "CET", false),
            ]
        );
        assert_eq!(
            onsets(&berlin, at("2026-01-01T00:00:00Z"), at("2200-01-01T00:00:00Z"), 4).len(),
            4
        );
    }

    /// Whoever reads the description reckons as the database does, at every change since 1900; here of every seventh zone, and
    /// of the odd ones.
    #[test]
    fn descriptions_say_what_the_database_says() {
        let mut most = 0;
        let odd = [
            "Pacific/Apia",
            "Africa/Casablanca",
            "America/Adak",
            "Europe/Dublin",
            "Antarctica/Troll",
        ];
        let all: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
        for name in all.iter().map(String::as_str).step_by(7).chain(odd) {
            let zone = TimeZone::get(name).unwrap();
            let mut calendar = Component::new("VCALENDAR");
            // Under a name that nobody knows, so that the description counts.
            calendar.parts.push(describe_whole("unheard-of", &zone));
            let printed = print_component(&calendar);
            most = most.max(printed.len());
            let read = read_zones(&calendar).unwrap().remove("unheard-of").unwrap();
            assert!(matches!(read, Zone::Own(_)));
            let known = Zone::Named(zone.clone());
            let all = onsets(
                &zone,
                at("1900-01-01T00:00:00Z"),
                at("2060-01-01T00:00:00Z"),
                usize::MAX,
            );
            for onset in &all[1..] {
                for delta in [-90_000, -7_300, 7_300, 90_000] {
                    let moment = onset.at.as_second() + delta;
                    assert_eq!(
                        read.to_local(moment),
                        known.to_local(moment),
                        "{name} {moment}\n{printed}"
                    );
                }
            }
        }
        assert!(most < 20_000, "{most}");
    }

    #[test]
    fn rules_begin_where_the_law_did() {
        let berlin = print_component(&describe_whole(
            "Europe/Berlin",
            &TimeZone::get("Europe/Berlin").unwrap(),
        ));
        assert!(
            berlin.contains("DTSTART:18000101T000000") && berlin.contains("TZNAME:LMT"),
            "{berlin}"
        );
        assert!(
            berlin.contains("DTSTART:19960331T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
            "{berlin}"
        );
        let utc = print_component(&describe_whole("Etc/UTC", &TimeZone::get("Etc/UTC").unwrap()));
        assert_eq!(utc.matches("BEGIN:STANDARD").count(), 1);
    }
}
