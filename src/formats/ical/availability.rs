//! When somebody can be met at all (RFC 7953): VAVAILABILITY as periods in which they cannot, and the form that working
//! hours have in it.

use super::expand::{MAX_OCCURRENCES, expand};
use super::itip::PRODUCT;
use super::object::{CalendarObject, Moment, check_in_zones, moment_of};
use super::rule::Frequency;
use super::value::parse_duration;
use super::zone::{Zone, Zones, read_zones};
use super::zone_print::{day_word, describe_zone};
use crate::base::{Error, Result};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_component};
use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, ToSpan};

/// How busy somebody is (RFC 5545 §3.2.9); the order is that of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BusyType {
    Busy,
    Tentative,
    /// Not there: outside of their hours, or away.
    Unavailable,
}

impl BusyType {
    pub fn name(self) -> &'static str {
        match self {
            BusyType::Busy => "BUSY",
            BusyType::Tentative => "BUSY-TENTATIVE",
            BusyType::Unavailable => "BUSY-UNAVAILABLE",
        }
    }
}

/// In seconds since 1970, the end not part of it.
pub type Closed = (i64, i64, BusyType);

/// All that somebody says about when they are there, the least important first.
#[derive(Clone, Debug, Default)]
pub struct Availability {
    sheets: Vec<Sheet>,
}

/// One VAVAILABILITY.
#[derive(Clone, Debug)]
struct Sheet {
    /// 0 to 9, more counts more.
    rank: u8,
    start: Option<Moment>,
    end: Option<Moment>,
    busy: BusyType,
    /// When they are there: AVAILABLE, each with its overrides.
    open: Vec<CalendarObject>,
    /// How many AVAILABLE that were, the overrides among them.
    said: usize,
}

/// The same hours on some days of each week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeeklyHours {
    pub days: Vec<Weekday>,
    pub start: Time,
    /// Before the start: of the next day.
    pub end: Time,
    /// As it is written.
    pub zone: String,
}

/// What is said of one's availability in one property or object. Nobody's hours are longer.
pub const MAX_BYTES: usize = 64 << 10;
/// In all that somebody says; they have one or two.
const MAX_SHEETS: usize = 50;
const MAX_OPEN: usize = 200;

/// Errors: TooLarge.
pub fn check_size(bytes: usize) -> Result<()> {
    match bytes > MAX_BYTES {
        true => Err(Error::too_large(format!(
            "what is said of one's availability has at most {} kB; leave out what is over",
            MAX_BYTES >> 10
        ))),
        false => Ok(()),
    }
}

impl Availability {
    /// Of a VCALENDAR with one or more VAVAILABILITY. Errors: Invalid, with the line.
    pub fn read(raw: &[u8]) -> Result<Availability> {
        let mut out = Availability::default();
        out.add(&read_component(raw)?)?;
        match out.sheets.is_empty() {
            true => Err(Error::invalid("the calendar holds no VAVAILABILITY")),
            false => Ok(out),
        }
    }

    /// What a calendar says besides. Errors: Invalid, with the line, also for more than 200 AVAILABLE in all.
    pub fn add(&mut self, calendar: &Component) -> Result<()> {
        let zones = read_zones(calendar)?;
        let mut left = MAX_OPEN - self.sheets.iter().map(|s| s.said).sum::<usize>();
        for part in calendar.parts.iter().filter(|p| p.name == "VAVAILABILITY") {
            if self.sheets.len() >= MAX_SHEETS {
                return Err(wrong(part, "is one too many"));
            }
            let sheet = Sheet::read(part, &zones, left)?;
            left -= sheet.said;
            self.sheets.push(sheet);
        }
        self.sheets.sort_by_key(|s| s.rank);
        Ok(())
    }

    /// When they cannot be met within the window, ascending and side by side. `floating`: where they are. Of the times at
    /// which they are there, so many count as of a series; at what is beyond, they cannot be met.
    pub fn closed(&self, floating: &Zone, window: (i64, i64)) -> Vec<Closed> {
        self.closed_within(floating, window, &mut { MAX_OCCURRENCES })
    }

