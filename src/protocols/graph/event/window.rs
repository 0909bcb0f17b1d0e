//! calendarView and instances: what takes place within a window, each of a series by itself. Single events are found and
//! ordered by the index alone and read only when their page comes; series are expanded within the window.

use super::fields::PROPERTIES;
use super::seen::{Seen, parse, parse_id};
use super::view::{Event, of_series, view};
use crate::calendar::window::{Entry, window_of};
use crate::formats::ical::CalendarObject;
use crate::formats::ical::expand::expand;
use crate::model::object::{Collection, Object};
use crate::model::{FolderKind, ItemId};
use crate::objects::get::get_object;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{Link, PageOf, collection};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::object::list::preferred;
use crate::protocols::graph::object::{Expansion, Look, Resource, read};
use crate::protocols::graph::odata::{fits, parse as parse_filter};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::graph::zones::window_moment;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::rc::Rc;

pub const ROWS: &[Row] = &[
    row!(GET "me/calendarView" CalendarRead
        [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Expand, StartDateTime, EndDateTime] => view_default),
    row!(GET "me/calendar/calendarView" CalendarRead
        [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Expand, StartDateTime, EndDateTime] => view_default),
    row!(GET "me/calendars/{}/calendarView" CalendarRead
        [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Expand, StartDateTime, EndDateTime] => view_one),
    row!(GET "me/events/{}/instances" CalendarRead
        [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Expand, StartDateTime, EndDateTime] => instances),
    row!(GET "me/reminderView/{}" CalendarRead [] => reminders),
];

/// Microsoft's 10 makes programs that do not page miss events.
const PAGE: u64 = 100;
/// More would take the memory of the box.
const MOST_YEARS: i64 = 15;

/// Errors: ErrorInvalidParameter.
pub fn window(call: &Call) -> Result<(i64, i64), GraphError> {
    let get = |o: Opt| call.query.get(o).filter(|t| !t.is_empty());
    let (Some(from), Some(to)) = (get(Opt::StartDateTime), get(Opt::EndDateTime)) else {
        return Err(GraphError::bad(
            "ErrorInvalidParameter",
            "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.",
        ));
    };
    bounded(
        window_moment(from, "startDateTime")?,
        window_moment(to, "endDateTime")?,
    )
}

pub fn bounded(from_s: i64, to_s: i64) -> Result<(i64, i64), GraphError> {
    if to_s < from_s {
        return Err(GraphError::bad(
            "ErrorInvalidParameter",
            "the window ends before it begins",
        ));
    }
    if to_s - from_s > MOST_YEARS * 366 * 86_400 {
        return Err(GraphError::bad(
            "ErrorInvalidParameter",
            format!("a window has at most {MOST_YEARS} years"),
        ));
    }
    Ok((from_s, to_s))
}

async fn view_default(call: Call) -> Result {
    let calendar = default_collection(&call, FolderKind::Calendar).await?;
    calendar_view(&call, &calendar, "calendarView".into()).await
}

async fn view_one(call: Call) -> Result {
    let calendar = collection_by_id(&call, FolderKind::Calendar, call.key(0)).await?;
    let path = format!("calendars('{}')/calendarView", call.key(0));
    calendar_view(&call, &calendar, path).await
}

/// Whether the last come first. Errors: ErrorInvalidUrlQuery for orders but the start.
fn is_descending(call: &Call) -> Result<bool, GraphError> {
    let order = call
        .query
        .get(Opt::OrderBy)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let words: Vec<&str> = order.split_ascii_whitespace().collect();
    match words.as_slice() {
        [] | ["start/datetime"] | ["start/datetime", "asc"] => Ok(false),
        ["start/datetime", "desc"] => Ok(true),
        _ => Err(GraphError::bad(
            "ErrorInvalidUrlQuery",
            format!("the order »{order}« is not supported here; known: start/dateTime"),
        )),
    }
}

/// The place of the page: `$skiptoken` counts as `$skip` does.
fn page(call: &Call) -> Result<(u64, u64), GraphError> {
    let (skip, top) = call.query.page(call.prefer.max_page_size.unwrap_or(PAGE))?;
    match call.query.get(Opt::SkipToken).filter(|t| !t.is_empty()) {
        None => Ok((skip, top)),
        Some(token) => {
            let skip = token.parse().map_err(|_| {
                GraphError::request("the $skiptoken is not one of this list; begin the list again")
            })?;
            Ok((skip, top))
        }
    }
}

async fn calendar_view(call: &Call, calendar: &Collection, path: String) -> Result {
    let (from_s, to_s) = window(call)?;
    let look = Look::of(call)?;
    let zone = look.zone.zone.clone();
    let mut all = window_of(call.ctx(), call.account, calendar.folder.id, zone, (from_s, to_s)).await?;
    if is_descending(call)? {
        all.reverse();
    }
    answer(call, &look, all, path).await
}

/// Of one series; programs that name no window get a year on both sides.
async fn instances(call: Call) -> Result {
    let is_named = |o: Opt| call.query.get(o).is_some_and(|t| !t.is_empty());
    let window = match is_named(Opt::StartDateTime) || is_named(Opt::EndDateTime) {
        true => window(&call)?,
        false => {
            let now_s = call.ctx().now_ms().div_euclid(1000);
            (now_s - 366 * 86_400, now_s + 366 * 86_400)
        }
    };
    let look = Look::of(&call)?;
    let (object, raw) = read::<Event>(&call, parse_id(call.key(0))?.0).await?;
    let all: Vec<Entry> = {
        let calendar = parse(&raw)?;
        let found = expand(&calendar, &look.zone.zone, window.0, window.1);
        found
            .into_iter()
            .map(|o| Entry::of(object.item.id, Some(o)))
            .collect()
    };
    answer(&call, &look, all, format!("events('{}')/instances", call.key(0))).await
}

