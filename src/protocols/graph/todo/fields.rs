//! The table of a task's properties: what each shows of the VTODO, and what each writes. One property has one row.

use super::view::Task;
use crate::base::clock::rfc3339;
use crate::base::text::one_line;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::object::Moment;
use crate::formats::ical::value::{parse_duration, parse_time};
use crate::formats::ical::zone::{Zone, plain_time};
use crate::model::object::ObjectKind;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::event::{
    Pattern, categories, importance, one_of, text_body, write_body, write_categories, write_importance,
};
use crate::protocols::graph::json;
use crate::protocols::graph::object::files;
use crate::protocols::graph::select::Properties;
use crate::protocols::graph::zones::{Given, NamedZone};
use crate::protocols::http::ids;
use serde_json::Value;
use std::sync::LazyLock;

type Set = fn(&mut Component, &Value, i64) -> Result<(), GraphError>;

pub struct Field {
    pub name: &'static str,
    /// Its third argument: the time now, in seconds since 1970.
    pub set: Option<Set>,
    pub get: fn(&Task) -> Value,
}

const fn shown(name: &'static str, get: fn(&Task) -> Value) -> Field {
    Field { name, set: None, get }
}

const fn both(name: &'static str, get: fn(&Task) -> Value, set: Set) -> Field {
    Field {
        name,
        set: Some(set),
        get,
    }
}

/// In the order in which they are written.
pub const FIELDS: &[Field] = &[
    shown("id", |t| {
        ids::print_object(ObjectKind::Task, t.object.item.id).into()
    }),
    both(
        "title",
        |t| t.component.text("SUMMARY").unwrap_or_default().into(),
        |c, v, _| {
            let text = v.as_str().unwrap_or_default();
            c.put_text("SUMMARY", Some(one_line(text).trim()));
            Ok(())
        },
    ),
    both(
        "body",
        |t| text_body(t.component, &t.look.prefer),
        |c, v, _| write_body(c, v),
    ),
    shown("bodyLastModifiedDateTime", |t| {
        rfc3339(t.object.item.received_at_ms).into()
    }),
    both(
        "importance",
        |t| importance(t.component).into(),
        |c, v, _| write_importance(c, v),
    ),
    both(
        "startDateTime",
        |t| moment(t, "DTSTART"),
        |c, v, _| write_moment(c, "DTSTART", "startDateTime", v),
    ),
    both(
        "dueDateTime",
        |t| moment(t, "DUE"),
        |c, v, _| write_moment(c, "DUE", "dueDateTime", v),
    ),
    both(
        "status",
        |t| status(t.component).into(),
        |c, v, now_s| {
            write_status(c, one_of(v, "status", &STATUSES)?, now_s);
            Ok(())
        },
    ),
    both(
        "completedDateTime",
        |t| moment(t, "COMPLETED"),
        |c, v, _| write_completed(c, v),
    ),
    both("reminderDateTime", reminder, |c, v, _| write_reminder(c, v)),
    both(
        "isReminderOn",
        |t| (!reminder(t).is_null()).into(),
        |c, v, _| {
            if v == &Value::Bool(false) {
                c.parts.retain(|p| !is_shown_alarm(p));
            }
            Ok(())
        },
    ),
    both("recurrence", recurrence, |c, v, _| write_recurrence(c, v)),
    both(
        "categories",
        |t| categories(t.component).into(),
        |c, v, _| write_categories(c, v),
    ),
    shown("createdDateTime", created),
    shown("lastModifiedDateTime", |t| {
        rfc3339(t.object.item.received_at_ms).into()
    }),
    shown("hasAttachments", |t| files::has_any(t.component).into()),
];

pub static PROPERTIES: LazyLock<Properties> = LazyLock::new(|| Properties {
    resource: "todoTask",
    usual: Vec::leak(FIELDS.iter().map(|f| f.name).collect()),
    further: &[],
});

/// Errors: 400, naming the property.
pub fn write(task: &mut Component, body: &Value, now_s: i64) -> Result<(), GraphError> {
    for field in FIELDS {
        let named = body
            .as_object()
            .and_then(|o| o.iter().find(|(k, _)| k.eq_ignore_ascii_case(field.name)));
        if let (Some(set), Some((_, value))) = (field.set, named) {
            set(task, value, now_s)?;
        }
    }
    Ok(())
}

