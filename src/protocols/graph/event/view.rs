//! An event as Graph's event.

use super::fields::{FIELDS, PROPERTIES};
use super::seen::{Seen, is_series, parse};
use crate::formats::ical::CalendarObject;
use crate::formats::ical::expand::expand;
use crate::model::object::{Object, ObjectKind};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::expand::Expanded;
use crate::protocols::graph::object::files;
use crate::protocols::graph::object::{Look, Resource, etag};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::graph::zones::window_moment;
use serde_json::{Map, Value};

pub struct Event;

impl Resource for Event {
    const KIND: ObjectKind = ObjectKind::Event;
    const EXPANDS: &'static [&'static str] = &["attachments", "instances", "exceptionoccurrences"];

    fn properties() -> &'static Properties {
        &PROPERTIES
    }

    fn view(
        look: &Look,
        object: &Object,
        raw: &[u8],
        select: &Select,
    ) -> Result<Map<String, Value>, GraphError> {
        let calendar = parse(raw)?;
        Ok(view(&Seen::whole(look, object, &calendar), select))
    }

    fn expand(
        look: &Look,
        object: &Object,
        raw: &[u8],
        expanded: &Expanded,
    ) -> Result<(&'static str, Value), GraphError> {
        let calendar = parse(raw)?;
        let seen = Seen::whole(look, object, &calendar);
        let select = Select::of(&expanded.options, &PROPERTIES);
        Ok(match expanded.name.as_str() {
            "attachments" => (
                "attachments",
                files::all(object, seen.component(), &expanded.options)?,
            ),
            "instances" => {
                let moment = |o, name| window_moment(expanded.options.get(o).unwrap_or_default(), name);
                let from_s = moment(Opt::StartDateTime, "startDateTime")?;
                let to_s = moment(Opt::EndDateTime, "endDateTime")?;
                (
                    "instances",
                    occurrences(look, object, &calendar, (from_s, to_s), &select?).into(),
                )
            }
            _ => (
                "exceptionOccurrences",
                exceptions(look, object, &calendar, &select?).into(),
            ),
        })
    }
}

/// What was selected of an event, a series or one of a series.
pub fn view(seen: &Seen, select: &Select) -> Map<String, Value> {
    let mut out: Map<String, Value> = select
        .names()
        .filter_map(|name| FIELDS.iter().find(|f| f.name == name))
        .map(|f| (f.name.to_owned(), (f.get)(seen)))
        .collect();
    out.insert("@odata.etag".into(), etag(seen.object));
    out
}

/// Those of a series, or the event itself, within a window.
pub fn occurrences(
    look: &Look,
    object: &Object,
    calendar: &CalendarObject,
    (from_s, to_s): (i64, i64),
    select: &Select,
) -> Vec<Value> {
    let all = expand(calendar, &look.zone.zone, from_s, to_s);
    all.iter()
        .map(|o| view(&of_series(look, object, calendar, o), select).into())
        .collect()
}

/// An event that is no series has no place in one, whatever its components say.
pub fn of_series<'e>(
    look: &'e Look,
    object: &'e Object,
    calendar: &'e CalendarObject,
    occurrence: &crate::formats::ical::expand::Occurrence,
) -> Seen<'e> {
    let mut seen = Seen::of_occurrence(look, object, calendar, occurrence);
    if !is_series(calendar) && calendar.parts.len() == 1 && calendar.parts[0].recurrence_id.is_none() {
        seen.place = None;
    }
    seen
}

fn exceptions(look: &Look, object: &Object, calendar: &CalendarObject, select: &Select) -> Vec<Value> {
    let zone = calendar.parts[0].start.as_ref().and_then(|s| s.zone.as_ref());
    let places = calendar.parts.iter().filter_map(|p| p.recurrence_id.as_ref());
    places
        .filter_map(|r| super::seen::at_place(calendar, look, r.local_in(zone)).ok())
        .map(|o| view(&Seen::of_occurrence(look, object, calendar, &o), select).into())
        .collect()
}