async fn answer(call: &Call, look: &Look, mut all: Vec<Entry>, path: String) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let expansion = Expansion::of::<Event>(call.query.get(Opt::Expand))?;
    let (skip, top) = page(call)?;
    if let Some(filter) = call.query.get(Opt::Filter) {
        all = filtered(call, look, all, filter).await?;
    }
    let total = all.len() as u64;
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let mut items: Vec<Value> = Vec::new();
    let mut stored = Stored::default();
    for entry in all.into_iter().skip(from).take(top as usize) {
        // What was removed between the two looks is left out.
        let Some(read) = stored.get(call, entry.id).await? else {
            continue;
        };
        let mut shown = view(&seen(look, &read, &entry), &select);
        expansion
            .add::<Event>(call, look, (&read.object, &read.raw), &mut shown)
            .await?;
        items.push(shown.into());
    }
    let end = skip.saturating_add(top);
    let page = PageOf {
        path,
        items,
        total: Some(total),
        next: (end < total).then(|| Link::Token(end.to_string())),
    };
    Ok(preferred(look, collection(call, &select, page)?))
}

/// One stored event.
struct Read {
    object: Object,
    raw: Vec<u8>,
    calendar: CalendarObject,
}

/// What was read for an answer: a series is read once, however often it takes place.
#[derive(Default)]
struct Stored(HashMap<ItemId, Rc<Read>>);

impl Stored {
    /// Larger ones are read again, so that the memory of an answer is bounded.
    const MAX_BYTES: usize = 64 << 10;

    /// None: it is gone meanwhile.
    async fn get(&mut self, call: &Call, id: ItemId) -> Result<Option<Rc<Read>>, GraphError> {
        if let Some(known) = self.0.get(&id) {
            return Ok(Some(known.clone()));
        }
        let read = get_object(call.ctx(), call.account, id, Event::KIND).await;
        let (object, raw) = match read.map_err(GraphError::from) {
            Ok(read) => read,
            Err(e) if e.is_not_found() => return Ok(None),
            Err(e) => return Err(e),
        };
        let calendar = parse(&raw)?;
        let is_small = raw.len() <= Stored::MAX_BYTES;
        let read = Rc::new(Read {
            object,
            raw,
            calendar,
        });
        if is_small {
            self.0.insert(id, read.clone());
        }
        Ok(Some(read))
    }
}

fn seen<'e>(look: &'e Look, read: &'e Read, entry: &'e Entry) -> Seen<'e> {
    match &entry.occurrence {
        Some(o) if o.part < read.calendar.parts.len() => of_series(look, &read.object, &read.calendar, o),
        _ => Seen::whole(look, &read.object, &read.calendar),
    }
}

async fn filtered(call: &Call, look: &Look, all: Vec<Entry>, filter: &str) -> Result<Vec<Entry>, GraphError> {
    const MOST: usize = 5_000;
    let filter = parse_filter(filter)?;
    if all.len() > MOST {
        return Err(GraphError::bad(
            "InefficientFilter",
            format!("the window holds more than {MOST} events; ask for a smaller one"),
        ));
    }
    let (whole, look) = (Select::whole(&PROPERTIES), look.in_utc());
    let (mut out, mut stored) = (Vec::new(), Stored::default());
    for entry in all {
        let Some(read) = stored.get(call, entry.id).await? else {
            continue;
        };
        let shown = view(&seen(&look, &read, &entry), &whole);
        if fits(&filter, &shown.into())? {
            out.push(entry);
        }
    }
    Ok(out)
}

/// `reminderView(startDateTime='...',endDateTime='...')`: what reminds within the window.
async fn reminders(call: Call) -> Result {
    let argument = |name: &str| {
        let found = call.key(0).split(',').find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim()
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().trim_matches('\'').to_owned())
        });
        found.ok_or_else(|| GraphError::bad("ErrorInvalidParameter", format!("»{name}« is missing")))
    };
    let (from, to) = (argument("startDateTime")?, argument("endDateTime")?);
    let (from_s, to_s) = bounded(
        window_moment(&from, "startDateTime")?,
        window_moment(&to, "endDateTime")?,
    )?;
    let look = Look::of(&call)?;
    let calendar = default_collection(&call, FolderKind::Calendar).await?;
    // A reminder comes two weeks before its event at most; earlier ones are rare enough to be missed here.
    // One that was put off may come as long after it.
    let reach = (from_s - 14 * 86_400, to_s.saturating_add(14 * 86_400));
    let zone = look.zone.zone.clone();
    let all = window_of(call.ctx(), call.account, calendar.folder.id, zone, reach).await?;
    let select = Select::whole(&PROPERTIES);
    let (mut out, mut stored) = (Vec::new(), Stored::default());
    for entry in all {
        let Some(read) = stored.get(&call, entry.id).await? else {
            continue;
        };
        let seen = seen(&look, &read, &entry);
        let fires = super::reminder::fires(&seen);
        if let Some(fires_s) = fires.filter(|at| (from_s..to_s).contains(at)) {
            let e = view(&seen, &select);
            out.push(json!({
                "eventId": e["id"], "changeKey": e["changeKey"], "eventSubject": e["subject"],
                "eventLocation": e["location"], "eventWebLink": null, "eventStartTime": e["start"],
                "eventEndTime": e["end"], "reminderFireTime": look.zone.print(fires_s),
            }));
        }
    }
    let context = format!(
        "{}/$metadata#Collection(microsoft.graph.reminder)",
        call.site.base()
    );
    Ok(Answer::json(json!({"@odata.context": context, "value": out})))
}
