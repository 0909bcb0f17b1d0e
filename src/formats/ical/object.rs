//! One calendar object as a program stores it (RFC 4791 §4.1): a UID with its event, task or journal entry, and the
//! overrides of single occurrences. What cannot be read without guessing is refused with its line.

use super::rule::Rule;
use super::value::{Length, Written, parse_duration, parse_time, time_of};
use super::zone::{Zone, Zones, plain_seconds, read_zones};
use crate::base::{Error, Result};
use crate::formats::content_line::{Component, Property, read_component};
use jiff::civil::DateTime;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentKind {
    Event = 1,
    Task = 2,
    Journal = 3,
    FreeBusy = 4,
    Availability = 5,
}

impl ComponentKind {
    pub const ALL: [ComponentKind; 5] = [
        ComponentKind::Event,
        ComponentKind::Task,
        ComponentKind::Journal,
        ComponentKind::FreeBusy,
        ComponentKind::Availability,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ComponentKind::Event => "VEVENT",
            ComponentKind::Task => "VTODO",
            ComponentKind::Journal => "VJOURNAL",
            ComponentKind::FreeBusy => "VFREEBUSY",
            ComponentKind::Availability => "VAVAILABILITY",
        }
    }

    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|k| k.name().eq_ignore_ascii_case(name))
    }
}

/// A time with its zone; None: it floats, as dates do.
#[derive(Clone, Debug)]
pub struct Moment {
    pub local: DateTime,
    pub is_date: bool,
    pub zone: Option<Zone>,
}

impl Moment {
    /// Seconds since 1970; `floating`: where those who look are.
    pub fn to_utc(&self, floating: &Zone) -> i64 {
        self.zone.as_ref().unwrap_or(floating).to_utc(self.local)
    }

    /// The local time of `zone` for the same moment; what floats stays as it is.
    pub fn local_in(&self, zone: Option<&Zone>) -> DateTime {
        match (&self.zone, zone) {
            (Some(own), Some(other)) => other.to_local(own.to_utc(self.local)),
            _ => self.local,
        }
    }
}

/// The event itself, or an override of it.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which of the calendar's components this is.
    pub component: usize,
    pub start: Option<Moment>,
    pub length: Length,
    pub rules: Vec<Rule>,
    /// EXRULE, which RFC 5545 no longer has and programs still send.
    pub excluding_rules: Vec<Rule>,
    pub added: Vec<(Moment, Option<Length>)>,
    pub excluded: Vec<Moment>,
    pub recurrence_id: Option<Moment>,
    pub is_this_and_future: bool,
    pub due: Option<Moment>,
    pub completed: Option<Moment>,
    pub created: Option<Moment>,
}

#[derive(Clone, Debug)]
pub struct CalendarObject {
    pub calendar: Component,
    pub kind: ComponentKind,
    pub uid: String,
    /// The event itself first.
    pub parts: Vec<Part>,
}

/// Values of all RDATE and EXDATE of a component.
const MAX_DATES: usize = 20_000;

/// Reads and checks an object. Errors: Invalid, with the line.
pub fn read_object(raw: &[u8]) -> Result<CalendarObject> {
    check_object(read_component(raw)?, true)
}

/// The object that a calendar is. `needs_start`: events without a DTSTART are refused, as they are where objects are
/// stored; messages about an event may leave it out (RFC 5546 §3.2.3). Errors: Invalid, with the line.
pub fn check_object(calendar: Component, needs_start: bool) -> Result<CalendarObject> {
    let zones = read_zones(&calendar)?;
    check_in_zones(calendar, &zones, needs_start)
}

/// As [`check_object`], with the zones that its surroundings describe.
pub fn check_in_zones(calendar: Component, zones: &Zones, needs_start: bool) -> Result<CalendarObject> {
    if calendar.name != "VCALENDAR" {
        return Err(Error::invalid(format!(
            "line {}: this is no VCALENDAR but {}",
            calendar.line, calendar.name
        )));
    }
    if let Some(scale) = calendar.property("CALSCALE")
        && !scale.value.trim().eq_ignore_ascii_case("GREGORIAN")
    {
        return Err(scale.wrong("is a calendar that is not known; known: GREGORIAN"));
    }
    let (mut kind, mut uid, mut parts) = (None, None::<String>, Vec::new());
    for (i, component) in calendar.parts.iter().enumerate() {
        let Some(own) = ComponentKind::by_name(&component.name) else {
            continue;
        };
        if *kind.get_or_insert(own) != own {
            return Err(at(component, "another kind of component than the one before"));
        }
        let own_uid = component
            .text("UID")
            .map(|u| u.trim().to_owned())
            .filter(|u| !u.is_empty());
        let own_uid = own_uid.ok_or_else(|| at(component, "has no UID"))?;
        if uid.get_or_insert_with(|| own_uid.clone()) != &own_uid {
            return Err(at(
                component,
                "has another UID than the one before; store each by itself",
            ));
        }
        parts.push(read_part(i, component, own, zones, needs_start)?);
    }
    let (Some(kind), Some(uid)) = (kind, uid) else {
        return Err(at(&calendar, "holds no event, task or journal entry"));
    };
    parts.sort_by_key(|p| p.recurrence_id.is_some());
    if parts.iter().filter(|p| p.recurrence_id.is_none()).count() > 1 {
        return Err(at(
            &calendar,
            "holds the same event twice; an override needs a RECURRENCE-ID",
        ));
    }
    Ok(CalendarObject {
        calendar,
        kind,
        uid,
        parts,
    })
}

