//! What of an object lies in a window, as calendars of their own: a series as single occurrences in UTC, only the
//! overrides that matter, only the busy times that matter (RFC 4791 §9.6.5 to §9.6.7).

use super::expand::{MAX_OCCURRENCES, Occurrence, expand, overlaps};
use super::object::{CalendarObject, Part};
use super::value::{parse_duration, parse_time};
use super::zone::{Zone, Zones, plain_seconds, plain_time, read_zones};
use crate::base::{Error, Result};
use crate::formats::content_line::{Component, Property};
use std::collections::BTreeSet;

/// In seconds since 1970.
pub type Window = (i64, i64);

/// What makes a series of an event.
const OF_SERIES: [&str; 5] = ["RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"];

/// Occurrences that lie in the window, each as a component of its own with its RECURRENCE-ID; what is no series stays.
/// Times are in UTC, zones are left out, and what floats does so still (RFC 4791 §9.6.5).
/// Errors: TooLarge, when all together would have more than `most_bytes`, or are too many.
pub fn expanded(
    object: &CalendarObject,
    floating: &Zone,
    window: Window,
    most_bytes: usize,
) -> Result<Component> {
    let zones = read_zones(&object.calendar)?;
    let mut out = Component {
        parts: Vec::new(),
        ..object.calendar.clone()
    };
    let is_series = object.parts.len() > 1 || object.parts.iter().any(is_repeated);
    let occurrences = match is_series {
        true => expand(object, floating, window.0, window.1),
        false => Vec::new(),
    };
    let too_much =
        || Error::too_large("the series has too many occurrences in this time; ask for a shorter one");
    if occurrences.len() >= MAX_OCCURRENCES {
        return Err(too_much());
    }
    let mut bytes = 0;
    let master = object
        .parts
        .iter()
        .find(|p| p.recurrence_id.is_none() && is_repeated(p));
    let series_zone = master.and_then(|p| p.start.as_ref()?.zone.as_ref());
    for occurrence in &occurrences {
        let Some(part) = object.parts.get(occurrence.part) else {
            continue;
        };
        let written = &object.calendar.parts[part.component];
        bytes += size_of(written);
        if bytes > most_bytes {
            return Err(too_much());
        }
        let own_place = part.recurrence_id.as_ref().map(|r| r.local_in(series_zone));
        let one = match occurrence.recurrence_id == own_place {
            true => written.clone(),
            false => at_place(written, part, occurrence, floating, series_zone),
        };
        out.parts.push(in_utc(one, &zones));
    }
    if !is_series {
        let others = object.calendar.parts.iter().filter(|c| c.name != "VTIMEZONE");
        out.parts.extend(others.map(|c| in_utc(c.clone(), &zones)));
    }
    Ok(out)
}

fn is_repeated(part: &Part) -> bool {
    !(part.rules.is_empty() && part.added.is_empty())
}

/// Roughly, as it would be written.
fn size_of(component: &Component) -> usize {
    let own: usize = component
        .properties
        .iter()
        .map(|p| {
            p.name.len()
                + p.value.len()
                + 16
                + p.params
                    .iter()
                    .flat_map(|(_, v)| v)
                    .map(String::len)
                    .sum::<usize>()
        })
        .sum();
    own + component.parts.iter().map(size_of).sum::<usize>()
}

/// The component as it stands at another place of its series.
fn at_place(
    written: &Component,
    part: &Part,
    occurrence: &Occurrence,
    floating: &Zone,
    series_zone: Option<&Zone>,
) -> Component {
    let mut out = written.clone();
    OF_SERIES.iter().for_each(|name| out.remove(name));
    let (Some(start), Some(place)) = (&part.start, occurrence.recurrence_id) else {
        return out;
    };
    let time = |name: &str, seconds: i64| match (start.is_date, &start.zone) {
        (true, _) => {
            let day = floating.to_local(seconds);
            Property::new(name, day.strftime("%Y%m%d").to_string()).with("VALUE", "DATE")
        }
        (false, None) => Property::new(
            name,
            floating.to_local(seconds).strftime("%Y%m%dT%H%M%S").to_string(),
        ),
        (false, Some(_)) => utc(name, seconds),
    };
    let place_s = series_zone.unwrap_or(floating).to_utc(place);
    out.put(time("DTSTART", occurrence.start_s));
    let at = out
        .properties
        .iter()
        .position(|p| p.name == "DTSTART")
        .unwrap_or(0);
    out.properties.insert(at + 1, time("RECURRENCE-ID", place_s));
    // A period among the RDATEs has a length of its own.
    let has_own_length = part
        .added
        .iter()
        .any(|(m, length)| length.is_some() && m.local_in(series_zone) == place);
    let end_name = if out.name == "VTODO" { "DUE" } else { "DTEND" };
    if has_own_length {
        out.remove("DURATION");
    }
    if out.property(end_name).is_some() || has_own_length {
        out.put(time(end_name, occurrence.end_s));
    }
    out
}

