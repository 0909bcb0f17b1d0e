//! The table of an event's properties: what each shows, and what each writes. One property has one row.

use super::people;
use super::reminder;
use super::seen::{Seen, is_series, occurrence_id};
use super::text;
use super::times;
use crate::base::clock::rfc3339;
use crate::base::text::one_line;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::zone::Zone;
use crate::model::Account;
use crate::protocols::graph::call::change_key;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::object::files;
use crate::protocols::graph::select::Properties;
use serde_json::{Value, json};
use std::sync::LazyLock;

type Set = fn(&mut Component, &Value, &Account) -> Result<(), GraphError>;

pub struct Field {
    pub name: &'static str,
    /// Given when nothing is selected.
    is_usual: bool,
    /// None: only shown, or written together with others ([`times::write`]).
    pub set: Option<Set>,
    pub get: fn(&Seen) -> Value,
}

const fn shown(name: &'static str, get: fn(&Seen) -> Value) -> Field {
    Field {
        name,
        is_usual: true,
        set: None,
        get,
    }
}

const fn both(name: &'static str, get: fn(&Seen) -> Value, set: Set) -> Field {
    Field {
        name,
        is_usual: true,
        set: Some(set),
        get,
    }
}

/// In the order in which they are written.
pub const FIELDS: &[Field] = &[
    shown("id", |s| s.id().into()),
    shown("createdDateTime", |s| moment(s, "CREATED")),
    shown("lastModifiedDateTime", |s| {
        rfc3339(s.object.item.received_at_ms).into()
    }),
    shown("changeKey", |s| change_key(s.object.item.modseq).into()),
    both(
        "categories",
        |s| categories(s.component()).into(),
        |c, v, _| write_categories(c, v),
    ),
    both(
        "transactionId",
        |s| s.component().text(TRANSACTION).into(),
        |c, v, _| text_into(c, TRANSACTION, v),
    ),
    shown("originalStartTimeZone", |s| times::original_zone(s, "DTSTART")),
    shown("originalEndTimeZone", |s| times::original_zone(s, "DTEND")),
    shown("iCalUId", |s| s.calendar.uid.clone().into()),
    both(
        "subject",
        |s| open(s, || s.component().text("SUMMARY").into()),
        |c, v, _| text_into(c, "SUMMARY", v),
    ),
    both(
        "reminderMinutesBeforeStart",
        reminder::minutes_before,
        |c, v, _| reminder::write_minutes(c, v),
    ),
    both("isReminderOn", reminder::is_on, |c, v, _| {
        reminder::write_is_on(c, v)
    }),
    shown("hasAttachments", |s| files::has_any(s.component()).into()),
    shown("bodyPreview", |s| open(s, || text::preview(s))),
    both(
        "importance",
        |s| importance(s.component()).into(),
        |c, v, _| write_importance(c, v),
    ),
    both(
        "sensitivity",
        |s| sensitivity(s).into(),
        |c, v, _| write_sensitivity(c, v),
    ),
    shown("isAllDay", |s| s.is_all_day().into()),
    shown("isCancelled", |s| {
        (s.word("STATUS").as_deref() == Some("CANCELLED")).into()
    }),
    shown("isOrganizer", |s| {
        people::is_organizer(s.component(), &s.look.owner).into()
    }),
    shown("seriesMasterId", |s| s.place.map(|_| s.master_id()).into()),
    both("showAs", |s| show_as(s).into(), |c, v, _| write_show_as(c, v)),
    shown("type", |s| kind(s).into()),
    shown("webLink", |_| Value::Null),
    shown("onlineMeetingUrl", |s| {
        s.component()
            .property("CONFERENCE")
            .map(|p| p.value.clone())
            .into()
    }),
    shown("isOnlineMeeting", |_| false.into()),
    shown("onlineMeetingProvider", |_| "unknown".into()),
    shown("onlineMeeting", |_| Value::Null),
    both(
        "allowNewTimeProposals",
        |s| (s.word(NO_COUNTER).as_deref() != Some("TRUE")).into(),
        |c, v, _| switch(c, NO_COUNTER, v == &Value::Bool(false)),
    ),
    shown("isDraft", |_| false.into()),
    both(
        "hideAttendees",
        |s| (s.word(HIDES).as_deref() == Some("TRUE")).into(),
        |c, v, _| switch(c, HIDES, v == &Value::Bool(true)),
    ),
    shown("recurrence", times::recurrence),
    shown("responseStatus", people::response_status),
    both(
        "body",
        |s| open(s, || text::body(s.component(), &s.look.prefer)),
        |c, v, _| text::write_body(c, v),
    ),
    shown("start", times::start),
    shown("end", times::end),
    both(
        "location",
        |s| open(s, || text::location(s)),
        |c, v, _| text::write_location(c, v),
    ),
    both(
        "locations",
        |s| {
            if is_hidden(s) {
                json!([])
            } else {
                text::locations(s).into()
            }
        },
        |c, v, _| text::write_locations(c, v),
    ),
    both(
        "attendees",
        |s| {
            if is_hidden(s) {
                json!([])
            } else {
                people::attendees(s)
            }
        },
        people::write_attendees,
    ),
    // After the attendees, whom it is about.
    both("responseRequested", people::response_requested, |c, v, _| {
        people::write_response_requested(c, v);
        Ok(())
    }),
    shown("organizer", people::organizer),
    Field {
        is_usual: false,
        ..shown("originalStart", original_start)
    },
    Field {
        is_usual: false,
        ..shown("cancelledOccurrences", cancelled)
    },
];