    fn closed_within(&self, floating: &Zone, window: (i64, i64), budget: &mut usize) -> Vec<Closed> {
        let mut out: Vec<Closed> = Vec::new();
        for sheet in &self.sheets {
            let (from_s, to_s) = sheet.span(floating);
            let (from_s, to_s) = (from_s.max(window.0), to_s.min(window.1));
            if from_s >= to_s {
                continue;
            }
            // What counts more takes the place of what was said of its time.
            let before = out.iter().map(|(s, e, b)| (*s, (*e).min(from_s), *b));
            let behind = out.iter().map(|(s, e, b)| ((*s).max(to_s), *e, *b));
            let mut all: Vec<Closed> = before.chain(behind).filter(|(s, e, _)| s < e).collect();
            all.extend(sheet.closed(floating, (from_s, to_s), budget));
            all.sort_unstable();
            out = all;
        }
        out
    }

    /// Its hours, where it says nothing else.
    pub fn weekly(&self) -> Option<WeeklyHours> {
        match self.sheets.as_slice() {
            [sheet] => sheet.weekly(),
            _ => None,
        }
    }

    /// Its hours, beside what it says of some time, as of holidays.
    pub fn usual_hours(&self) -> Option<WeeklyHours> {
        let mut lasting = self.sheets.iter().filter(|s| s.end.is_none());
        let sheet = lasting.next()?;
        match lasting.next() {
            None => sheet.weekly(),
            Some(_) => None,
        }
    }
}

impl Sheet {
    /// Its hours, where it says nothing else and always holds.
    fn weekly(&self) -> Option<WeeklyHours> {
        let sheet = self;
        if sheet.end.is_some() || sheet.busy != BusyType::Unavailable {
            return None;
        }
        let mut out: Option<WeeklyHours> = None;
        for open in &sheet.open {
            let one = weekly_of(open)?;
            match &mut out {
                None => out = Some(one),
                Some(all) if (all.start, all.end, &all.zone) == (one.start, one.end, &one.zone) => {
                    all.days.extend(one.days)
                }
                Some(_) => return None,
            }
        }
        let mut out = out?;
        out.days.sort_unstable_by_key(|d| d.to_monday_zero_offset());
        out.days.dedup();
        Some(out)
    }
}

impl Sheet {
    /// `most`: AVAILABLE.
    fn read(part: &Component, zones: &Zones, most: usize) -> Result<Sheet> {
        let moment = |name: &str| -> Result<Option<Moment>> {
            part.property(name).map(|p| moment_of(p, zones)).transpose()
        };
        let start = moment("DTSTART")?;
        let mut end = moment("DTEND")?;
        if let (Some(start), Some(property)) = (&start, part.property("DURATION")) {
            let length = parse_duration(&property.value);
            let length = length.ok_or_else(|| property.wrong("is no duration; write PT1H30M"))?;
            let seconds = length.days.saturating_mul(86_400).saturating_add(length.seconds);
            let local = start.local.checked_add(SignedDuration::from_secs(seconds));
            end = Some(Moment {
                local: local.map_err(|_| property.wrong("is beyond all calendars"))?,
                ..start.clone()
            });
        }
        let busy = match part.text("BUSYTYPE").map(|t| t.trim().to_ascii_uppercase()) {
            Some(word) if word == "BUSY" => BusyType::Busy,
            Some(word) if word == "BUSY-TENTATIVE" => BusyType::Tentative,
            _ => BusyType::Unavailable,
        };
        let priority = part.property("PRIORITY").map(|p| p.value.trim().parse::<u8>());
        // 0 says nothing, 1 counts most.
        let rank = match priority {
            Some(Ok(n @ 1..=9)) => 10 - n,
            _ => 0,
        };
        Ok(Sheet {
            rank,
            start,
            end,
            busy,
            open: open_times(part, zones, most)?,
            said: part.parts.iter().filter(|p| p.name == "AVAILABLE").count(),
        })
    }

    fn span(&self, floating: &Zone) -> (i64, i64) {
        let at = |m: &Option<Moment>| m.as_ref().map(|m| m.to_utc(floating));
        (
            at(&self.start).unwrap_or(i64::MIN),
            at(&self.end).unwrap_or(i64::MAX),
        )
    }