fn utc(name: &str, seconds: i64) -> Property {
    Property::new(name, plain_time(seconds).strftime("%Y%m%dT%H%M%SZ").to_string())
}

/// Whatever has a zone is written in UTC.
fn in_utc(mut component: Component, zones: &Zones) -> Component {
    for property in &mut component.properties {
        if property.name == "RECURRENCE-ID" {
            property.take_param("RANGE");
        }
        let Some(name) = property.param("TZID") else {
            continue;
        };
        let Some(zone) = zones.get(name).cloned().or_else(|| Zone::by_name(name)) else {
            continue;
        };
        let moments: Option<Vec<String>> = property
            .value
            .split(',')
            .map(|text| {
                let written = parse_time(text).filter(|w| !w.is_date)?;
                let seconds = match written.is_utc {
                    true => plain_seconds(written.local),
                    false => zone.to_utc(written.local),
                };
                Some(plain_time(seconds).strftime("%Y%m%dT%H%M%SZ").to_string())
            })
            .collect();
        if let Some(moments) = moments {
            property.value = moments.join(",");
            property.take_param("TZID");
        }
    }
    component.parts = component.parts.into_iter().map(|p| in_utc(p, zones)).collect();
    component
}

/// The event itself, and those overrides that lie in the window or would have lain there (RFC 4791 §9.6.6).
pub fn with_overrides_in(object: &CalendarObject, floating: &Zone, window: Window) -> Component {
    let within: BTreeSet<usize> = expand(object, floating, window.0, window.1)
        .iter()
        .map(|o| o.part)
        .collect();
    let master = object.parts.iter().find(|p| p.recurrence_id.is_none());
    let length_s = master.map_or(0, |m| m.length.days * 86_400 + m.length.seconds);
    let mut left_out = BTreeSet::new();
    for (i, part) in object.parts.iter().enumerate() {
        let Some(place) = &part.recurrence_id else {
            continue;
        };
        let place_s = place.to_utc(floating);
        let would_lie = overlaps(place_s, place_s.saturating_add(length_s), window.0, window.1);
        let matters_later = part.is_this_and_future && place_s < window.1;
        if !(within.contains(&i) || would_lie || matters_later) {
            left_out.insert(part.component);
        }
    }
    let mut out = object.calendar.clone();
    let mut index = 0;
    out.parts.retain(|_| {
        index += 1;
        !left_out.contains(&(index - 1))
    });
    out
}