const TRANSACTION: &str = "X-HAUSPOST-TRANSACTION-ID";
const HIDES: &str = "X-HAUSPOST-HIDE-ATTENDEES";
const NO_COUNTER: &str = "X-MICROSOFT-DISALLOW-COUNTER";
const BUSY_STATUS: &str = "X-MICROSOFT-CDO-BUSYSTATUS";

pub static PROPERTIES: LazyLock<Properties> = LazyLock::new(|| {
    let names = |is_usual: bool| {
        let all = FIELDS.iter().filter(|f| f.is_usual == is_usual).map(|f| f.name);
        Vec::leak(all.collect())
    };
    Properties {
        resource: "event",
        usual: names(true),
        further: names(false),
    }
});

/// Writes what the body names and an event can be told. Errors: 400, naming the property.
pub fn write(component: &mut Component, body: &Value, owner: &Account) -> Result<(), GraphError> {
    let given = body.as_object();
    let named = |name: &str| given.and_then(|o| o.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)));
    // Programs that read »locations« send both back; the list says more.
    let has_list = named("locations").is_some_and(|(_, v)| v.as_array().is_some_and(|a| !a.is_empty()));
    for field in FIELDS.iter().filter(|f| !(has_list && f.name == "location")) {
        if let (Some(set), Some((_, value))) = (field.set, named(field.name)) {
            let is_second = field.name == "locations" && !has_list && named("location").is_some();
            if !is_second {
                set(component, value, owner)?;
            }
        }
    }
    Ok(())
}

/// What is private shows when it is, and nothing else.
fn is_hidden(seen: &Seen) -> bool {
    !seen.look.sees_private && matches!(sensitivity(seen), "private" | "confidential")
}

fn open(seen: &Seen, get: impl Fn() -> Value) -> Value {
    if is_hidden(seen) { Value::Null } else { get() }
}

fn moment(seen: &Seen, name: &str) -> Value {
    let written = seen.component().property(name);
    let ms = written
        .and_then(|p| crate::formats::ical::value::parse_time(&p.value))
        .map(|w| Zone::utc().to_utc(w.local) * 1000);
    rfc3339(ms.unwrap_or(seen.object.item.received_at_ms)).into()
}

fn text_into(component: &mut Component, name: &str, value: &Value) -> Result<(), GraphError> {
    match value {
        Value::Null => component.put_text(name, None),
        Value::String(text) if text.len() <= 64 << 10 => component.put_text(name, Some(&one_line(text))),
        _ => return Err(GraphError::request("a text is no text, or longer than 64 kB")),
    }
    Ok(())
}

fn switch(component: &mut Component, name: &str, is_on: bool) -> Result<(), GraphError> {
    match is_on {
        true => component.put(Property::new(name, "TRUE")),
        false => component.remove(name),
    }
    Ok(())
}

/// Several lines, and several words on each.
pub fn categories(component: &Component) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for property in component.all("CATEGORIES") {
        let mut word = String::new();
        let mut chars = property.value.chars();
        loop {
            match chars.next() {
                Some('\\') => word.extend(chars.next()),
                Some(c) if c != ',' => word.push(c),
                end => {
                    let done = std::mem::take(&mut word).trim().to_owned();
                    if !done.is_empty() && !out.contains(&done) && out.len() < 100 {
                        out.push(done);
                    }
                    if end.is_none() {
                        break;
                    }
                }
            }
        }
    }
    out
}

pub fn write_categories(component: &mut Component, value: &Value) -> Result<(), GraphError> {
    let wanted = match value {
        Value::Null => &[][..],
        Value::Array(all) => all.as_slice(),
        _ => return Err(GraphError::request("»categories« is to be a list")),
    };
    let word = |v: &Value| {
        let text = v.as_str().map(|t| one_line(t).trim().to_owned());
        text.filter(|t| !t.is_empty() && t.len() <= 255)
            .map(|t| crate::formats::content_line::print::escape_text(&t))
            .ok_or_else(|| GraphError::request("a category is a text of 1 to 255 bytes"))
    };
    let words: Vec<String> = wanted.iter().map(word).collect::<Result<_, _>>()?;
    match words.is_empty() {
        true => component.remove("CATEGORIES"),
        false => component.put(Property::new("CATEGORIES", words.join(","))),
    }
    Ok(())
}