fn created(task: &Task) -> Value {
    let written = task
        .component
        .property("CREATED")
        .and_then(|p| parse_time(&p.value));
    let ms = written.map(|w| Zone::utc().to_utc(w.local) * 1000);
    rfc3339(ms.unwrap_or(task.object.item.received_at_ms)).into()
}

/// A day is its midnight, whatever the zone.
fn moment(task: &Task, name: &str) -> Value {
    let part = &task.calendar.parts[0];
    let moment: Option<&Moment> = match name {
        "DTSTART" => part.start.as_ref(),
        "DUE" => part.due.as_ref(),
        _ => part.completed.as_ref(),
    };
    let zone = &task.look.zone;
    match moment {
        None => Value::Null,
        Some(m) if m.is_date => zone.print_local(m.local),
        Some(m) => zone.print(m.to_utc(&zone.zone)),
    }
}

/// Midnight is a day: Graph's tasks are due on days.
fn write_moment(task: &mut Component, name: &str, shown: &str, value: &Value) -> Result<(), GraphError> {
    if value.is_null() {
        task.remove(name);
        return Ok(());
    }
    let given = Given::read(value, shown)?;
    let is_day = given.local.time() == jiff::civil::Time::midnight();
    if name == "DUE" {
        task.remove("DURATION");
    }
    task.put(match (is_day, given.zone.tzid()) {
        (true, _) => Property::new(name, given.local.strftime("%Y%m%d").to_string()).with("VALUE", "DATE"),
        (false, None) => Property::new(name, given.local.strftime("%Y%m%dT%H%M%SZ").to_string()),
        (false, Some(tzid)) => {
            Property::new(name, given.local.strftime("%Y%m%dT%H%M%S").to_string()).with("TZID", tzid)
        }
    });
    Ok(())
}

const STATUSES: [&str; 5] = [
    "notStarted",
    "inProgress",
    "completed",
    "waitingOnOthers",
    "deferred",
];
/// What STATUS has no word for, as long as that says the same.
const DETAIL: &str = "X-HAUSPOST-TASK-STATUS";

pub fn status(task: &Component) -> &'static str {
    let word = |name: &str| task.property(name).map(|p| p.value.trim().to_ascii_uppercase());
    let status = word("STATUS");
    match status.as_deref() {
        Some("COMPLETED" | "CANCELLED") => "completed",
        Some("IN-PROCESS") => "inProgress",
        None if task.property("COMPLETED").is_some() => "completed",
        _ => match word(DETAIL).as_deref() {
            Some("WAITINGONOTHERS") => "waitingOnOthers",
            Some("DEFERRED") => "deferred",
            _ => "notStarted",
        },
    }
}

pub fn write_status(task: &mut Component, wanted: &str, now_s: i64) {
    if wanted == status(task) {
        return;
    }
    task.remove(DETAIL);
    let word = match wanted {
        "completed" => "COMPLETED",
        "inProgress" => "IN-PROCESS",
        _ => "NEEDS-ACTION",
    };
    task.put(Property::new("STATUS", word));
    if matches!(wanted, "waitingOnOthers" | "deferred") {
        task.put(Property::new(DETAIL, wanted));
    }
    if wanted == "completed" {
        let now = plain_time(now_s).strftime("%Y%m%dT%H%M%SZ").to_string();
        task.put(Property::new("COMPLETED", now));
        task.put(Property::new("PERCENT-COMPLETE", "100"));
    } else {
        task.remove("COMPLETED");
        task.remove("PERCENT-COMPLETE");
    }
}

/// Only a task that is done has it.
fn write_completed(task: &mut Component, value: &Value) -> Result<(), GraphError> {
    if value.is_null() || status(task) != "completed" {
        return Ok(());
    }
    let utc_s = Given::read(value, "completedDateTime")?.to_utc();
    let text = plain_time(utc_s).strftime("%Y%m%dT%H%M%SZ").to_string();
    task.put(Property::new("COMPLETED", text));
    Ok(())
}

fn is_shown_alarm(alarm: &Component) -> bool {
    let action = alarm
        .property("ACTION")
        .map(|p| p.value.trim().to_ascii_uppercase());
    alarm.name == "VALARM" && !matches!(action.as_deref(), Some("EMAIL" | "NONE"))
}

