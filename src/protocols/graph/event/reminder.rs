//! The reminder that Graph knows: the first alarm that shows itself some minutes before the start. All others stay. What
//! somebody has dealt with or put off stands in the event, as other programs understand it (RFC 9074).

use super::seen::Seen;
use crate::base::random;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::value::{parse_duration, parse_time};
use crate::formats::ical::zone::{plain_seconds, plain_time};
use crate::protocols::graph::error::GraphError;
use jiff::civil::DateTime;
use serde_json::Value;

/// Microsoft's, where nobody says any.
pub const USUAL_MINUTES: i64 = 15;

/// Minutes before the start. None: it is no such alarm.
fn minutes(alarm: &Component) -> Option<i64> {
    let action = alarm
        .property("ACTION")
        .map(|p| p.value.trim().to_ascii_uppercase());
    let is_shown = alarm.name == "VALARM" && !matches!(action.as_deref(), Some("EMAIL" | "NONE"));
    let trigger = alarm.property("TRIGGER").filter(|_| is_shown)?;
    let is_end = trigger
        .param("RELATED")
        .is_some_and(|r| r.eq_ignore_ascii_case("END"));
    let before = parse_duration(&trigger.value).filter(|_| !is_end)?;
    let seconds = -(before.days * 86_400 + before.seconds);
    (seconds >= 0).then_some(seconds / 60)
}

/// RFC 9074 §6.1: what was to be shown until then has been dealt with.
const ACKNOWLEDGED: &str = "ACKNOWLEDGED";
/// In an alarm that was put off: for which of a series.
const OF: &str = "X-HAUSPOST-OCCURRENCE";

fn moment(utc_s: i64) -> String {
    plain_time(utc_s).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Seconds since 1970 of a moment in UTC.
fn seconds(property: &Property) -> Option<i64> {
    let written = parse_time(property.value.trim()).filter(|w| w.is_utc)?;
    Some(plain_seconds(written.local))
}

/// Whether an alarm is one that was put off (RFC 9074 §7), and which of a series it is for.
fn snoozed(alarm: &Component) -> Option<Option<&str>> {
    let is_snooze = alarm.property("RELATED-TO").is_some_and(|p| {
        p.param("RELTYPE")
            .is_some_and(|r| r.eq_ignore_ascii_case("SNOOZE"))
    });
    (alarm.name == "VALARM" && is_snooze).then(|| alarm.property(OF).map(|p| p.value.as_str()))
}

fn word_of(place: Option<DateTime>) -> Option<String> {
    place.map(|p| p.strftime("%Y%m%dT%H%M%S").to_string())
}

/// When this event, or this one of a series, reminds, in seconds since 1970: when it was put off to, or so many minutes
/// before it starts. None: it does not, or somebody has dealt with it.
pub fn fires(seen: &Seen) -> Option<i64> {
    let component = seen.component();
    let alarm = component.parts.iter().find(|p| minutes(p).is_some())?;
    let of = word_of(seen.place);
    let put_off = component
        .parts
        .iter()
        .find(|p| snoozed(p).is_some_and(|which| which == of.as_deref()));
    if let Some(put_off) = put_off {
        return put_off.property("TRIGGER").and_then(seconds);
    }
    let at = seen.start_s - minutes(alarm)? * 60;
    let done = alarm.property(ACKNOWLEDGED).and_then(seconds);
    (done.is_none_or(|done| at > done)).then_some(at)
}

/// Somebody has seen the reminder of this one: it and those before it are over. `until`: when it comes again.
/// `seen`: the one that is meant, as it was before.
pub fn deal_with(component: &mut Component, seen: &Seen, now_s: i64, until: Option<i64>) {
    let of = word_of(seen.place);
    component
        .parts
        .retain(|p| snoozed(p).is_none_or(|which| which != of.as_deref()));
    let Some(alarm) = component.parts.iter_mut().find(|p| minutes(p).is_some()) else {
        return;
    };
    let due = seen.start_s - minutes(alarm).unwrap_or_default() * 60;
    let done = alarm.property(ACKNOWLEDGED).and_then(seconds).unwrap_or(due);
    alarm.set(ACKNOWLEDGED, moment(done.max(due).max(now_s)));
    let Some(until) = until else { return };
    let id = match alarm.text("UID") {
        Some(id) => id,
        None => {
            let id = random::uuid();
            alarm.set("UID", id.as_str());
            id
        }
    };
    let mut again = Component::new("VALARM");
    again.set("UID", random::uuid());
    again.set("ACTION", "DISPLAY");
    again.put_text(
        "DESCRIPTION",
        Some(&alarm.text("DESCRIPTION").unwrap_or_else(|| "-".into())),
    );
    again.put(Property::new("TRIGGER", moment(until)).with("VALUE", "DATE-TIME"));
    again.put(Property::new("RELATED-TO", id).with("RELTYPE", "SNOOZE"));
    if let Some(of) = of {
        again.set(OF, of);
    }
    component.parts.push(again);
}

fn first(component: &Component) -> Option<i64> {
    component.parts.iter().find_map(minutes)
}

pub fn is_on(seen: &Seen) -> Value {
    first(seen.component()).is_some().into()
}

pub fn minutes_before(seen: &Seen) -> Value {
    first(seen.component()).unwrap_or(USUAL_MINUTES).into()
}

pub fn write_is_on(component: &mut Component, wanted: &Value) -> Result<(), GraphError> {
    match wanted.as_bool() {
        Some(true) if first(component).is_none() => add(component, USUAL_MINUTES),
        Some(true) => {}
        Some(false) => component.parts.retain(|p| minutes(p).is_none()),
        None if wanted.is_null() => {}
        None => return Err(GraphError::request("»isReminderOn« is to be true or false")),
    }
    Ok(())
}

/// Before [`write_is_on`], which may switch it off again.
pub fn write_minutes(component: &mut Component, wanted: &Value) -> Result<(), GraphError> {
    if wanted.is_null() {
        return Ok(());
    }
    let wanted = wanted
        .as_i64()
        .filter(|n| (0..=525_600).contains(n))
        .ok_or_else(|| {
            GraphError::request("»reminderMinutesBeforeStart« is to be a number of minutes from 0 to 525600")
        })?;
    match component.parts.iter_mut().find(|p| minutes(p).is_some()) {
        Some(alarm) if minutes(alarm) == Some(wanted) => {}
        Some(alarm) => alarm.put(Property::new("TRIGGER", format!("-PT{wanted}M"))),
        None => add(component, wanted),
    }
    Ok(())
}

pub fn add(component: &mut Component, minutes: i64) {
    let mut alarm = Component::new("VALARM");
    alarm.put(Property::new("ACTION", "DISPLAY"));
    alarm.put(Property::new("TRIGGER", format!("-PT{minutes}M")));
    alarm.put_text(
        "DESCRIPTION",
        Some(&component.text("SUMMARY").unwrap_or_default()),
    );
    if alarm.property("DESCRIPTION").is_none() {
        alarm.put(Property::of_text("DESCRIPTION", "-"));
    }
    component.parts.push(alarm);
}