/// `value` as one of the words of an enumeration. Errors: BadRequest with the words.
pub fn one_of(value: &Value, name: &str, known: &[&'static str]) -> Result<&'static str, GraphError> {
    let text = value.as_str().unwrap_or_default();
    let found = known.iter().find(|k| k.eq_ignore_ascii_case(text));
    found
        .copied()
        .ok_or_else(|| GraphError::request(format!("»{name}« is to be one of {}", known.join(", "))))
}

pub fn importance(component: &Component) -> &'static str {
    let number = component
        .property("PRIORITY")
        .and_then(|p| p.value.trim().parse::<u8>().ok());
    match number {
        Some(1..=4) => "high",
        Some(6..=9) => "low",
        _ => "normal",
    }
}

pub fn write_importance(component: &mut Component, value: &Value) -> Result<(), GraphError> {
    let wanted = one_of(value, "importance", &["low", "normal", "high"])?;
    if wanted != importance(component) {
        match wanted {
            "high" => component.put(Property::new("PRIORITY", "1")),
            "low" => component.put(Property::new("PRIORITY", "9")),
            _ => component.remove("PRIORITY"),
        }
    }
    Ok(())
}

fn sensitivity(seen: &Seen) -> &'static str {
    match seen.word("CLASS").as_deref() {
        None | Some("PUBLIC") => "normal",
        Some("CONFIDENTIAL") => "confidential",
        Some("X-PERSONAL") => "personal",
        // RFC 5545 §3.8.1.3: what is not known is private.
        Some(_) => "private",
    }
}

fn write_sensitivity(component: &mut Component, value: &Value) -> Result<(), GraphError> {
    let wanted = one_of(
        value,
        "sensitivity",
        &["normal", "personal", "private", "confidential"],
    )?;
    match wanted {
        "private" => component.put(Property::new("CLASS", "PRIVATE")),
        "confidential" => component.put(Property::new("CLASS", "CONFIDENTIAL")),
        "personal" => component.put(Property::new("CLASS", "X-PERSONAL")),
        _ => component.remove("CLASS"),
    }
    Ok(())
}

/// Exchange's own word where it does not contradict TRANSP.
fn show_as(seen: &Seen) -> &'static str {
    let is_free = seen.word("TRANSP").as_deref() == Some("TRANSPARENT");
    match (seen.word(BUSY_STATUS).as_deref(), is_free) {
        (Some("WORKINGELSEWHERE"), true) => "workingElsewhere",
        (_, true) => "free",
        (Some("OOF"), false) => "oof",
        (Some("TENTATIVE"), false) => "tentative",
        _ if seen.word("STATUS").as_deref() == Some("TENTATIVE") => "tentative",
        _ => "busy",
    }
}

fn write_show_as(component: &mut Component, value: &Value) -> Result<(), GraphError> {
    const WORDS: [&str; 6] = ["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"];
    let wanted = one_of(value, "showAs", &WORDS)?;
    let is_free = matches!(wanted, "free" | "workingElsewhere");
    component.put(Property::new(
        "TRANSP",
        if is_free { "TRANSPARENT" } else { "OPAQUE" },
    ));
    let word = if wanted == "unknown" { "busy" } else { wanted };
    component.put(Property::new(BUSY_STATUS, word.to_ascii_uppercase()));
    // What the status alone said would go on saying it.
    let was_tentative = component
        .property("STATUS")
        .is_some_and(|p| p.value.eq_ignore_ascii_case("TENTATIVE"));
    if was_tentative && wanted != "tentative" {
        component.put(Property::new("STATUS", "CONFIRMED"));
    }
    Ok(())
}

fn kind(seen: &Seen) -> &'static str {
    match seen.place {
        Some(_) if seen.is_exception() => "exception",
        Some(_) => "occurrence",
        None if is_series(seen.calendar) => "seriesMaster",
        None => "singleInstance",
    }
}

fn original_start(seen: &Seen) -> Value {
    let Some(place) = seen.place else {
        return Value::Null;
    };
    let zone = seen.calendar.parts[0].start.as_ref().and_then(|s| s.zone.clone());
    let utc_s = zone.unwrap_or_else(|| seen.look.zone.zone.clone()).to_utc(place);
    rfc3339(utc_s.saturating_mul(1000)).into()
}

fn cancelled(seen: &Seen) -> Value {
    if !seen.is_master() {
        return json!([]);
    }
    let main = &seen.calendar.parts[0];
    let zone = main.start.as_ref().and_then(|s| s.zone.as_ref());
    let places = main.excluded.iter().map(|m| m.local_in(zone));
    places.map(|p| occurrence_id(&seen.master_id(), p)).collect()
}
