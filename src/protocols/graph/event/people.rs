//! Who takes part: organizer, attendees and what they have answered.

use super::seen::Seen;
use crate::calendar::scheduling::answer::PROPOSED;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::value::parse_time;
use crate::formats::ical::zone::plain_seconds;
use crate::model::Account;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use serde_json::{Value, json};

const NEVER: &str = "0001-01-01T00:00:00Z";
const MOST: usize = 500;

pub fn address(property: &Property) -> String {
    let value = property.value.trim();
    match value.get(..7).filter(|p| p.eq_ignore_ascii_case("mailto:")) {
        Some(_) => value[7..].to_owned(),
        None => property.param("EMAIL").unwrap_or(value).to_owned(),
    }
}

fn email_address(property: &Property) -> Value {
    let address = address(property);
    let name = property.param("CN").filter(|n| !n.is_empty()).unwrap_or(&address);
    json!({"name": name, "address": address})
}

pub fn organizer(seen: &Seen) -> Value {
    let owner = &seen.look.owner;
    let email = match seen.component().property("ORGANIZER") {
        Some(property) => email_address(property),
        None => json!({"name": owner.display_name, "address": owner.address}),
    };
    json!({"emailAddress": email})
}

pub fn is_organizer(component: &Component, owner: &Account) -> bool {
    let property = component.property("ORGANIZER");
    property.is_none_or(|p| owner.owns_address(&address(p)))
}

fn response(property: &Property) -> Value {
    let partstat = property
        .param("PARTSTAT")
        .unwrap_or("NEEDS-ACTION")
        .to_ascii_uppercase();
    let word = match partstat.as_str() {
        "ACCEPTED" => "accepted",
        "DECLINED" => "declined",
        "TENTATIVE" => "tentativelyAccepted",
        "NEEDS-ACTION" => "notResponded",
        _ => "none",
    };
    json!({"response": word, "time": NEVER})
}

/// What the owner has answered.
pub fn response_status(seen: &Seen) -> Value {
    let owner = &seen.look.owner;
    if is_organizer(seen.component(), owner) {
        let has_guests = seen.component().property("ATTENDEE").is_some();
        return json!({"response": if has_guests { "organizer" } else { "none" }, "time": NEVER});
    }
    let own = seen
        .component()
        .all("ATTENDEE")
        .find(|p| owner.owns_address(&address(p)));
    own.map_or_else(|| json!({"response": "none", "time": NEVER}), response)
}

pub fn attendees(seen: &Seen) -> Value {
    let guests = seen.component().all("ATTENDEE").take(MOST);
    guests
        .map(|p| {
            let mut out = json!({"type": kind(p), "status": response(p), "emailAddress": email_address(p)});
            if let Some(time) = proposed(seen, p) {
                out["proposedNewTime"] = time;
            }
            out
        })
        .collect()
}

/// The time that a guest would like better.
fn proposed(seen: &Seen, guest: &Property) -> Option<Value> {
    let (start, end) = guest.param(PROPOSED)?.split_once('/')?;
    let shown = |text: &str| {
        let written = parse_time(text).filter(|w| w.is_utc)?;
        Some(seen.look.zone.print(plain_seconds(written.local)))
    };
    Some(json!({"start": shown(start)?, "end": shown(end)?}))
}

fn kind(property: &Property) -> &'static str {
    let is = |name: &str, words: &[&str]| {
        property
            .param(name)
            .is_some_and(|v| words.iter().any(|w| v.eq_ignore_ascii_case(w)))
    };
    if is("CUTYPE", &["ROOM", "RESOURCE"]) {
        "resource"
    } else if is("ROLE", &["OPT-PARTICIPANT", "NON-PARTICIPANT"]) {
        "optional"
    } else {
        "required"
    }
}

