//! Time zones: of the IANA database, by Windows names and the many odd ones that programs write, and those that an
//! object describes itself (RFC 5545 §3.6.5). Local times that are skipped or happen twice are taken as RFC 5545
//! §3.3.5 says: by the offset before the gap, and the first of the two.

use super::rule::{Frequency, Rule};
use super::value::{parse_offset, parse_time, time_of};
use crate::base::Result;
use crate::formats::content_line::Component;
use calcard::common::timezone::Tz;
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Debug)]
pub enum Zone {
    Named(TimeZone),
    Own(Arc<OwnZone>),
}

/// A zone that an object describes.
#[derive(Debug)]
pub struct OwnZone {
    observances: Vec<Observance>,
    /// What is known of the years that were asked for: reckoned once, however many occurrences a series has.
    years: Mutex<HashMap<i16, Arc<Vec<Change>>>>,
}

/// When a zone changed, in the local time before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    onset: DateTime,
    from_s: i32,
    to_s: i32,
}

/// One STANDARD or DAYLIGHT of a zone that an object describes.
#[derive(Clone, Debug)]
pub struct Observance {
    start: DateTime,
    from_s: i32,
    to_s: i32,
    rule: Option<Rule>,
    dates: Vec<DateTime>,
}

/// A zone of a country changes its rules some ten times in a century.
const MAX_OBSERVANCES: usize = 200;

/// Changes that a zone remembers, more than a century of one that changes twice a year.
const MAX_KNOWN: usize = 512;

/// Zones of one object by their TZID.
pub type Zones = HashMap<String, Zone>;

impl Zone {
    pub fn utc() -> Zone {
        Zone::Named(TimeZone::UTC)
    }

    /// By IANA name, Windows name, or one of the prefixes that calendar programs put before them.
    pub fn by_name(name: &str) -> Option<Zone> {
        let name = name.trim();
        if let Ok(zone) = TimeZone::get(name) {
            return Some(Zone::Named(zone));
        }
        // Only for the name: its own database is older than jiff's.
        let known = Tz::from_str(name).ok().filter(|t| !t.is_floating())?;
        let zone = TimeZone::get(&known.name()?).ok()?;
        Some(Zone::Named(zone))
    }

    /// Whether it takes little room, whatever it is asked: as the zones of countries do, which change in some month.
    pub fn is_plain(&self) -> bool {
        let is_plain = |rule: &Rule| {
            let times = [&rule.by_hour, &rule.by_minute, &rule.by_second];
            rule.frequency == Frequency::Yearly
                && rule.by_month.len() == 1
                && times.iter().all(|t| t.len() < 2)
        };
        match self {
            Zone::Named(_) => true,
            Zone::Own(own) => {
                own.observances.len() <= 8
                    && own
                        .observances
                        .iter()
                        .all(|o| o.rule.as_ref().is_none_or(is_plain))
            }
        }
    }

    /// Seconds since 1970 of a local time.
    pub fn to_utc(&self, local: DateTime) -> i64 {
        match self {
            Zone::Named(zone) => zone
                .to_ambiguous_timestamp(local)
                .compatible()
                .map_or_else(|_| plain_seconds(local), Timestamp::as_second),
            Zone::Own(own) => plain_seconds(local) - i64::from(own.offset_at(local)),
        }
    }

    /// The local time of an instant that is written as UTC.
    pub fn to_local_from_plain_utc(&self, utc: DateTime) -> DateTime {
        self.to_local(plain_seconds(utc))
    }

    /// The local time of an instant.
    pub fn to_local(&self, utc_s: i64) -> DateTime {
        match self {
            Zone::Named(zone) => zone.to_datetime(Timestamp::from_second(utc_s).unwrap_or_default()),
            Zone::Own(own) => plain_time(utc_s.saturating_add(i64::from(own.offset_of(utc_s)))),
        }
    }
}

/// As if the local time were UTC.
pub fn plain_seconds(local: DateTime) -> i64 {
    let days = local
        .date()
        .to_zoned(TimeZone::UTC)
        .map_or(0, |z| z.timestamp().as_second());
    let t = local.time();
    days + i64::from(t.hour()) * 3600 + i64::from(t.minute()) * 60 + i64::from(t.second())
}

pub fn plain_time(seconds: i64) -> DateTime {
    TimeZone::UTC.to_datetime(Timestamp::from_second(seconds).unwrap_or_default())
}

impl OwnZone {
    fn offset_at(&self, local: DateTime) -> i32 {
        let changes = self.changes(local.year());
        match changes.iter().rev().find(|c| c.onset <= local) {
            Some(c) => {
                let gap_end = plain_seconds(c.onset) + i64::from((c.to_s - c.from_s).max(0));
                if plain_seconds(local) < gap_end {
                    c.from_s
                } else {
                    c.to_s
                }
            }
            None => self.first_offset(),
        }
    }

    /// Of an instant.
    fn offset_of(&self, utc_s: i64) -> i32 {
        // Around New Year the local year is another one.
        let year = |delta: i64| plain_time(utc_s.saturating_add(delta)).year();
        let (before, after) = (self.changes(year(-86_400)), self.changes(year(86_400)));
        let instant = |c: &Change| plain_seconds(c.onset) - i64::from(c.from_s);
        let all = before.iter().chain(after.iter());
        let last = all.filter(|c| instant(c) <= utc_s).max_by_key(|c| instant(c));
        last.map_or_else(|| self.first_offset(), |c| c.to_s)
    }

