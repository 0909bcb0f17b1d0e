//! Messages about events (iTIP, RFC 5546): a calendar with a METHOD. Read leniently, because they come from everywhere:
//! the method may stand in the MIME header only, a mail may hold several calendars, an answer need not say when.

use super::object::{CalendarObject, ComponentKind, check_object};
use crate::base::{Error, Result};
use crate::formats::content_line::{Component, read_stream};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    Publish,
    Request,
    Reply,
    Add,
    Cancel,
    Refresh,
    Counter,
    DeclineCounter,
}

impl Method {
    const ALL: [(Method, &'static str); 8] = [
        (Method::Publish, "PUBLISH"),
        (Method::Request, "REQUEST"),
        (Method::Reply, "REPLY"),
        (Method::Add, "ADD"),
        (Method::Cancel, "CANCEL"),
        (Method::Refresh, "REFRESH"),
        (Method::Counter, "COUNTER"),
        (Method::DeclineCounter, "DECLINECOUNTER"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(m, _)| *m == self)
            .map_or("PUBLISH", |(_, n)| n)
    }

    pub fn by_name(name: &str) -> Option<Method> {
        Self::ALL
            .iter()
            .find(|(_, n)| n.eq_ignore_ascii_case(name.trim()))
            .map(|(m, _)| *m)
    }
}

/// A message about one UID.
#[derive(Clone, Debug)]
pub struct Message {
    pub method: Method,
    /// Without the METHOD.
    pub object: CalendarObject,
}

/// Messages of one text; nobody writes about more at once.
const MAX_MESSAGES: usize = 50;

/// The messages that a text holds, each about one UID. `hint`: the method that the MIME header names, for a calendar that
/// names none. Errors: Invalid, with the line; also for a calendar without any method.
pub fn read_messages(raw: &[u8], hint: Option<&str>) -> Result<Vec<Message>> {
    let mut out = Vec::new();
    for mut calendar in read_stream(raw)? {
        if calendar.name != "VCALENDAR" {
            return Err(Error::invalid(format!(
                "line {}: this is no VCALENDAR but {}",
                calendar.line, calendar.name
            )));
        }
        let named = calendar.property("METHOD").map(|p| p.value.trim().to_owned());
        let method = named.as_deref().or(hint).and_then(Method::by_name);
        let method = method
            .ok_or_else(|| Error::invalid("the calendar does not say what is wanted: METHOD is missing"))?;
        calendar.remove("METHOD");
        for one in by_uid(calendar) {
            if out.len() >= MAX_MESSAGES {
                return Err(Error::invalid(format!(
                    "more than {MAX_MESSAGES} events in one message are not read"
                )));
            }
            let object = check_object(one, false)?;
            out.push(Message { method, object });
        }
    }
    Ok(out)
}

/// A calendar for each UID, all with the zones.
fn by_uid(calendar: Component) -> Vec<Component> {
    let (about, shared): (Vec<Component>, Vec<Component>) = calendar
        .parts
        .into_iter()
        .partition(|c| ComponentKind::by_name(&c.name).is_some());
    let mut groups: Vec<(Option<String>, Vec<Component>)> = Vec::new();
    for component in about {
        let uid = component.text("UID").map(|u| u.trim().to_owned());
        match groups.iter_mut().find(|(u, _)| *u == uid) {
            Some((_, group)) => group.push(component),
            None => groups.push((uid, vec![component])),
        }
    }
    let shell = Component {
        parts: shared,
        ..calendar
    };
    let with = |(_, group): (Option<String>, Vec<Component>)| {
        let mut one = shell.clone();
        one.parts.extend(group);
        one
    };
    // Copies of the zones for each: bounded, since more groups than messages are refused anyway.
    groups.into_iter().take(MAX_MESSAGES + 1).map(with).collect()
}

/// A calendar of ours for messages: version, author, method.
pub fn with_method(mut calendar: Component, method: Method) -> Component {
    calendar.set("METHOD", method.name());
    if calendar.property("VERSION").is_none() {
        calendar.set("VERSION", "2.0");
    }
    calendar.set("PRODID", PRODUCT);
    calendar
}

/// Who wrote what we write.
pub const PRODUCT: &str = "-//Hauspost//EN";