    /// What is left of the window without the times at which they are there.
    /// `budget`: occurrences that may still be looked at, of all sheets.
    fn closed(&self, floating: &Zone, (from_s, to_s): (i64, i64), budget: &mut usize) -> Vec<Closed> {
        let mut open: Vec<(i64, i64)> = Vec::new();
        for object in &self.open {
            if *budget == 0 {
                break;
            }
            let found = expand(object, floating, from_s, to_s);
            open.extend(found.iter().take(*budget).map(|o| (o.start_s, o.end_s)));
            *budget = budget.saturating_sub(found.len());
        }
        open.sort_unstable();
        let (mut out, mut at) = (Vec::new(), from_s);
        for (start_s, end_s) in open.into_iter().chain([(to_s, to_s)]) {
            if start_s > at {
                out.push((at, start_s.min(to_s), self.busy));
            }
            at = at.max(end_s);
        }
        out
    }
}

/// AVAILABLE is made like an event; those of one UID are one with its overrides. The zones are shared: what an object
/// describes of them is large. `most`: of all.
fn open_times(part: &Component, zones: &Zones, most: usize) -> Result<Vec<CalendarObject>> {
    let mut all: Vec<(String, Component)> = Vec::new();
    for (n, open) in part.parts.iter().filter(|p| p.name == "AVAILABLE").enumerate() {
        if n >= most {
            return Err(wrong(open, "is one too many"));
        }
        let uid = open.text("UID").unwrap_or_else(|| format!("{n}"));
        let mut event = Component {
            name: "VEVENT".to_owned(),
            parts: Vec::new(),
            ..open.clone()
        };
        event.set_text("UID", &uid);
        match all.iter_mut().find(|(u, _)| *u == uid) {
            Some((_, object)) => object.parts.push(event),
            None => {
                let mut object = Component::new("VCALENDAR");
                object.parts.push(event);
                all.push((uid, object));
            }
        }
    }
    all.into_iter()
        .map(|(_, o)| check_in_zones(o, zones, true))
        .collect()
}

fn wrong(component: &Component, what: &str) -> Error {
    Error::invalid(format!("line {}: {} {what}", component.line, component.name))
}

fn weekly_of(open: &CalendarObject) -> Option<WeeklyHours> {
    let [part] = open.parts.as_slice() else {
        return None;
    };
    let [rule] = part.rules.as_slice() else {
        return None;
    };
    let (start, component) = (part.start.as_ref()?, open.calendar.parts.get(part.component)?);
    let is_plain = part.added.is_empty() && part.excluded.is_empty() && part.excluding_rules.is_empty();
    let is_each_week = rule.interval == 1
        && matches!(rule.frequency, Frequency::Weekly | Frequency::Daily)
        && rule.count.is_none()
        && rule.until.is_none();
    let says_more = [
        &rule.by_hour,
        &rule.by_minute,
        &rule.by_second,
        &rule.by_month,
        &rule.by_month_day,
        &rule.by_year_day,
        &rule.by_week,
        &rule.by_set_pos,
    ];
    let seconds = part.length.days * 86_400 + part.length.seconds;
    if !is_plain
        || !is_each_week
        || start.is_date
        || says_more.iter().any(|p| !p.is_empty())
        || !(1..86_400).contains(&seconds)
    {
        return None;
    }
    let days: Vec<Weekday> = match (rule.by_day.is_empty(), rule.frequency) {
        (true, Frequency::Daily) => Weekday::Monday.cycle_forward().take(7).collect(),
        (true, _) => vec![start.local.weekday()],
        (false, _) => rule.by_day.iter().map(|(_, day)| *day).collect(),
    };
    let zone = match component.property("DTSTART")?.param("TZID") {
        Some(zone) => zone.to_owned(),
        None => start.zone.is_some().then(|| "UTC".to_owned())?,
    };
    let end = start.local.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    Some(WeeklyHours {
        days,
        start: start.local.time(),
        end: end.time(),
        zone,
    })
}