    /// Before anything is said: what the first one begins from.
    fn first_offset(&self) -> i32 {
        let first = self.observances.iter().min_by_key(|o| o.start);
        first.map_or(0, |o| o.from_s)
    }

    /// The last change before a year and those in it, ascending.
    fn changes(&self, year: i16) -> Arc<Vec<Change>> {
        let mut years = self.years.lock().unwrap_or_else(PoisonError::into_inner);
        if !years.contains_key(&year) && years.values().map(|y| y.len()).sum::<usize>() > MAX_KNOWN {
            years.clear();
        }
        let known = years.entry(year).or_insert_with(|| {
            let first = jiff::civil::date(year.max(2), 1, 1).to_datetime(Time::midnight());
            let last = jiff::civil::date(year, 12, 31).to_datetime(Time::constant(23, 59, 59, 0));
            let before = self
                .observances
                .iter()
                .filter_map(|o| Some(o.change(o.last_onset(first)?)))
                .max();
            let within = self.observances.iter().flat_map(|o| o.onsets(first, last));
            let mut all: Vec<Change> = before.into_iter().chain(within).collect();
            all.sort_unstable();
            Arc::new(all)
        });
        known.clone()
    }
}

impl Observance {
    fn change(&self, onset: DateTime) -> Change {
        Change {
            onset,
            from_s: self.from_s,
            to_s: self.to_s,
        }
    }

    /// The last time before or at `local` that this began.
    fn last_onset(&self, local: DateTime) -> Option<DateTime> {
        let latest = self.until();
        let top = latest.map_or(local, |u| u.min(local));
        // The rule comes every year, or every few.
        let from = plain_time(plain_seconds(top) - 8 * 366 * 86_400);
        self.all(from, top)
            .into_iter()
            .chain([self.start])
            .chain(self.dates.iter().copied())
            .filter(|d| *d <= local)
            .max()
    }

    fn onsets(&self, from: DateTime, to: DateTime) -> Vec<Change> {
        let single = self
            .dates
            .iter()
            .copied()
            .chain([self.start])
            .filter(|d| (from..=to).contains(d));
        single.chain(self.all(from, to)).map(|d| self.change(d)).collect()
    }

    fn until(&self) -> Option<DateTime> {
        let before = Zone::Named(TimeZone::fixed(offset(self.from_s)));
        self.rule.as_ref().and_then(|r| r.until_local(&before))
    }

    fn all(&self, from: DateTime, to: DateTime) -> Vec<DateTime> {
        let rule = self.rule.as_ref();
        rule.map_or_else(Vec::new, |r| r.starts(self.start, self.until(), from, to, 100))
    }

    fn read(component: &Component) -> Result<Observance> {
        let need = |name: &str| {
            component.property(name).ok_or_else(|| {
                crate::base::Error::invalid(format!(
                    "line {}: {} without {name}",
                    component.line, component.name
                ))
            })
        };
        let offset = |name: &str| {
            let property = need(name)?;
            parse_offset(&property.value).ok_or_else(|| property.wrong("is no offset; write +0100"))
        };
        let rule = match component.property("RRULE") {
            Some(property) => {
                let rule = Rule::read(property)?;
                if rule.frequency != Frequency::Yearly {
                    return Err(property.wrong("is no rule of a time zone; those are yearly"));
                }
                Some(rule)
            }
            None => None,
        };
        let dates = component.all("RDATE").flat_map(|p| p.value.split(','));
        Ok(Observance {
            start: time_of(need("DTSTART")?)?.local,
            from_s: offset("TZOFFSETFROM")?,
            to_s: offset("TZOFFSETTO")?,
            rule,
            dates: dates
                .filter_map(parse_time)
                .map(|w| w.local)
                .take(2_000)
                .collect(),
        })
    }
}

fn offset(seconds: i32) -> jiff::tz::Offset {
    jiff::tz::Offset::from_seconds(seconds).unwrap_or(jiff::tz::Offset::UTC)
}

/// The zones that an object describes. One that is known by its name is taken from the database: what programs write
/// about it is often only right for a few years (and RFC 7809 lets them leave it out).
/// Errors: Invalid, with the line, for one that is only known from here.
pub fn read_zones(calendar: &Component) -> Result<Zones> {
    let mut out = Zones::new();
    for described in calendar.parts.iter().filter(|c| c.name == "VTIMEZONE") {
        let Some(name) = described.property("TZID").map(|p| p.text()) else {
            continue;
        };
        let hint = described.text("X-LIC-LOCATION").filter(|_| {
            !described
                .parts
                .iter()
                .any(|p| p.name == "STANDARD" || p.name == "DAYLIGHT")
        });
        let known = Zone::by_name(&name).or_else(|| hint.and_then(|h| Zone::by_name(&h)));
        let zone = match known {
            Some(zone) => zone,
            None => {
                let parts = described
                    .parts
                    .iter()
                    .filter(|p| p.name == "STANDARD" || p.name == "DAYLIGHT");
                let observances = parts
                    .take(MAX_OBSERVANCES)
                    .map(Observance::read)
                    .collect::<Result<_>>()?;
                Zone::Own(Arc::new(OwnZone {
                    observances,
                    years: Mutex::default(),
                }))
            }
        };
        out.insert(name, zone);
    }
    Ok(out)
}
