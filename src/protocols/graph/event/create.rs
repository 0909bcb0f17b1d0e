//! POST events.

use super::fields;
use super::get::whole_event;
use super::reminder;
use super::times::{self, Before};
use super::view::Event;
use crate::base::random;
use crate::base::text::hex;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property};
use crate::model::FolderKind;
use crate::model::object::{Collection, Object, ObjectKind};
use crate::objects::Condition;
use crate::objects::get::find_object;
use crate::objects::properties::set_object_properties;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::extended;
use crate::protocols::graph::json;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection, store};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::http::ids;
use serde_json::Value;

pub const ROWS: &[Row] = &[
    row!(POST "me/events" CalendarWrite [] => create_default),
    row!(POST "me/calendar/events" CalendarWrite [] => create_default),
    row!(POST "me/calendars/{}/events" CalendarWrite [] => create_in),
];

async fn create_default(call: Call) -> Result {
    let calendar = default_collection(&call, FolderKind::Calendar).await?;
    create(&call, &calendar).await
}

async fn create_in(call: Call) -> Result {
    let calendar = collection_by_id(&call, FolderKind::Calendar, call.key(0)).await?;
    create(&call, &calendar).await
}

async fn create(call: &Call, calendar: &Collection) -> Result {
    let body = call.json()?;
    let given = extended::given(&body)?;
    // The same transactionId is the same event, however often a program tries.
    let transaction = json::text(&body, "transactionId")?.filter(|t| !t.is_empty());
    let uid = match transaction {
        Some(id) => format!("t{}", hex(&blake3::hash(id.as_bytes()).as_bytes()[..16])),
        None => random::uuid(),
    };
    let name = format!("{uid}.ics");
    let raw = compose(call, &uid, &body)?;
    let stored = store::<Event>(call, calendar, &name, raw, Condition::Absent).await;
    let object: Object = match stored {
        Err(e) if e.is_conflict() && transaction.is_some() => {
            find_object(call.ctx(), call.account, calendar.folder.id, &name).await?
        }
        stored => stored?,
    };
    if !given.is_empty() {
        set_object_properties(call.ctx(), call.account, object.item.id, given).await?;
    }
    let id = ids::print_object(ObjectKind::Event, object.item.id);
    let location = format!("{}/me/events/{id}", call.site.base());
    Ok(Answer::created(whole_event(call, &id).await?, location))
}

/// The iCalendar of a new event.
pub fn compose(call: &Call, uid: &str, body: &Value) -> Result<Vec<u8>> {
    let mut event = Component::new("VEVENT");
    event.put(Property::of_text("UID", uid));
    stamp(call, &mut event, true);
    times::write(&mut event, &Before::default(), body)?;
    if event.property("DTSTART").is_none() {
        return Err(crate::protocols::graph::error::GraphError::bad(
            "ErrorInvalidRequest",
            "an event needs »start« and »end«",
        ));
    }
    fields::write(&mut event, body, call.owner()?)?;
    let says_nothing = ["isReminderOn", "reminderMinutesBeforeStart"]
        .iter()
        .all(|n| json::field(body, n).is_none());
    if says_nothing {
        reminder::add(&mut event, reminder::USUAL_MINUTES);
    }
    let mut calendar = calendar_of(event);
    times::describe_zones(&mut calendar);
    Ok(print_component(&calendar).into_bytes())
}

/// A VCALENDAR around one component.
pub fn calendar_of(component: Component) -> Component {
    let mut out = Component::new("VCALENDAR");
    out.put(Property::new("VERSION", "2.0"));
    out.put(Property::new("PRODID", "-//Hauspost//Hauspost//EN"));
    out.parts.push(component);
    out
}

/// When it was made and last changed.
pub fn stamp(call: &Call, component: &mut Component, is_new: bool) {
    let now_s = call.ctx().now_ms().div_euclid(1000);
    let now = crate::formats::ical::zone::plain_time(now_s)
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    for name in ["DTSTAMP", "LAST-MODIFIED"] {
        component.put(Property::new(name, now.clone()));
    }
    if is_new {
        component.put(Property::new("CREATED", now));
    }
}