/// What is said, with other hours of each week; what is said of some time beside them, as of holidays, stays. None: the zone
/// is not known. Errors: Conflict, when it says more of its weeks than such hours do, which would be lost; Invalid.
pub fn replace_weekly(said: &[u8], hours: &WeeklyHours) -> Result<Option<String>> {
    let mut calendar = read_component(said)?;
    let zones = read_zones(&calendar)?;
    let mut lasting = Vec::new();
    for (at, part) in calendar.parts.iter().enumerate() {
        if part.name == "VAVAILABILITY" && Sheet::read(part, &zones, MAX_OPEN)?.end.is_none() {
            lasting.push(at);
        }
    }
    let is_plain = |at: usize| -> Result<bool> {
        let part = &calendar.parts[at];
        let sheet = Sheet::read(part, &zones, MAX_OPEN)?;
        // Hours on no day are ours, too.
        let is_never = sheet.open.is_empty() && part.text("UID").as_deref() == Some(HOURS_UID);
        Ok(is_never || sheet.weekly().is_some())
    };
    let place = match lasting.as_slice() {
        [] => None,
        [at] if is_plain(*at)? => Some(*at),
        _ => {
            return Err(Error::conflict(
                "a calendar program has set working hours that differ from day to day or change over time, which one pair of \
                 times for all days would replace; change them there, or remove them there first",
            ));
        }
    };
    let Some(made) = print_weekly(hours) else {
        return Ok(None);
    };
    let made = read_component(made.as_bytes())?;
    for part in made.parts {
        if part.name != "VAVAILABILITY" {
            let is_same = |p: &Component| p.name == part.name && p.text("TZID") == part.text("TZID");
            if !calendar.parts.iter().any(is_same) {
                calendar.parts.push(part);
            }
            continue;
        }
        match place {
            Some(at) => {
                let priority = calendar.parts[at].property("PRIORITY").cloned();
                calendar.parts[at] = part;
                calendar.parts[at].properties.extend(priority);
            }
            None => calendar.parts.push(part),
        }
    }
    Ok(Some(print_component(&calendar)))
}

/// Of the sheet with the hours that are set by a word of their own.
const HOURS_UID: &str = "working-hours";

/// Hours as a calendar with one VAVAILABILITY. `zone`: of the database, by its name. None: there is no such zone.
pub fn print_weekly(hours: &WeeklyHours) -> Option<String> {
    // A Monday before anybody looks.
    let monday = Date::new(2000, 1, 3).ok()?;
    let zone = Zone::by_name(&hours.zone)?;
    let mut sheet = Component::new("VAVAILABILITY");
    sheet.set("UID", HOURS_UID);
    sheet.set("DTSTAMP", "20000103T000000Z");
    if let Some(first) = hours.days.iter().min_by_key(|d| d.to_monday_zero_offset()) {
        let day = monday
            .checked_add(i64::from(first.to_monday_zero_offset()).days())
            .ok()?;
        let end_day = if hours.end <= hours.start {
            day.tomorrow().ok()?
        } else {
            day
        };
        let mut open = Component::new("AVAILABLE");
        open.set("UID", "working-hours-open");
        open.set("DTSTAMP", "20000103T000000Z");
        for (name, at) in [
            ("DTSTART", day.to_datetime(hours.start)),
            ("DTEND", end_day.to_datetime(hours.end)),
        ] {
            let value = at.strftime("%Y%m%dT%H%M%S").to_string();
            open.put(Property::new(name, value).with("TZID", hours.zone.as_str()));
        }
        let words: Vec<&str> = hours.days.iter().map(|d| day_word(*d)).collect();
        open.set("RRULE", format!("FREQ=WEEKLY;BYDAY={}", words.join(",")));
        sheet.parts.push(open);
    }
    let mut out = Component::new("VCALENDAR");
    out.set("VERSION", "2.0");
    out.set("PRODID", PRODUCT);
    out.parts.push(describe_zone(&hours.zone, &zone, 2000)?);
    out.parts.push(sheet);
    Some(print_component(&out))
}

#[cfg(test)]
#[path = "availability_tests.rs"]
mod tests;
