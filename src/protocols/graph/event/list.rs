//! GET events: single ones and series, of the calendar that is named or of the first one.

use super::view::Event;
use crate::model::FolderKind;
use crate::model::object::ObjectOrder;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::object::list::{Lists, count_alone, list};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(GET "me/events" CalendarRead [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Expand] => list_default),
    row!(GET "me/calendar/events" CalendarRead [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Expand] => list_default),
    row!(GET "me/calendars/{}/events" CalendarRead [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Expand] => list_one),
    row!(GET "me/events/$count" CalendarRead [Filter] => count_default),
    row!(GET "me/calendar/events/$count" CalendarRead [Filter] => count_default),
    row!(GET "me/calendars/{}/events/$count" CalendarRead [Filter] => count_one),
];

const ORDERS: &[(&str, ObjectOrder)] = &[
    ("start/datetime", ObjectOrder::Start),
    ("createddatetime", ObjectOrder::Arrival),
    ("lastmodifieddatetime", ObjectOrder::Change),
    ("subject", ObjectOrder::Title),
];

async fn default_lists(call: &Call) -> Result<Lists> {
    let calendar = default_collection(call, FolderKind::Calendar).await?;
    Ok(Lists {
        path: "events".into(),
        folder: calendar.folder.id,
        orders: ORDERS,
        usual: ObjectOrder::Arrival,
        searched: &[],
        is_numbered: false,
    })
}

async fn lists_of(call: &Call) -> Result<Lists> {
    let calendar = collection_by_id(call, FolderKind::Calendar, call.key(0)).await?;
    Ok(Lists {
        path: format!("calendars('{}')/events", call.key(0)),
        folder: calendar.folder.id,
        ..default_lists(call).await?
    })
}

async fn list_default(call: Call) -> Result {
    list::<Event>(&call, default_lists(&call).await?).await
}

async fn list_one(call: Call) -> Result {
    list::<Event>(&call, lists_of(&call).await?).await
}

async fn count_default(call: Call) -> Result {
    count_alone::<Event>(&call, default_lists(&call).await?).await
}

async fn count_one(call: Call) -> Result {
    count_alone::<Event>(&call, lists_of(&call).await?).await
}