/// The list replaces what is there; who stays keeps what they have answered.
pub fn write_attendees(component: &mut Component, wanted: &Value, owner: &Account) -> Result<(), GraphError> {
    let wanted = match wanted {
        Value::Null => &[][..],
        Value::Array(all) => all.as_slice(),
        _ => return Err(GraphError::request("»attendees« is to be a list")),
    };
    if wanted.len() > MOST {
        return Err(GraphError::request(format!(
            "an event has at most {MOST} attendees"
        )));
    }
    let before: Vec<Property> = component.all("ATTENDEE").cloned().collect();
    let mut after: Vec<Property> = Vec::with_capacity(wanted.len());
    for guest in wanted {
        let email = json::object(guest, "emailAddress")?;
        let email = email.ok_or_else(|| GraphError::request("an attendee lacks »emailAddress«"))?;
        let text = json::required_text(email, "address")?.trim();
        let is_sane = text.contains('@') && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if !is_sane {
            return Err(GraphError::bad(
                "ErrorInvalidRecipients",
                format!(
                    "»{}« is no address of an attendee",
                    crate::base::text::one_line(text)
                ),
            ));
        }
        if after.iter().any(|p| address(p).eq_ignore_ascii_case(text)) {
            continue;
        }
        let known = before.iter().find(|p| address(p).eq_ignore_ascii_case(text));
        let mut property = known.cloned().unwrap_or_else(|| {
            Property::new("ATTENDEE", format!("mailto:{text}"))
                .with("PARTSTAT", "NEEDS-ACTION")
                .with("RSVP", "TRUE")
        });
        if let Some(name) = json::text(email, "name")?.filter(|n| !n.is_empty()) {
            property.set_param("CN", name);
        }
        if let Some(wanted) = json::text(guest, "type")?
            && !wanted.eq_ignore_ascii_case(kind(&property))
        {
            write_kind(&mut property, wanted)?;
        }
        after.push(property);
    }
    if !after.is_empty() && component.property("ORGANIZER").is_none() {
        let organizer = Property::new("ORGANIZER", format!("mailto:{}", owner.address));
        component.put(organizer.with("CN", owner.display_name.clone()));
    }
    component.put_all("ATTENDEE", after);
    Ok(())
}

/// Beside those who are there.
pub fn add_attendees(component: &mut Component, more: &[Value], owner: &Account) -> Result<(), GraphError> {
    let before = component
        .all("ATTENDEE")
        .map(|p| json!({"emailAddress": {"address": address(p)}}));
    let all: Vec<Value> = before.chain(more.iter().cloned()).collect();
    write_attendees(component, &Value::Array(all), owner)
}

fn write_kind(property: &mut Property, wanted: &str) -> Result<(), GraphError> {
    let (role, cutype) = match wanted.to_ascii_lowercase().as_str() {
        "required" => ("REQ-PARTICIPANT", None),
        "optional" => ("OPT-PARTICIPANT", None),
        "resource" => ("REQ-PARTICIPANT", Some("RESOURCE")),
        other => {
            return Err(GraphError::request(format!(
                "»{}« is no type of an attendee; known: required, optional, resource",
                crate::base::text::one_line(other)
            )));
        }
    };
    property.set_param("ROLE", role);
    match cutype {
        Some(cutype) => property.set_param("CUTYPE", cutype),
        None => drop(property.take_param("CUTYPE")),
    }
    Ok(())
}

/// Whether attendees are asked to answer.
pub fn response_requested(seen: &Seen) -> Value {
    let refuses = |p: &Property| p.param("RSVP").is_some_and(|r| r.eq_ignore_ascii_case("FALSE"));
    let mut guests = seen.component().all("ATTENDEE").peekable();
    (guests.peek().is_none() || !guests.all(refuses)).into()
}

pub fn write_response_requested(component: &mut Component, wanted: &Value) {
    let word = if wanted == &Value::Bool(false) {
        "FALSE"
    } else {
        "TRUE"
    };
    for property in component.properties.iter_mut().filter(|p| p.name == "ATTENDEE") {
        property.set_param("RSVP", word);
    }
}
