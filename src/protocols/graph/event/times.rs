//! When an event takes place: start, end, isAllDay and recurrence, which only make sense together.

use super::recurrence::Pattern;
use super::seen::Seen;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::object::Moment;
use crate::formats::ical::zone::{Zone, plain_time};
use crate::formats::ical::zone_print::describe_zone;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::zones::{Given, NamedZone};
use jiff::civil::DateTime;
use serde_json::Value;

pub fn start(seen: &Seen) -> Value {
    shown(seen, seen.start_s)
}

pub fn end(seen: &Seen) -> Value {
    shown(seen, seen.end_s)
}

/// Dates are the same day for everybody.
fn shown(seen: &Seen, utc_s: i64) -> Value {
    let zone = &seen.look.zone;
    let local = zone.zone.to_local(utc_s);
    match seen.is_all_day() {
        // A day may begin at one o'clock where the clocks change at midnight.
        true => zone.print_local(local.date().at(0, 0, 0, 0)),
        false => zone.print_local(local),
    }
}

/// The zone that the event was made in.
pub fn original_zone(seen: &Seen, name: &str) -> Value {
    let property = seen.component().property(name);
    let property = property.or_else(|| seen.component().property("DTSTART"));
    let tzid = property.and_then(|p| p.param("TZID"));
    tzid.unwrap_or("UTC").into()
}

pub fn recurrence(seen: &Seen) -> Value {
    if !seen.is_master() {
        return Value::Null;
    }
    let part = &seen.calendar.parts[seen.part];
    let (Some(rule), Some(start)) = (part.rules.first(), &part.start) else {
        // A series of single dates: no pattern says it.
        return Value::Null;
    };
    let zone = start.zone.clone().unwrap_or_else(Zone::utc);
    let name = original_zone(seen, "DTSTART");
    Pattern::of_rule(rule, start.local, &zone).print(start.local.date(), name.as_str().unwrap_or("UTC"))
}

/// A moment as it is to be written.
#[derive(Clone, Debug)]
struct Spot {
    local: DateTime,
    /// None: it floats.
    zone: Option<NamedZone>,
}

impl Spot {
    fn of_moment(moment: &Moment, property: Option<&Property>) -> Spot {
        let name = property.and_then(|p| p.param("TZID")).unwrap_or("UTC");
        Spot {
            local: moment.local,
            zone: moment.zone.clone().map(|zone| NamedZone {
                name: name.to_owned(),
                zone,
            }),
        }
    }

    fn to_utc(&self) -> i64 {
        self.zone
            .as_ref()
            .map_or_else(Zone::utc, |z| z.zone.clone())
            .to_utc(self.local)
    }

    /// What was given; in the zone that the event has, where the client speaks UTC only.
    fn given(given: Given, old: Option<&Spot>, is_all_day: bool) -> Spot {
        let kept = old.and_then(|o| o.zone.as_ref()).filter(|z| !z.is_utc());
        match kept {
            Some(zone) if given.zone.is_utc() && !is_all_day => Spot {
                local: zone.zone.to_local(given.to_utc()),
                zone: Some(zone.clone()),
            },
            _ => Spot {
                local: given.local,
                zone: Some(given.zone),
            },
        }
    }

    fn property(&self, name: &str, is_all_day: bool) -> Property {
        if is_all_day {
            return Property::new(name, self.local.strftime("%Y%m%d").to_string()).with("VALUE", "DATE");
        }
        let text = self.local.strftime("%Y%m%dT%H%M%S").to_string();
        match &self.zone {
            None => Property::new(name, text),
            Some(zone) => match zone.tzid() {
                None => Property::new(name, format!("{text}Z")),
                Some(tzid) => Property::new(name, text).with("TZID", tzid),
            },
        }
    }
}

