//! events/delta: single events and series of one calendar. calendarView/delta: what takes place within a window that the
//! token remembers; a series comes with each of its times there, and those that it has no more as removed.

use super::seen::{Seen, is_series, occurrence_id, parse};
use super::view::{Event, of_series, view};
use super::window::{bounded, window};
use crate::formats::ical::expand::expand;
use crate::formats::ical::read_object;
use crate::model::FolderKind;
use crate::model::object::{Collection, Object, ObjectKind};
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::{State, removed};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::object::Look;
use crate::protocols::graph::object::delta::delta;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::http::ids;
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};

pub const ROWS: &[Row] = &[
    row!(GET "me/events/delta" CalendarRead [Select, Top, SkipToken, DeltaToken, StartDateTime, EndDateTime] => events_default),
    row!(GET "me/calendar/events/delta" CalendarRead [Select, Top, SkipToken, DeltaToken, StartDateTime, EndDateTime] => events_default),
    row!(GET "me/calendars/{}/events/delta" CalendarRead [Select, Top, SkipToken, DeltaToken, StartDateTime, EndDateTime] => events_one),
    row!(GET "me/calendarView/delta" CalendarRead [Select, Top, SkipToken, DeltaToken, StartDateTime, EndDateTime] => view_default),
    row!(GET "me/calendar/calendarView/delta" CalendarRead [Select, Top, SkipToken, DeltaToken, StartDateTime, EndDateTime] => view_default),
    row!(GET "me/calendars/{}/calendarView/delta" CalendarRead [Select, Top, SkipToken, DeltaToken, StartDateTime, EndDateTime] => view_one),
];

async fn events_default(call: Call) -> Result {
    let calendar = default_collection(&call, FolderKind::Calendar).await?;
    events(&call, &calendar).await
}

async fn events_one(call: Call) -> Result {
    let calendar = collection_by_id(&call, FolderKind::Calendar, call.key(0)).await?;
    events(&call, &calendar).await
}

async fn view_default(call: Call) -> Result {
    let calendar = default_collection(&call, FolderKind::Calendar).await?;
    within(&call, &calendar).await
}

async fn view_one(call: Call) -> Result {
    let calendar = collection_by_id(&call, FolderKind::Calendar, call.key(0)).await?;
    within(&call, &calendar).await
}

async fn events(call: &Call, calendar: &Collection) -> Result {
    let folder = calendar.folder.id;
    let state = State::of(call, &ids::print_folder(folder))?;
    delta::<Event>(call, state, (folder, "events"), None).await
}

async fn within(call: &Call, calendar: &Collection) -> Result {
    let folder = calendar.folder.id;
    let scope = format!("{}/view", ids::print_folder(folder));
    let (mut state, begun) = State::of(call, &scope)?;
    let (from_s, to_s) = match state.window {
        // The token knows; programs may send both again.
        Some((from_s, to_s)) => bounded(from_s, to_s)?,
        None => window(call)?,
    };
    state.window = Some((from_s, to_s));
    let look = Look::of(call)?;
    let shows = |object: &Object, raw: &[u8], before: &[Vec<u8>], select: &Select| {
        let mut out = times_of(&look, object, raw, (from_s, to_s), select)?;
        no_more(&look, object, before, (from_s, to_s), &mut out);
        Ok(out)
    };
    delta::<Event>(call, (state, begun), (folder, "calendarView"), Some(&shows)).await
}

/// Adds the occurrences within the window that the series had before, and that `out` does not speak of: they are no more.
fn no_more(
    look: &Look,
    object: &Object,
    before: &[Vec<u8>],
    (from_s, to_s): (i64, i64),
    out: &mut Vec<Value>,
) {
    let id = ids::print_object(ObjectKind::Event, object.item.id);
    let named: HashSet<String> = out
        .iter()
        .filter_map(|v| v["id"].as_str())
        .map(str::to_owned)
        .collect();
    let mut gone = BTreeSet::new();
    for calendar in before.iter().filter_map(|raw| read_object(raw).ok()) {
        let found = expand(&calendar, &look.zone.zone, from_s, to_s);
        let places = found.into_iter().filter_map(|o| o.recurrence_id);
        gone.extend(
            places
                .map(|at| occurrence_id(&id, at))
                .filter(|id| !named.contains(id)),
        );
    }
    out.extend(gone.into_iter().map(removed));
}

fn times_of(
    look: &Look,
    object: &Object,
    raw: &[u8],
    (from_s, to_s): (i64, i64),
    select: &Select,
) -> Result<Vec<Value>, GraphError> {
    let calendar = parse(raw)?;
    let id = ids::print_object(ObjectKind::Event, object.item.id);
    let found = expand(&calendar, &look.zone.zone, from_s, to_s);
    let each = found
        .iter()
        .map(|o| Value::from(view(&of_series(look, object, &calendar, o), select)));
    if !is_series(&calendar) {
        // It has left the window, or was never in it: both are told alike.
        return Ok(match found.is_empty() {
            true => vec![removed(id)],
            false => each.collect(),
        });
    }
    let start = calendar.parts[0].start.as_ref();
    let zone = start.and_then(|s| s.zone.clone());
    let floating = zone.clone().unwrap_or_else(|| look.zone.zone.clone());
    let excluded = calendar.parts[0]
        .excluded
        .iter()
        .map(|m| m.local_in(zone.as_ref()));
    let excluded = excluded.filter(|at| (from_s..to_s).contains(&floating.to_utc(*at)));
    let mut out: Vec<Value> = excluded.map(|at| removed(occurrence_id(&id, at))).collect();
    if found.is_empty() && out.is_empty() {
        return Ok(vec![removed(id)]);
    }
    out.push(view(&Seen::whole(look, object, &calendar), select).into());
    out.extend(each);
    Ok(out)
}
