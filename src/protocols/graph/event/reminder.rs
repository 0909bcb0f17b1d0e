//! The reminder that Graph knows: the first alarm that shows itself some minutes before the start. All others stay.

use super::seen::Seen;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::value::parse_duration;
use crate::protocols::graph::error::GraphError;
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
