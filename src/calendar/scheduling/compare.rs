//! What of an event has changed, as people would see it.

use super::delegation::is_sent_by;
use crate::formats::content_line::Component;
use crate::formats::ical::object::Part;
use crate::formats::ical::people::{PartStat, address_of};
use crate::formats::ical::rule::Rule;
use crate::formats::ical::value::Length;
use crate::formats::ical::zone::Zone;
use crate::formats::ical::{Entry, Series};
use jiff::civil::DateTime;
use std::collections::{BTreeMap, BTreeSet};

/// When something takes place; without what is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    start: Option<(DateTime, i64, bool)>,
    due_s: Option<i64>,
    length: Length,
    rules: Vec<Rule>,
    added: Vec<i64>,
}

/// A change of these asks everybody again (RFC 6638 §3.2.8).
pub fn times(part: &Part) -> Times {
    let utc = Zone::utc();
    let mut added: Vec<i64> = part.added.iter().map(|(m, _)| m.to_utc(&utc)).collect();
    added.sort_unstable();
    Times {
        start: part.start.as_ref().map(|s| (s.local, s.to_utc(&utc), s.is_date)),
        due_s: part.due.as_ref().map(|d| d.to_utc(&utc)),
        // An end and a duration may say the same.
        length: part.length,
        rules: part.rules.clone(),
        added,
    }
}

/// Text as people compare it.
fn words(component: &Component, name: &str) -> String {
    let text = component.text(name).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn place(component: &Component) -> String {
    words(component, "LOCATION")
}

/// Properties that an invitation tells nobody anything new by.
const SILENT: [&str; 16] = [
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "SEQUENCE",
    "ATTENDEE",
    "ORGANIZER",
    "TRANSP",
    "CATEGORIES",
    "EXDATE",
    "DTSTART",
    "DTEND",
    "DUE",
    "DURATION",
    "RRULE",
    "RDATE",
    "PERCENT-COMPLETE",
];

/// All that an invitation says beside its times and people.
pub fn content(component: &Component) -> BTreeSet<(String, String)> {
    component
        .properties
        .iter()
        .filter(|p| !SILENT.contains(&p.name.as_str()) && !p.name.starts_with("X-"))
        .filter(|p| !p.value.trim().is_empty())
        .map(|p| {
            (
                p.name.clone(),
                p.text().split_whitespace().collect::<Vec<_>>().join(" "),
            )
        })
        .collect()
}

pub fn people(component: &Component) -> BTreeSet<String> {
    component.attendees().map(address_of).collect()
}

/// What an attendee may not change in their own copy (RFC 6638 §3.2.2.1).
#[derive(Debug, PartialEq, Eq)]
struct Fixed {
    times: Times,
    texts: [String; 3],
    is_cancelled: bool,
    organizer: Option<String>,
    others: BTreeMap<String, &'static str>,
}

fn fixed(entry: &Entry, is_me: &dyn Fn(&str) -> bool) -> Fixed {
    let component = &entry.component;
    Fixed {
        times: times(&entry.part),
        texts: ["SUMMARY", "LOCATION", "DESCRIPTION"].map(|n| words(component, n)),
        is_cancelled: component.is_cancelled(),
        organizer: component.organizer().map(address_of),
        others: component
            .attendees()
            // Whom one sends in one's own place is one's own affair.
            .filter(|p| !is_sent_by(p, is_me))
            .map(|p| (address_of(p), PartStat::of(p).name()))
            .filter(|(a, _)| !is_me(a))
            .collect(),
    }
}

/// What is wrong with an attendee's change; None: nothing.
pub fn not_allowed(old: &Series, new: &Series, is_me: &dyn Fn(&str) -> bool) -> Option<String> {
    let say = |old: &Fixed, new: &Fixed| -> Option<&'static str> {
        Some(match () {
            () if old.times != new.times => "when it takes place",
            () if old.texts != new.texts => "what it says",
            () if old.is_cancelled != new.is_cancelled => "whether it takes place",
            () if old.organizer != new.organizer => "who invites",
            () if old.others != new.others => "who else takes part, and what they answered",
            () => return None,
        })
    };
    let sentence = |what: &str| Some(format!("only the organizer may change {what}"));
    match (&old.master, &new.master) {
        (Some(o), Some(n)) => {
            if let Some(what) = say(&fixed(o, is_me), &fixed(n, is_me)) {
                return sentence(what);
            }
        }
        (None, None) => {}
        _ => return sentence("which occurrences there are"),
    }
    let excluded = new.excluded();
    if old
        .overrides
        .keys()
        .any(|p| !new.overrides.contains_key(p) && !excluded.contains(p))
    {
        return sentence("single occurrences");
    }
    for (place, entry) in &new.overrides {
        let before = match old.overrides.get(place) {
            Some(before) => Some(before.clone()),
            None => {
                let mut made = old.clone();
                let component = old
                    .has_occurrence(*place)
                    .then(|| old.occurrence(*place))
                    .flatten();
                component.and_then(|c| {
                    made.put_override(*place, c).ok()?;
                    made.overrides.remove(place)
                })
            }
        };
        let Some(before) = before else {
            return sentence("which occurrences there are");
        };
        if let Some(what) = say(&fixed(&before, is_me), &fixed(entry, is_me)) {
            return sentence(what);
        }
    }
    None
}
