//! VFREEBUSY: asking when somebody is busy, and saying it (RFC 5545 §3.6.4, RFC 5546 §3.3).

use super::availability::{BusyType, Closed};
use super::itip::{Method, PRODUCT, with_method};
use super::value::parse_time;
use super::zone::{plain_seconds, plain_time};
use crate::base::{Error, Result};
use crate::formats::content_line::{Component, Property};

/// From when to when, in seconds since 1970, and how busy.
pub type Period = Closed;

fn utc(seconds: i64) -> String {
    plain_time(seconds).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A calendar that says when somebody is busy. `people`: ORGANIZER and ATTENDEE of the question, for an answer to one.
pub fn free_busy_calendar(
    periods: &[Period],
    window: (i64, i64),
    now_s: i64,
    uid: Option<&str>,
    people: Vec<Property>,
) -> Component {
    let mut inner = Component::new("VFREEBUSY");
    if let Some(uid) = uid {
        inner.set_text("UID", uid);
    }
    inner.set("DTSTAMP", utc(now_s));
    inner.set("DTSTART", utc(window.0));
    inner.set("DTEND", utc(window.1));
    let is_answer = !people.is_empty();
    inner.properties.extend(people);
    for (from_s, to_s, how) in periods {
        let mut property = Property::new("FREEBUSY", format!("{}/{}", utc(*from_s), utc(*to_s)));
        if *how != BusyType::Busy {
            property.set_param("FBTYPE", how.name());
        }
        inner.properties.push(property);
    }
    let mut out = Component::new("VCALENDAR");
    out.set("VERSION", "2.0");
    out.set("PRODID", PRODUCT);
    out.parts.push(inner);
    if is_answer {
        with_method(out, Method::Reply)
    } else {
        out
    }
}

/// What somebody wants to know.
#[derive(Clone, Debug)]
pub struct Question {
    pub uid: String,
    pub organizer: Property,
    pub attendees: Vec<Property>,
    pub window: (i64, i64),
}

/// Of one VCALENDAR with METHOD:REQUEST and one VFREEBUSY. Errors: Invalid, with what is missing.
pub fn read_question(calendar: &Component) -> Result<Question> {
    let is_request = calendar
        .property("METHOD")
        .is_some_and(|p| p.value.trim().eq_ignore_ascii_case("REQUEST"));
    let inner = calendar.parts.iter().find(|c| c.name == "VFREEBUSY");
    let Some(inner) = inner.filter(|_| is_request) else {
        return Err(Error::invalid("only VFREEBUSY with METHOD:REQUEST is answered"));
    };
    let missing = |name: &str| Error::invalid(format!("line {}: VFREEBUSY without {name}", inner.line));
    let moment = |name: &str| -> Result<i64> {
        let property = inner.property(name).ok_or_else(|| missing(name))?;
        let written = parse_time(&property.value).filter(|w| w.is_utc || w.is_date);
        let written = written.ok_or_else(|| property.wrong("is no time in UTC; write 20261123T090000Z"))?;
        Ok(plain_seconds(written.local))
    };
    let window = (moment("DTSTART")?, moment("DTEND")?);
    if window.0 >= window.1 {
        return Err(Error::invalid("the time ends before it begins"));
    }
    Ok(Question {
        uid: inner.text("UID").ok_or_else(|| missing("UID"))?,
        organizer: inner.organizer().cloned().ok_or_else(|| missing("ORGANIZER"))?,
        attendees: inner.attendees().cloned().collect(),
        window,
    })
}
