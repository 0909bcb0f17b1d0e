//! Times with a zone, as Graph writes them: a local time and the name of its zone, Windows' or IANA's.

use super::call::Call;
use super::error::GraphError;
use super::json;
use super::odata::time;
use crate::base::text::one_line;
use crate::formats::ical::zone::{Zone, plain_time};
use jiff::civil::DateTime;
use serde_json::{Value, json};

/// A zone as somebody named it.
#[derive(Clone, Debug)]
pub struct NamedZone {
    pub name: String,
    pub zone: Zone,
}

impl NamedZone {
    pub fn utc() -> NamedZone {
        NamedZone {
            name: "UTC".into(),
            zone: Zone::utc(),
        }
    }

    /// Errors: ErrorInvalidTimeZone.
    pub fn find(name: &str) -> Result<NamedZone, GraphError> {
        let trimmed = name.trim();
        let is_utc = ["utc", "tzone://microsoft/utc", "etc/utc", "gmt"]
            .iter()
            .any(|n| trimmed.eq_ignore_ascii_case(n));
        if is_utc || trimmed.is_empty() {
            return Ok(NamedZone {
                name: trimmed.to_owned(),
                zone: Zone::utc(),
            });
        }
        let zone = Zone::by_name(trimmed).filter(|_| trimmed.len() <= 100);
        let zone = zone.ok_or_else(|| {
            GraphError::bad(
                "ErrorInvalidTimeZone",
                format!(
                    "»{}« is no time zone; write W. Europe Standard Time or Europe/Berlin",
                    one_line(trimmed)
                ),
            )
        })?;
        Ok(NamedZone {
            name: trimmed.to_owned(),
            zone,
        })
    }

    /// The one that the client would like to read times in.
    pub fn preferred(call: &Call) -> Result<NamedZone, GraphError> {
        match &call.prefer.time_zone {
            Some(name) => NamedZone::find(name),
            None => Ok(NamedZone::utc()),
        }
    }

    /// How an object names it: IANA's name; None for UTC.
    pub fn tzid(&self) -> Option<String> {
        match &self.zone {
            Zone::Named(zone) => zone.iana_name().filter(|n| *n != "UTC").map(str::to_owned),
            Zone::Own(_) => Some(self.name.clone()),
        }
    }

    pub fn is_utc(&self) -> bool {
        self.tzid().is_none()
    }

    /// A moment as dateTimeTimeZone.
    pub fn print(&self, utc_s: i64) -> Value {
        self.print_local(self.zone.to_local(utc_s))
    }

    pub fn print_local(&self, local: DateTime) -> Value {
        json!({"dateTime": print_local(local), "timeZone": if self.name.is_empty() { "UTC" } else { &self.name }})
    }
}

/// `2026-11-23T09:00:00.0000000`
pub fn print_local(local: DateTime) -> String {
    local.strftime("%Y-%m-%dT%H:%M:%S.0000000").to_string()
}

/// A local time in a zone, as a client gave it.
#[derive(Clone, Debug)]
pub struct Given {
    pub local: DateTime,
    pub zone: NamedZone,
}

impl Given {
    /// Errors: BadRequest, naming the property.
    pub fn read(value: &Value, name: &str) -> Result<Given, GraphError> {
        let text = json::required_text(value, "dateTime")?;
        let zone = NamedZone::find(json::text(value, "timeZone")?.unwrap_or("UTC"))?;
        let wrong = || {
            GraphError::bad(
                "ErrorInvalidRequest",
                format!(
                    "»{name}« has the dateTime »{}«; write 2026-11-23T09:00:00",
                    one_line(text)
                ),
            )
        };
        let seconds = time::parse(text).ok_or_else(wrong)?.div_euclid(1000);
        // Years beyond have no room for reckoning.
        if !(-62_000_000_000..=240_000_000_000).contains(&seconds) {
            return Err(wrong());
        }
        let behind = text.split_once(['T', 't']).map_or("", |(_, time)| time);
        let local = match behind.contains(['Z', 'z', '+', '-']) {
            // An offset says more than the zone beside it.
            true => zone.zone.to_local(seconds),
            false => plain_time(seconds),
        };
        Ok(Given { local, zone })
    }

    pub fn to_utc(&self) -> i64 {
        self.zone.zone.to_utc(self.local)
    }
}

/// A moment of a window: an offset decides, without one it is UTC. In seconds since 1970.
pub fn window_moment(text: &str, name: &str) -> Result<i64, GraphError> {
    let ms = time::parse(text);
    let ms = ms.filter(|ms| (-60_000_000_000_000..=240_000_000_000_000).contains(ms));
    ms.map(|ms| ms.div_euclid(1000)).ok_or_else(|| {
        GraphError::bad(
            "ErrorInvalidParameter",
            format!("»{name}« is »{}«; write 2026-11-23T00:00:00Z", one_line(text)),
        )
    })
}