/// A moment of a series as its DTSTART is written, for EXDATE and RECURRENCE-ID.
pub fn like_start(component: &Component, name: &str, at: DateTime) -> Property {
    let mut out = component.property("DTSTART").cloned().unwrap_or_default();
    out.name = name.to_owned();
    let is_date = out.param("VALUE") == Some("DATE") || out.value.trim().len() == 8;
    out.value = match is_date {
        true => at.strftime("%Y%m%d").to_string(),
        false => {
            let mark = if out.value.trim().ends_with(['Z', 'z']) {
                "Z"
            } else {
                ""
            };
            format!("{}{mark}", at.strftime("%Y%m%dT%H%M%S"))
        }
    };
    out
}

/// Where an event is before a change. None of it for one that is being made.
#[derive(Default)]
pub struct Before<'p> {
    pub start: Option<&'p Moment>,
    /// Its length in seconds, of one of a series too.
    pub length_s: i64,
    /// The pattern as it is shown.
    pub recurrence: Value,
    pub is_occurrence: bool,
}

/// Writes what the body says about times. Returns whether the series is another one now.
/// Errors: 400 that says what is wrong.
pub fn write(component: &mut Component, before: &Before, body: &Value) -> Result<bool, GraphError> {
    let given = |name: &str| -> Result<Option<Given>, GraphError> {
        json::object(body, name)?
            .map(|v| Given::read(v, name))
            .transpose()
    };
    let (start, end) = (given("start")?, given("end")?);
    let was_all_day = before.start.is_some_and(|s| s.is_date);
    let is_all_day = json::boolean(body, "isAllDay")?.unwrap_or(was_all_day);
    let has_recurrence = body
        .as_object()
        .is_some_and(|o| o.keys().any(|k| k.eq_ignore_ascii_case("recurrence")));
    if start.is_none() && end.is_none() && is_all_day == was_all_day && !has_recurrence {
        return Ok(false);
    }
    let old = before
        .start
        .map(|m| Spot::of_moment(m, component.property("DTSTART")));
    let (old_start, old_end) = match &old {
        Some(start) => (Some(start.clone()), Some(moved(start, before.length_s))),
        None => (None, None),
    };
    let pick = |given: Option<Given>, old: Option<Spot>, name: &str| match given {
        Some(given) => Ok(Spot::given(given, old.as_ref(), is_all_day)),
        None => old.ok_or_else(|| GraphError::bad("ErrorInvalidRequest", format!("»{name}« is missing"))),
    };
    let is_moved = start.is_some() || end.is_some() || is_all_day != was_all_day;
    let mut start = pick(start, old_start, "start")?;
    let mut end = pick(end, old_end, "end")?;
    check(
        &mut start,
        &mut end,
        is_all_day,
        is_all_day == was_all_day || before.start.is_none(),
    )?;
    let mut is_other = false;
    if has_recurrence {
        is_other = write_recurrence(component, before, body, (&mut start, &mut end), is_all_day)?;
    }
    if is_moved || is_other {
        component.put(start.property("DTSTART", is_all_day));
        component.put(end.property("DTEND", is_all_day));
        component.remove("DURATION");
    }
    Ok(is_other)
}

fn moved(start: &Spot, by_s: i64) -> Spot {
    let zone = start.zone.as_ref().map_or_else(Zone::utc, |z| z.zone.clone());
    Spot {
        local: zone.to_local(start.to_utc().saturating_add(by_s)),
        zone: start.zone.clone(),
    }
}

/// Errors: ErrorCalendarEndDateIsEarlierThanStartDate; ErrorPropertyValidationFailure for days that are none.
fn check(start: &mut Spot, end: &mut Spot, is_all_day: bool, is_given: bool) -> Result<(), GraphError> {
    if is_all_day {
        let is_midnight = |s: &Spot| s.local.time() == jiff::civil::Time::midnight();
        if is_given && !(is_midnight(start) && is_midnight(end)) {
            return Err(GraphError::bad(
                "ErrorPropertyValidationFailure",
                "an event that is all day begins and ends at midnight",
            ));
        }
        if !is_midnight(end) {
            end.local = end
                .local
                .date()
                .tomorrow()
                .unwrap_or(end.local.date())
                .at(0, 0, 0, 0);
        }
        start.local = start.local.date().at(0, 0, 0, 0);
        (start.zone, end.zone) = (None, None);
        if end.local == start.local {
            end.local = start
                .local
                .date()
                .tomorrow()
                .unwrap_or(start.local.date())
                .at(0, 0, 0, 0);
        }
    } else {
        // A day that gets a time has a zone from now on.
        for spot in [&mut *start, &mut *end] {
            if !is_given && spot.zone.is_none() {
                spot.zone = Some(NamedZone::utc());
            }
        }
    }
    if end.to_utc() < start.to_utc() {
        return Err(GraphError::bad(
            "ErrorCalendarEndDateIsEarlierThanStartDate",
            "the event ends before it begins; give »start« and »end«",
        ));
    }
    Ok(())
}