fn at(component: &Component, what: &str) -> Error {
    Error::invalid(format!("line {}: {} {what}", component.line, component.name))
}

fn read_part(
    index: usize,
    component: &Component,
    kind: ComponentKind,
    zones: &Zones,
    needs_start: bool,
) -> Result<Part> {
    let moment = |name: &str| -> Result<Option<Moment>> {
        let property = component.property(name);
        property.map(|p| moment_of(p, zones)).transpose()
    };
    let start = moment("DTSTART")?;
    let recurrence_id = moment("RECURRENCE-ID")?;
    if needs_start && start.is_none() && kind == ComponentKind::Event && recurrence_id.is_none() {
        return Err(at(component, "has no DTSTART"));
    }
    let range = component.property("RECURRENCE-ID").and_then(|p| p.param("RANGE"));
    let rules = |name: &str| -> Result<Vec<Rule>> { component.all(name).take(20).map(Rule::read).collect() };
    let due = moment("DUE")?;
    let end = moment("DTEND")?.or_else(|| due.clone());
    let mut part = Part {
        component: index,
        start: start.or_else(|| recurrence_id.clone().filter(|_| kind == ComponentKind::Event)),
        length: Length::default(),
        rules: rules("RRULE")?,
        excluding_rules: rules("EXRULE")?,
        added: Vec::new(),
        excluded: Vec::new(),
        recurrence_id,
        is_this_and_future: range.is_some_and(|r| r.eq_ignore_ascii_case("THISANDFUTURE")),
        due,
        completed: moment("COMPLETED")?,
        created: moment("CREATED")?,
    };
    part.length = length(component, &part, end)?;
    for property in component.all("RDATE") {
        read_dates(property, zones, &mut part.added)?;
    }
    let mut excluded = Vec::new();
    for property in component.all("EXDATE") {
        read_dates(property, zones, &mut excluded)?;
    }
    part.excluded = excluded.into_iter().map(|(m, _)| m).collect();
    Ok(part)
}

fn length(component: &Component, part: &Part, end: Option<Moment>) -> Result<Length> {
    if let Some(duration) = component.property("DURATION") {
        let length = parse_duration(&duration.value);
        return length.ok_or_else(|| duration.wrong("is no duration; write PT1H30M"));
    }
    let Some(start) = &part.start else {
        return Ok(Length::default());
    };
    match end {
        Some(end) if start.is_date && end.is_date => {
            let days = start.local.date().duration_until(end.local.date()).as_hours() / 24;
            // Some programs write the end of one day as its beginning.
            Ok(Length {
                days: days.max(1),
                seconds: 0,
            })
        }
        Some(end) => {
            let utc = Zone::utc();
            let seconds = match (&start.zone, &end.zone) {
                (None, None) | (None, Some(_)) | (Some(_), None) => {
                    plain_seconds(end.local) - plain_seconds(start.local)
                }
                _ => end.to_utc(&utc) - start.to_utc(&utc),
            };
            Ok(Length {
                days: 0,
                seconds: seconds.max(0),
            })
        }
        None if start.is_date => Ok(Length { days: 1, seconds: 0 }),
        None => Ok(Length::default()),
    }
}

fn read_dates(property: &Property, zones: &Zones, out: &mut Vec<(Moment, Option<Length>)>) -> Result<()> {
    // Programs write the line without any value when the last date is gone.
    for text in property.value.split(',').filter(|t| !t.trim().is_empty()) {
        let (first, rest) = match text.split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (text, None),
        };
        let wrong = || property.wrong("is no list of dates, times or periods");
        let moment = place(parse_time(first).ok_or_else(wrong)?, property, zones)?;
        let length = match rest {
            None => None,
            Some(rest) => Some(match parse_duration(rest) {
                Some(length) => length,
                None => {
                    let end = place(parse_time(rest).ok_or_else(wrong)?, property, zones)?;
                    let utc = Zone::utc();
                    let seconds = end.to_utc(&utc) - moment.to_utc(&utc);
                    Length {
                        days: 0,
                        seconds: seconds.max(0),
                    }
                }
            }),
        };
        if out.len() >= MAX_DATES {
            return Err(property.wrong("is one date too many"));
        }
        out.push((moment, length));
    }
    Ok(())
}

pub(super) fn moment_of(property: &Property, zones: &Zones) -> Result<Moment> {
    place(time_of(property)?, property, zones)
}

/// Errors: Invalid, for a TZID that is neither known nor described in the object.
fn place(written: Written, property: &Property, zones: &Zones) -> Result<Moment> {
    let zone = match (written.is_date, written.is_utc, property.param("TZID")) {
        (true, _, _) => None,
        (_, true, _) => Some(Zone::utc()),
        (_, _, None) => None,
        (_, _, Some(name)) => {
            let zone = zones.get(name).cloned().or_else(|| Zone::by_name(name));
            Some(zone.ok_or_else(|| {
                property.wrong(&format!(
                    "is in the time zone »{name}«, which is not known; the object must describe it in a VTIMEZONE"
                ))
            })?)
        }
    };
    Ok(Moment {
        local: written.local,
        is_date: written.is_date,
        zone,
    })
}