/// Busy times that touch the window; the others are left out (RFC 4791 §9.6.7).
pub fn with_busy_times_in(calendar: &mut Component, window: Window) {
    let is_within = |period: &str| {
        let Some((from, to)) = period.split_once('/') else {
            return true;
        };
        let Some(from_s) = parse_time(from).map(|w| plain_seconds(w.local)) else {
            return true;
        };
        let length = parse_duration(to).map(|l| from_s.saturating_add(l.days * 86_400 + l.seconds));
        let to_s = length.or_else(|| parse_time(to).map(|w| plain_seconds(w.local)));
        to_s.is_none_or(|to_s| overlaps(from_s, to_s, window.0, window.1))
    };
    for part in calendar.parts.iter_mut().filter(|p| p.name == "VFREEBUSY") {
        part.properties.retain_mut(|p| {
            if p.name == "FREEBUSY" {
                let kept: Vec<&str> = p.value.split(',').filter(|t| is_within(t)).collect();
                p.value = kept.join(",");
            }
            p.name != "FREEBUSY" || !p.value.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::print::print_component;
    use crate::formats::ical::read_object;

    fn object(lines: &str) -> CalendarObject {
        let raw = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{lines}\nEND:VCALENDAR\n");
        read_object(raw.as_bytes()).unwrap()
    }

    fn at(text: &str) -> i64 {
        plain_seconds(parse_time(text).unwrap().local)
    }

    fn lines(component: &Component, names: &[&str]) -> Vec<String> {
        let text = print_component(component);
        let is_named = |l: &&str| names.iter().any(|n| l.starts_with(n));
        text.lines().filter(is_named).map(str::to_owned).collect()
    }

    #[test]
    fn a_series_becomes_occurrences_in_utc() {
        let object = object(
            "BEGIN:VEVENT\nUID:u\nDTSTART;TZID=Europe/Berlin:20261019T090000\nDTEND;TZID=Europe/Berlin:20261019T100000\n\
             RRULE:FREQ=WEEKLY\nEXDATE;TZID=Europe/Berlin:20261109T090000\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\n\
             RECURRENCE-ID;TZID=Europe/Berlin:20261102T090000\nDTSTART;TZID=Europe/Berlin:20261103T110000\nDURATION:PT2H\nEND:VEVENT",
        );
        let window = (at("20261019T000000Z"), at("20261117T000000Z"));
        let out = expanded(&object, &Zone::utc(), window, 10_000).unwrap();
        let expected = [
            "DTSTART:20261019T070000Z",
            "RECURRENCE-ID:20261019T070000Z",
            "DTEND:20261019T080000Z",
            // The clocks have changed.
            "DTSTART:20261026T080000Z",
            "RECURRENCE-ID:20261026T080000Z",
            "DTEND:20261026T090000Z",
            "RECURRENCE-ID:20261102T080000Z",
            "DTSTART:20261103T100000Z",
            "DURATION:PT2H",
            "DTSTART:20261116T080000Z",
            "RECURRENCE-ID:20261116T080000Z",
            "DTEND:20261116T090000Z",
        ];
        let all = ["DT", "RECURRENCE", "DURATION", "RRULE", "EXDATE"];
        assert_eq!(lines(&out, &all), expected);
        let e = expanded(&object, &Zone::utc(), window, 100).unwrap_err();
        assert_eq!(e.kind(), crate::base::Kind::TooLarge);
    }

    #[test]
    fn days_and_what_floats_keep_their_form() {
        let days =
            object("BEGIN:VEVENT\nUID:u\nDTSTART;VALUE=DATE:20261101\nRRULE:FREQ=DAILY;COUNT=2\nEND:VEVENT");
        let berlin = Zone::by_name("Europe/Berlin").unwrap();
        let window = (at("20261030T000000Z"), at("20261110T000000Z"));
        let out = expanded(&days, &berlin, window, 10_000).unwrap();
        assert_eq!(
            lines(&out, &["DT", "REC"]),
            [
                "DTSTART;VALUE=DATE:20261101",
                "RECURRENCE-ID;VALUE=DATE:20261101",
                "DTSTART;VALUE=DATE:20261102",
                "RECURRENCE-ID;VALUE=DATE:20261102",
            ]
        );
        let floats =
            object("BEGIN:VEVENT\nUID:u\nDTSTART:20261101T090000\nRRULE:FREQ=DAILY;COUNT=1\nEND:VEVENT");
        let out = expanded(&floats, &berlin, window, 10_000).unwrap();
        assert_eq!(
            lines(&out, &["DT", "REC"]),
            ["DTSTART:20261101T090000", "RECURRENCE-ID:20261101T090000"]
        );
    }

    #[test]
    fn what_follows_an_override_follows_it() {
        let object = object(
            "BEGIN:VEVENT\nUID:u\nSUMMARY:a\nDTSTART:20261101T090000Z\nRRULE:FREQ=DAILY;COUNT=4\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\n\
             SUMMARY:b\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261103T090000Z\nDTSTART:20261103T100000Z\nEND:VEVENT",
        );
        let window = (at("20261102T000000Z"), at("20261110T000000Z"));
        let out = expanded(&object, &Zone::utc(), window, 10_000).unwrap();
        assert_eq!(
            lines(&out, &["DTSTART", "REC", "SUMM"]),
            [
                "SUMMARY:a",
                "DTSTART:20261102T090000Z",
                "RECURRENCE-ID:20261102T090000Z",
                "SUMMARY:b",
                "RECURRENCE-ID:20261103T090000Z",
                "DTSTART:20261103T100000Z",
                "SUMMARY:b",
                "DTSTART:20261104T100000Z",
                "RECURRENCE-ID:20261104T090000Z",
            ]
        );
    }

    #[test]
    fn only_overrides_and_busy_times_that_matter_stay() {
        let object = object(
            "BEGIN:VEVENT\nUID:u\nSUMMARY:a\nDTSTART:20261101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:u\nSUMMARY:out\nRECURRENCE-ID:20261102T090000Z\nDTSTART:20261102T100000Z\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:u\nSUMMARY:moved out\nRECURRENCE-ID:20261110T090000Z\nDTSTART:20261202T100000Z\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:u\nSUMMARY:moved in\nRECURRENCE-ID:20261120T090000Z\nDTSTART:20261110T100000Z\nEND:VEVENT",
        );
        let window = (at("20261110T000000Z"), at("20261111T000000Z"));
        let out = with_overrides_in(&object, &Zone::utc(), window);
        assert_eq!(
            lines(&out, &["SUMM"]),
            ["SUMMARY:a", "SUMMARY:moved out", "SUMMARY:moved in"]
        );
        let mut busy = self::object(
            "BEGIN:VFREEBUSY\nUID:u\nFREEBUSY:20261109T090000Z/PT1H,20261110T090000Z/PT1H\nFREEBUSY:20261112T090000Z/20261112T100000Z\nEND:VFREEBUSY",
        );
        with_busy_times_in(&mut busy.calendar, window);
        assert_eq!(
            lines(&busy.calendar, &["FREE"]),
            ["FREEBUSY:20261110T090000Z/PT1H"]
        );
    }
}
