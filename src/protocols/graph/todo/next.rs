//! A task that comes again: when it is done, the next one is there. What was done stays by itself, without the rule.

use super::view::{main_component, parse};
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::value::parse_time;
use crate::formats::ical::zone::{plain_seconds, plain_time};
use crate::formats::ical::{CalendarObject, expand};
use jiff::civil::DateTime;

/// The task after a stored one, as an object of its own. None: it was the last, or it never comes again.
/// The UID is made from the series and the day, so that it is the same one however often it is tried.
pub fn next_of(raw: &[u8]) -> Option<(String, Component)> {
    let old = parse(raw).ok()?;
    let part = &old.parts[0];
    let rule = part.rules.first()?;
    let start = part.start.as_ref()?;
    let next = next_start(&old, start.local)?;
    let by_s = plain_seconds(next) - plain_seconds(start.local);
    let mut task = main_component(&old).clone();
    for name in ["DTSTART", "DUE"] {
        if let Some(property) = task.properties.iter_mut().find(|p| p.name == name) {
            shift(property, by_s);
        }
    }
    for alarm in &mut task.parts {
        if let Some(trigger) = alarm.properties.iter_mut().find(|p| p.name == "TRIGGER") {
            shift(trigger, by_s);
        }
    }
    for name in [
        "STATUS",
        "COMPLETED",
        "PERCENT-COMPLETE",
        "X-HAUSPOST-TASK-STATUS",
    ] {
        task.remove(name);
    }
    for step in task.properties.iter_mut().filter(|p| p.name == "X-HAUSPOST-STEP") {
        step.take_param("CHECKED");
    }
    if let Some(count) = rule.count {
        let left = count.checked_sub(1).filter(|n| *n > 0)?;
        let rule = task.properties.iter_mut().find(|p| p.name == "RRULE")?;
        let parts = rule
            .value
            .split(';')
            .map(|p| match p.to_ascii_uppercase().starts_with("COUNT=") {
                true => format!("COUNT={left}"),
                false => p.to_owned(),
            });
        rule.value = parts.collect::<Vec<_>>().join(";");
    }
    let seed = format!("{} {next}", old.uid);
    let uid = format!(
        "n{}",
        crate::base::text::hex(&blake3::hash(seed.as_bytes()).as_bytes()[..16])
    );
    task.put(Property::of_text("UID", &uid));
    let mut calendar = old.calendar.clone();
    calendar.parts.retain(|p| p.name == "VTIMEZONE");
    calendar.parts.push(task);
    Some((uid, calendar))
}

fn next_start(old: &CalendarObject, start: DateTime) -> Option<DateTime> {
    let zone = old.parts[0].start.as_ref()?.zone.clone();
    let zone = zone.unwrap_or_else(crate::formats::ical::zone::Zone::utc);
    let from_s = zone.to_utc(start);
    // Ten years on is far enough for every pattern that somebody means.
    let all = expand::expand(old, &zone, from_s, from_s.saturating_add(10 * 366 * 86_400));
    all.into_iter()
        .filter_map(|o| o.recurrence_id)
        .filter(|at| *at > start)
        .min()
}

/// A time moves; a duration is about what moves itself.
fn shift(property: &mut Property, by_s: i64) {
    let Some(written) = parse_time(&property.value) else {
        return;
    };
    let moved = plain_time(plain_seconds(written.local) + by_s);
    property.value = match (written.is_date, written.is_utc) {
        (true, _) => moved.strftime("%Y%m%d").to_string(),
        (false, true) => moved.strftime("%Y%m%dT%H%M%SZ").to_string(),
        (false, false) => moved.strftime("%Y%m%dT%H%M%S").to_string(),
    };
}
