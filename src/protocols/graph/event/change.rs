//! PATCH events/{id}: what the body names, of all of an event or of one of a series. All else stays as it was written.

use super::create::stamp;
use super::fields;
use super::get::whole_event;
use super::seen::{Seen, at_place, parse, parse_id};
use super::times::{self, Before, like_start};
use super::view::Event;
use crate::base::Error;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, read_component};
use crate::formats::ical::expand::Occurrence;
use crate::formats::ical::object::Moment;
use crate::formats::ical::zone::{plain_seconds, plain_time};
use crate::formats::ical::{CalendarObject, read_object};
use crate::model::object::Object;
use crate::objects::properties::set_object_properties;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::extended;
use crate::protocols::graph::object::edit::edit;
use crate::protocols::graph::object::{Look, id_of};
use crate::protocols::graph::routes::{Row, row};
use jiff::civil::DateTime;
use serde_json::Value;

pub const ROWS: &[Row] = &[row!(PATCH "me/events/{}" CalendarWrite [] => change)];

async fn change(call: Call) -> Result {
    let (body, unchanged) = (call.json()?, call.unchanged()?);
    let (master, place) = parse_id(call.key(0))?;
    let (id, look) = (id_of::<Event>(master)?, Look::of(&call)?);
    let given = extended::given(&body)?;
    edit::<Event>(&call, id, unchanged, |object, raw| {
        let changed = match place {
            None => change_whole(&call, &look, object, raw, &body)?,
            Some(place) => change_one(&call, &look, raw, place, &body)?,
        };
        Ok(Some(changed))
    })
    .await?;
    if !given.is_empty() {
        set_object_properties(call.ctx(), call.account, id, given).await?;
    }
    if call.prefer.is_minimal {
        return Ok(Answer::no_content().with("Preference-Applied", "return=minimal"));
    }
    Ok(Answer::json(whole_event(&call, call.key(0)).await?))
}

fn lost() -> GraphError {
    Error::internal("a part of a stored event has vanished").into()
}

fn change_whole(call: &Call, look: &Look, object: &Object, raw: &[u8], body: &Value) -> Result<Vec<u8>> {
    let old = parse(raw)?;
    let seen = Seen::whole(look, object, &old);
    let main = &old.parts[0];
    let before = Before {
        start: main.start.as_ref(),
        length_s: seen.end_s - seen.start_s,
        recurrence: times::recurrence(&seen),
        is_occurrence: false,
    };
    let mut calendar = read_component(raw)?;
    let component = calendar.parts.get_mut(main.component).ok_or_else(lost)?;
    fields::write(component, body, call.owner()?)?;
    let is_other = times::write(component, &before, body)?;
    stamp(call, component, false);
    if super::seen::is_series(&old) {
        keep_places(&mut calendar, &old, is_other)?;
    }
    times::describe_zones(&mut calendar);
    Ok(print_component(&calendar).into_bytes())
}

/// A series that begins at another time takes what is said about single ones of it along; what its new pattern does not
/// mean any more goes.
fn keep_places(calendar: &mut Component, old: &CalendarObject, is_other: bool) -> Result<(), GraphError> {
    let Some(was) = old.parts[0].start.clone() else {
        return Ok(());
    };
    let new = read_object(print_component(calendar).as_bytes())
        .map_err(crate::protocols::graph::object::edit::as_request)?;
    let Some(now) = new.parts[0].start.clone() else {
        return Ok(());
    };
    let by_s = plain_seconds(now.local) - plain_seconds(was.local);
    // Only the time of day moves them: another day is another pattern.
    let is_moved = was.local != now.local || was.is_date != now.is_date;
    if !is_moved && !is_other {
        return Ok(());
    }
    let there = |moment: &Moment| -> Option<DateTime> {
        let local = moment.local_in(was.zone.as_ref());
        let at = plain_time(plain_seconds(local) + if is_other { 0 } else { by_s });
        let at = if is_other {
            at.date().to_datetime(now.local.time())
        } else {
            at
        };
        let rules = &new.parts[0].rules;
        let is_meant = rules
            .iter()
            .any(|r| !r.starts(now.local, None, at, at, 1).is_empty());
        is_meant.then_some(at)
    };
    let excluded: Vec<DateTime> = old.parts[0].excluded.iter().filter_map(there).collect();
    let overrides: Vec<(usize, Option<DateTime>)> = old.parts[1..]
        .iter()
        .map(|p| (p.component, p.recurrence_id.as_ref().and_then(there)))
        .collect();
    let master = calendar.parts.get_mut(new.parts[0].component).ok_or_else(lost)?;
    master.remove("EXDATE");
    for at in excluded {
        let property = like_start(master, "EXDATE", at);
        master.properties.push(property);
    }
    let places: Vec<_> = overrides
        .into_iter()
        .map(|(i, at)| (i, at.map(|at| like_start(master, "RECURRENCE-ID", at))))
        .collect();
    let mut gone = Vec::new();
    for (i, place) in places {
        match (place, calendar.parts.get_mut(i)) {
            (Some(place), Some(part)) => part.put(place),
            _ => gone.push(i),
        }
    }
    let mut at = 0;
    calendar.parts.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
    Ok(())
}

/// Gives one of a series a component of its own, when it has none, and changes that.
fn change_one(call: &Call, look: &Look, raw: &[u8], place: DateTime, body: &Value) -> Result<Vec<u8>> {
    let old = parse(raw)?;
    let found = at_place(&old, look, place)?;
    let mut calendar = read_component(raw)?;
    let at = own_component(&mut calendar, &old, &found, look, place)?;
    // Read again: what is about the one is now in its own component.
    let now = read_object(print_component(&calendar).as_bytes())?;
    let part = now.parts.iter().find(|p| p.component == at).ok_or_else(lost)?;
    let before = Before {
        start: part.start.as_ref(),
        length_s: found.end_s - found.start_s,
        recurrence: Value::Null,
        is_occurrence: true,
    };
    let component = calendar.parts.get_mut(at).ok_or_else(lost)?;
    fields::write(component, body, call.owner()?)?;
    times::write(component, &before, body)?;
    stamp(call, component, false);
    times::describe_zones(&mut calendar);
    Ok(print_component(&calendar).into_bytes())
}

/// The index of the component that is about one of a series; made from the one that it followed so far.
pub fn own_component(
    calendar: &mut Component,
    old: &CalendarObject,
    found: &Occurrence,
    look: &Look,
    place: DateTime,
) -> Result<usize, GraphError> {
    let part = &old.parts[found.part];
    let is_own = part.recurrence_id.is_some() && !part.is_this_and_future;
    if is_own {
        return Ok(part.component);
    }
    let master = calendar.parts.get(old.parts[0].component).ok_or_else(lost)?;
    let id = like_start(master, "RECURRENCE-ID", place);
    let mut own = calendar.parts.get(part.component).ok_or_else(lost)?.clone();
    for name in ["RRULE", "RDATE", "EXDATE", "EXRULE", "DURATION", "RECURRENCE-ID"] {
        own.remove(name);
    }
    let zone = part.start.as_ref().and_then(|s| s.zone.clone());
    let zone = zone.unwrap_or_else(|| look.zone.zone.clone());
    for (name, utc_s) in [("DTSTART", found.start_s), ("DTEND", found.end_s)] {
        let property = like_start(&own, "DTSTART", zone.to_local(utc_s));
        own.put(crate::formats::content_line::Property {
            name: name.to_owned(),
            ..property
        });
    }
    own.put(id);
    calendar.parts.push(own);
    Ok(calendar.parts.len() - 1)
}