/// The first alarm that shows itself, at its own time or before start or end.
fn reminder(task: &Task) -> Value {
    let alarm = task.component.parts.iter().find(|p| is_shown_alarm(p));
    let Some(trigger) = alarm.and_then(|a| a.property("TRIGGER")) else {
        return Value::Null;
    };
    if let Some(at) = parse_time(&trigger.value) {
        return task.look.zone.print(Zone::utc().to_utc(at.local));
    }
    let part = &task.calendar.parts[0];
    let is_end = trigger
        .param("RELATED")
        .is_some_and(|r| r.eq_ignore_ascii_case("END"));
    let base = match is_end {
        true => part.due.as_ref(),
        false => part.start.as_ref().or(part.due.as_ref()),
    };
    let (Some(base), Some(by)) = (base, parse_duration(&trigger.value)) else {
        return Value::Null;
    };
    let utc_s = base.to_utc(&task.look.zone.zone) + by.days * 86_400 + by.seconds;
    task.look.zone.print(utc_s)
}

fn write_reminder(task: &mut Component, value: &Value) -> Result<(), GraphError> {
    if value.is_null() {
        task.parts.retain(|p| !is_shown_alarm(p));
        return Ok(());
    }
    let utc_s = Given::read(value, "reminderDateTime")?.to_utc();
    let text = plain_time(utc_s).strftime("%Y%m%dT%H%M%SZ").to_string();
    let trigger = Property::new("TRIGGER", text).with("VALUE", "DATE-TIME");
    match task.parts.iter_mut().find(|p| is_shown_alarm(p)) {
        Some(alarm) => alarm.put(trigger),
        None => {
            let mut alarm = Component::new("VALARM");
            alarm.put(Property::new("ACTION", "DISPLAY"));
            alarm.put(trigger);
            alarm.put(Property::new("DESCRIPTION", "-"));
            task.parts.push(alarm);
        }
    }
    Ok(())
}

/// A series needs a day to begin with: when it starts, or when it is due.
fn recurrence(task: &Task) -> Value {
    let part = &task.calendar.parts[0];
    let start = part.start.as_ref().or(part.due.as_ref());
    let (Some(rule), Some(start)) = (part.rules.first(), start) else {
        return Value::Null;
    };
    let zone = start.zone.clone().unwrap_or_else(Zone::utc);
    Pattern::of_rule(rule, start.local, &zone).print(start.local.date(), "UTC")
}

fn write_recurrence(task: &mut Component, value: &Value) -> Result<(), GraphError> {
    if value.is_null() {
        task.remove("RRULE");
        return Ok(());
    }
    let has_start = task.property("DTSTART").is_some();
    let property = task.property("DTSTART").or_else(|| task.property("DUE")).cloned();
    let property = match property {
        Some(property) => property,
        None => {
            let range = json::object(value, "range")?;
            let day = range.map(|r| json::text(r, "startDate")).transpose()?.flatten();
            let day: jiff::civil::Date = day
                .and_then(|d| d.get(..10).unwrap_or(d).parse().ok())
                .ok_or_else(|| {
                    GraphError::bad(
                        "ErrorInvalidRequest",
                        "a task that comes again needs »dueDateTime«",
                    )
                })?;
            let due = Property::new("DUE", day.strftime("%Y%m%d").to_string()).with("VALUE", "DATE");
            task.put(due.clone());
            due
        }
    };
    let start = parse_time(&property.value)
        .ok_or_else(|| GraphError::bad("ErrorInvalidRequest", "the time of the task cannot be read"))?;
    let zone = match property.param("TZID") {
        Some(name) => Some(NamedZone::find(name)?.zone),
        None => start.is_utc.then(Zone::utc),
    };
    let pattern = Pattern::read(value, start.local.date())?;
    // RFC 5545 §3.8.5.3: a rule is about DTSTART.
    if !has_start {
        task.put(Property {
            name: "DTSTART".into(),
            ..property
        });
    }
    task.put(Property::new(
        "RRULE",
        pattern.rule_text(start.is_date, zone.as_ref()),
    ));
    Ok(())
}