/// Returns whether the pattern is another one than before.
fn write_recurrence(
    component: &mut Component,
    before: &Before,
    body: &Value,
    (start, end): (&mut Spot, &mut Spot),
    is_all_day: bool,
) -> Result<bool, GraphError> {
    let Some(wanted) = json::object(body, "recurrence")? else {
        let was_series = component.property("RRULE").is_some() || component.property("RDATE").is_some();
        for name in ["RRULE", "RDATE", "EXDATE", "EXRULE"] {
            component.remove(name);
        }
        return Ok(was_series);
    };
    if before.is_occurrence {
        return Err(GraphError::bad(
            "ErrorInvalidRequest",
            "one of a series has no »recurrence« of its own; change the seriesMaster",
        ));
    }
    // A series has the zone of its pattern, so that it keeps its hour when the clocks change.
    let range = json::object(wanted, "range")?;
    let zone = match range
        .map(|r| json::text(r, "recurrenceTimeZone"))
        .transpose()?
        .flatten()
    {
        Some(name) if !name.trim().is_empty() => Some(NamedZone::find(name)?),
        _ => None,
    };
    let is_utc = start.zone.as_ref().is_some_and(NamedZone::is_utc);
    if let Some(zone) = zone.filter(|z| !is_all_day && is_utc && !z.is_utc()) {
        for spot in [&mut *start, &mut *end] {
            let utc_s = spot.to_utc();
            (spot.local, spot.zone) = (zone.zone.to_local(utc_s), Some(zone.clone()));
        }
    }
    let pattern = Pattern::read(wanted, start.local.date())?;
    // Named as it is: the rule may say more than the pattern, and stays.
    if !before.recurrence.is_null() {
        let shown = Pattern::read(&before.recurrence, start.local.date());
        if shown.is_ok_and(|s| s == pattern) {
            return Ok(false);
        }
    }
    let first = pattern.first_from(start.local.date());
    let days = start.local.date().duration_until(first).as_hours() / 24;
    for spot in [&mut *start, &mut *end] {
        spot.local = plain_time(crate::formats::ical::zone::plain_seconds(spot.local) + days * 86_400);
    }
    for name in ["RDATE", "EXRULE"] {
        component.remove(name);
    }
    let zone = start.zone.as_ref().map(|z| &z.zone);
    component.put(Property::new("RRULE", pattern.rule_text(is_all_day, zone)));
    Ok(true)
}

/// Describes the zones that times of the calendar name and nobody has described.
pub fn describe_zones(calendar: &mut Component) {
    let mut wanted: Vec<(String, i16)> = Vec::new();
    for component in calendar.parts.iter().filter(|p| p.name != "VTIMEZONE") {
        for property in &component.properties {
            let year = property
                .value
                .get(..4)
                .and_then(|y| y.parse().ok())
                .unwrap_or(2000);
            if let Some(tzid) = property.param("TZID")
                && !wanted.iter().any(|(t, _)| t == tzid)
            {
                wanted.push((tzid.to_owned(), year));
            }
        }
    }
    for (tzid, year) in wanted {
        let is_there = calendar
            .parts
            .iter()
            .any(|p| p.name == "VTIMEZONE" && p.text("TZID").is_some_and(|t| t == tzid));
        let described = Zone::by_name(&tzid).and_then(|zone| describe_zone(&tzid, &zone, year));
        if let Some(described) = described.filter(|_| !is_there) {
            calendar.parts.insert(0, described);
        }
    }
}
