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
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    /// `day hour-hour TYPE` in UTC.
    fn shown(text: &str, from: &str, to: &str) -> Vec<String> {
        let raw = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{text}\nEND:VCALENDAR\n");
        let read = Availability::read(raw.as_bytes()).unwrap();
        let all = read.closed(&Zone::utc(), (at(from), at(to)));
        let hour = |s: i64| Timestamp::from_second(s).unwrap().strftime("%dT%H").to_string();
        all.iter()
            .map(|(s, e, b)| format!("{}-{} {}", hour(*s), hour(*e), b.name()))
            .collect()
    }

    const OFFICE: &str = "BEGIN:VAVAILABILITY\nUID:a\nBEGIN:AVAILABLE\nUID:b\nDTSTART;TZID=Europe/Berlin:20260105T090000\n\
        DTEND;TZID=Europe/Berlin:20260105T170000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\nEND:AVAILABLE\nEND:VAVAILABILITY";

    #[test]
    fn outside_of_the_hours_nobody_is_there() {
        let days = ("2026-11-26T00:00:00Z", "2026-11-29T00:00:00Z");
        assert_eq!(
            shown(OFFICE, days.0, days.1),
            [
                "26T00-26T08 BUSY-UNAVAILABLE",
                "26T16-27T08 BUSY-UNAVAILABLE",
                "27T16-29T00 BUSY-UNAVAILABLE"
            ]
        );
    }

    #[test]
    fn what_counts_more_takes_the_place_of_the_rest() {
        // A journey that is said beside the hours, with a day at the other place.
        let away = "BEGIN:VAVAILABILITY\nUID:c\nPRIORITY:1\nBUSYTYPE:BUSY\nDTSTART:20261126T120000Z\nDURATION:P1D\nBEGIN:AVAILABLE\nUID:d\n\
            DTSTART:20261126T200000Z\nDURATION:PT2H\nEND:AVAILABLE\nEND:VAVAILABILITY\n";
        for text in [format!("{away}{OFFICE}"), format!("{OFFICE}\n{away}")] {
            assert_eq!(
                shown(&text, "2026-11-26T00:00:00Z", "2026-11-28T00:00:00Z"),
                [
                    "26T00-26T08 BUSY-UNAVAILABLE",
                    "26T12-26T20 BUSY",
                    "26T22-27T12 BUSY",
                    "27T16-28T00 BUSY-UNAVAILABLE"
                ]
            );
        }
    }

    #[test]
    fn hours_come_back_as_they_were_said() {
        let hours = WeeklyHours {
            days: vec![Weekday::Tuesday, Weekday::Thursday],
            start: Time::constant(9, 30, 0, 0),
            end: Time::constant(17, 0, 0, 0),
            zone: "Europe/Berlin".into(),
        };
        let text = print_weekly(&hours).unwrap();
        let read = Availability::read(text.as_bytes()).unwrap();
        assert_eq!(read.weekly(), Some(hours.clone()));
        let night = WeeklyHours {
            start: Time::constant(22, 0, 0, 0),
            end: Time::constant(6, 0, 0, 0),
            ..hours
        };
        let read = Availability::read(print_weekly(&night).unwrap().as_bytes()).unwrap();
        assert_eq!(read.weekly(), Some(night));
        let nobody = WeeklyHours {
            days: Vec::new(),
            start: Time::midnight(),
            end: Time::midnight(),
            zone: "UTC".into(),
        };
        let read = Availability::read(print_weekly(&nobody).unwrap().as_bytes()).unwrap();
        assert_eq!(
            (read.weekly(), read.closed(&Zone::utc(), (0, 9)).len()),
            (None, 1)
        );
    }

    #[test]
    fn other_hours_leave_what_is_said_beside_them_and_refuse_to_replace_more() {
        let hours = |hour: i8| WeeklyHours {
            days: vec![Weekday::Monday],
            start: Time::constant(hour, 0, 0, 0),
            end: Time::constant(17, 0, 0, 0),
            zone: "Europe/Berlin".into(),
        };
        let holiday = "BEGIN:VAVAILABILITY\nUID:h\nPRIORITY:1\nDTSTART:20261126T000000Z\nDTEND:20261127T000000Z\nEND:VAVAILABILITY";
        let calendar = |text: String| format!("BEGIN:VCALENDAR\nVERSION:2.0\n{text}\nEND:VCALENDAR\n");
        let mut text = calendar(format!("{OFFICE}\n{holiday}"));
        for hour in [8, 10] {
            text = replace_weekly(text.as_bytes(), &hours(hour)).unwrap().unwrap();
            let read = Availability::read(text.as_bytes()).unwrap();
            assert_eq!((read.sheets.len(), read.usual_hours()), (2, Some(hours(hour))));
            assert!(text.contains("UID:h") && !text.contains("UID:a"), "{text}");
            assert_eq!(text.matches("BEGIN:VTIMEZONE").count(), 1);
        }
        let alone = replace_weekly(calendar(holiday.to_owned()).as_bytes(), &hours(9))
            .unwrap()
            .unwrap();
        let read = Availability::read(alone.as_bytes()).unwrap();
        assert_eq!((read.sheets.len(), read.usual_hours()), (2, Some(hours(9))));
        // Another time on each day, or hours of a busy kind.
        let friday = "BEGIN:AVAILABLE\nUID:f\nDTSTART:20260109T090000Z\nDTEND:20260109T120000Z\nRRULE:FREQ=WEEKLY\nEND:AVAILABLE\n\
            END:VAVAILABILITY";
        for richer in [
            OFFICE.replace("END:VAVAILABILITY", friday),
            OFFICE.replace("UID:a", "UID:a\nBUSYTYPE:BUSY"),
            format!("{OFFICE}\n{OFFICE}"),
        ] {
            let refused = replace_weekly(calendar(richer).as_bytes(), &hours(9)).unwrap_err();
            assert_eq!(refused.kind(), crate::base::Kind::Conflict);
        }
        let nowhere = WeeklyHours {
            zone: "Nowhere".into(),
            ..hours(9)
        };
        assert_eq!(
            replace_weekly(calendar(OFFICE.to_owned()).as_bytes(), &nowhere).unwrap(),
            None
        );
    }

    #[test]
    fn what_says_more_than_hours_is_not_taken_for_them() {
        for more in ["DTEND:20261231T000000Z", "BUSYTYPE:BUSY"] {
            let text = OFFICE.replace("UID:a", &format!("UID:a\n{more}"));
            let raw = format!("BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n");
            assert_eq!(
                Availability::read(raw.as_bytes()).unwrap().weekly(),
                None,
                "{more}"
            );
        }
        for rule in ["COUNT=9", "UNTIL=20270101T000000Z", "INTERVAL=2", "BYMONTH=1"] {
            let text = OFFICE.replace("FREQ=WEEKLY", &format!("FREQ=WEEKLY;{rule}"));
            let raw = format!("BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n");
            assert_eq!(
                Availability::read(raw.as_bytes()).unwrap().weekly(),
                None,
                "{rule}"
            );
        }
    }

    /// Cut off anywhere, or with a byte missing: read or refused, and what is read answers in order for any window.
    #[test]
    fn what_is_damaged_answers_in_order_or_not_at_all() {
        let whole = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\n{OFFICE}\nBEGIN:VAVAILABILITY\nPRIORITY:2\nDTSTART:20261126T120000Z\n\
            DTEND:20261127T120000Z\nEND:VAVAILABILITY\nEND:VCALENDAR\n"
        );
        let (mut read, mut refused) = (0, 0);
        for at in 0..whole.len() {
            let mut holed = whole.clone().into_bytes();
            holed.remove(at);
            for raw in [&whole.as_bytes()[..at], &holed] {
                let Ok(said) = Availability::read(raw) else {
                    refused += 1;
                    continue;
                };
                read += 1;
                for window in [
                    (at as i64, 2_000_000_000),
                    (1_795_000_000, 1_796_000_000),
                    (i64::MIN, i64::MAX),
                ] {
                    let closed = said.closed(&Zone::utc(), window);
                    assert!(
                        closed
                            .iter()
                            .all(|(s, e, _)| window.0 <= *s && s < e && *e <= window.1)
                    );
                    assert!(closed.windows(2).all(|pair| pair[0].1 <= pair[1].0));
                }
                if let Some(hours) = said.weekly() {
                    let printed = print_weekly(&hours).unwrap();
                    assert_eq!(
                        Availability::read(printed.as_bytes()).unwrap().weekly(),
                        Some(hours)
                    );
                }
            }
        }
        assert!(read > 50 && refused > 100, "{read} read, {refused} refused");
    }

    #[test]
    fn what_cannot_be_read_names_its_line() {
        for (text, named) in [
            (
                "BEGIN:VEVENT\nUID:1\nDTSTART:20260101\nEND:VEVENT",
                "VAVAILABILITY",
            ),
            ("BEGIN:VAVAILABILITY\nDTSTART:soon\nEND:VAVAILABILITY", "line 3"),
            (
                "BEGIN:VAVAILABILITY\nBEGIN:AVAILABLE\nEND:AVAILABLE\nEND:VAVAILABILITY",
                "line 3",
            ),
            (
                "BEGIN:VAVAILABILITY\nDTSTART:20260101T000000Z\nDURATION:long\nEND:VAVAILABILITY",
                "line 4",
            ),
        ] {
            let raw = format!("BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n");
            let e = Availability::read(raw.as_bytes()).unwrap_err();
            assert!(e.message().contains(named), "{text}: {e}");
        }
        let many = "BEGIN:VAVAILABILITY\nEND:VAVAILABILITY\n".repeat(MAX_SHEETS + 1);
        assert!(Availability::read(format!("BEGIN:VCALENDAR\n{many}END:VCALENDAR\n").as_bytes()).is_err());
    }

    #[test]
    fn zones_are_read_once_and_what_is_said_is_bounded_in_all() {
        let zone = "BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\n\
            END:STANDARD\nEND:VTIMEZONE\n";
        let sheet = |count: usize| {
            let open = "BEGIN:AVAILABLE\nDTSTART;TZID=Own:20261126T090000\nDURATION:PT1H\nEND:AVAILABLE\n"
                .repeat(count);
            format!("BEGIN:VAVAILABILITY\n{open}END:VAVAILABILITY\n")
        };
        let read = |counts: [usize; 2]| {
            let raw = counts.map(sheet).concat();
            Availability::read(format!("BEGIN:VCALENDAR\n{zone}{raw}END:VCALENDAR\n").as_bytes())
        };
        let mut said = read([MAX_OPEN - 1, 1]).unwrap();
        let held: usize = said
            .sheets
            .iter()
            .flat_map(|s| &s.open)
            .map(|o| o.calendar.parts.len())
            .sum();
        assert_eq!(held, MAX_OPEN, "each holds itself, and no description of a zone");
        let all = said.closed(
            &Zone::utc(),
            (at("2026-11-26T00:00:00Z"), at("2026-11-27T00:00:00Z")),
        );
        assert_eq!(all.first().map(|c| c.1), Some(at("2026-11-26T07:00:00Z")));
        assert!(read([MAX_OPEN - 1, 2]).is_err() && read([MAX_OPEN + 1, 0]).is_err());
        let one_more = format!("BEGIN:VCALENDAR\n{zone}{}END:VCALENDAR\n", sheet(1));
        assert!(said.add(&read_component(one_more.as_bytes()).unwrap()).is_err());
        assert!(check_size(MAX_BYTES).is_ok() && check_size(MAX_BYTES + 1).is_err());
    }

    /// Whatever is said, a question looks at so many times; beyond them nobody is there.
    #[test]
    fn a_question_has_a_budget_of_times_at_which_somebody_is_there() {
        let open: String = (0..MAX_OPEN)
            .map(|n| {
                format!(
                    "BEGIN:AVAILABLE\nDTSTART:20261126T0900{:02}Z\nDURATION:PT1S\nRRULE:FREQ=MINUTELY\nEND:AVAILABLE\n",
                    n % 60
                )
            })
            .collect();
        let raw = format!("BEGIN:VCALENDAR\nBEGIN:VAVAILABILITY\n{open}END:VAVAILABILITY\nEND:VCALENDAR\n");
        let said = Availability::read(raw.as_bytes()).unwrap();
        let window = (at("2026-11-26T00:00:00Z"), at("2026-11-28T00:00:00Z"));
        let mut budget = 3_000;
        let all = said.closed_within(&Zone::utc(), window, &mut budget);
        // The first has 2,340 in these days, of the second 660 count, of the others none.
        assert_eq!((budget, all.len()), (0, 2_341));
        assert_eq!(all.last().map(|c| c.1), Some(window.1));
    }
}
