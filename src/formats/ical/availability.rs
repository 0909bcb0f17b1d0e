//! When somebody can be met at all (RFC 7953): VAVAILABILITY as periods in which they cannot, and the form that working
//! hours have in it.

use super::expand::expand;
use super::itip::PRODUCT;
use super::object::{CalendarObject, Moment, check_object, moment_of};
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

/// Parts of one property or object; somebody has one or two.
const MAX_SHEETS: usize = 50;
const MAX_OPEN: usize = 200;

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

    /// What a calendar says besides. Errors: Invalid, with the line.
    pub fn add(&mut self, calendar: &Component) -> Result<()> {
        let zones = read_zones(calendar)?;
        for part in calendar.parts.iter().filter(|p| p.name == "VAVAILABILITY") {
            if self.sheets.len() >= MAX_SHEETS {
                return Err(wrong(part, "is one too many"));
            }
            self.sheets.push(Sheet::read(calendar, part, &zones)?);
        }
        self.sheets.sort_by_key(|s| s.rank);
        Ok(())
    }

    /// When they cannot be met within the window, ascending and side by side. `floating`: where they are.
    pub fn closed(&self, floating: &Zone, window: (i64, i64)) -> Vec<Closed> {
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
            all.extend(sheet.closed(floating, (from_s, to_s)));
            all.sort_unstable();
            out = all;
        }
        out
    }

    /// Its hours, where it says nothing else.
    pub fn weekly(&self) -> Option<WeeklyHours> {
        let [sheet] = self.sheets.as_slice() else {
            return None;
        };
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
    fn read(calendar: &Component, part: &Component, zones: &Zones) -> Result<Sheet> {
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
            open: open_times(calendar, part)?,
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
    fn closed(&self, floating: &Zone, (from_s, to_s): (i64, i64)) -> Vec<Closed> {
        let open = self.open.iter().flat_map(|o| expand(o, floating, from_s, to_s));
        let mut open: Vec<(i64, i64)> = open.map(|o| (o.start_s, o.end_s)).collect();
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

/// AVAILABLE is made like an event; those of one UID are one with its overrides.
fn open_times(calendar: &Component, part: &Component) -> Result<Vec<CalendarObject>> {
    let mut all: Vec<(String, Component)> = Vec::new();
    for (n, open) in part.parts.iter().filter(|p| p.name == "AVAILABLE").enumerate() {
        if n >= MAX_OPEN {
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
                let zones = calendar.parts.iter().filter(|c| c.name == "VTIMEZONE");
                object.parts.extend(zones.cloned().chain([event]));
                all.push((uid, object));
            }
        }
    }
    all.into_iter().map(|(_, o)| check_object(o, true)).collect()
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

/// Hours as a calendar with one VAVAILABILITY. `zone`: of the database, by its name. None: there is no such zone.
pub fn print_weekly(hours: &WeeklyHours) -> Option<String> {
    // A Monday before anybody looks.
    let monday = Date::new(2000, 1, 3).ok()?;
    let zone = Zone::by_name(&hours.zone)?;
    let mut sheet = Component::new("VAVAILABILITY");
    sheet.set("UID", "working-hours");
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
}
