//! Time zones: of the IANA database, by Windows names and the many odd ones that programs write, and those that an
//! object describes itself (RFC 5545 §3.6.5). Local times that are skipped or happen twice are taken as RFC 5545
//! §3.3.5 says: by the offset before the gap, and the first of the two.

use super::rule::Rule;
use super::value::{parse_offset, parse_time, time_of};
use crate::base::Result;
use crate::formats::content_line::Component;
use calcard::common::timezone::Tz;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub enum Zone {
    Named(TimeZone),
    Own(Arc<Vec<Observance>>),
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

    /// Seconds since 1970 of a local time.
    pub fn to_utc(&self, local: DateTime) -> i64 {
        match self {
            Zone::Named(zone) => zone
                .to_ambiguous_timestamp(local)
                .compatible()
                .map_or_else(|_| plain_seconds(local), Timestamp::as_second),
            Zone::Own(all) => plain_seconds(local) - i64::from(offset_at_local(all, local)),
        }
    }

    /// The local time of an instant.
    pub fn to_local(&self, utc_s: i64) -> DateTime {
        match self {
            Zone::Named(zone) => zone.to_datetime(Timestamp::from_second(utc_s).unwrap_or_default()),
            Zone::Own(all) => {
                // The offset that, taken away again, leads back; of two the first one (during the hour that is twice).
                let offsets = all.iter().flat_map(|o| [o.from_s, o.to_s]);
                let fits = offsets
                    .map(|o| plain_time(utc_s.saturating_add(i64::from(o))))
                    .find(|local| self.to_utc(*local) == utc_s);
                fits.unwrap_or_else(|| plain_time(utc_s))
            }
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

fn offset_at_local(all: &[Observance], local: DateTime) -> i32 {
    let latest = all
        .iter()
        .filter_map(|o| o.last_onset(local).map(|onset| (onset, o)))
        .max_by_key(|(onset, _)| *onset);
    match latest {
        Some((onset, o)) => {
            let in_gap = plain_seconds(local) < plain_seconds(onset) + i64::from((o.to_s - o.from_s).max(0));
            if in_gap { o.from_s } else { o.to_s }
        }
        // Before anything is said: what the first one begins from.
        None => all.iter().min_by_key(|o| o.start).map_or(0, |o| o.from_s),
    }
}

impl Observance {
    /// The last time before or at `local` that this began.
    fn last_onset(&self, local: DateTime) -> Option<DateTime> {
        let single = self
            .dates
            .iter()
            .copied()
            .chain([self.start])
            .filter(|d| *d <= local)
            .max();
        let by_rule = self.rule.as_ref().and_then(|rule| {
            let latest = rule.until_local(&Zone::Named(TimeZone::fixed(offset(self.from_s))));
            let top = latest.map_or(local, |u| u.min(local));
            // Zones change twice a year at most, and each rule comes every year.
            let from = plain_time(plain_seconds(top) - 2 * 366 * 86_400);
            rule.starts(self.start, latest, from, top, 1_000)
                .into_iter()
                .next_back()
        });
        single.max(by_rule)
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
            Some(rule) => Some(Rule::read(rule)?),
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
                let all: Vec<Observance> = parts.take(500).map(Observance::read).collect::<Result<_>>()?;
                Zone::Own(Arc::new(all))
            }
        };
        out.insert(name, zone);
    }
    Ok(out)
}
