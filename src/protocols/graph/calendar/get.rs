//! GET calendar and calendars/{id}, and the calendar of an event.

use super::view::answer_with;
use crate::model::FolderKind;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::event::Event;
use crate::protocols::graph::object::edit::default_collection;
use crate::protocols::graph::object::read;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::http::ids;

pub const ROWS: &[Row] = &[
    row!(GET "me/calendar" CalendarRead [Select] => get_default),
    row!(GET "me/calendars/{}" CalendarRead [Select] => get),
    row!(GET "me/events/{}/calendar" CalendarRead [Select] => of_event),
];

async fn get_default(call: Call) -> Result {
    let calendar = default_collection(&call, FolderKind::Calendar).await?;
    Ok(Answer::json(answer_with(&call, calendar.folder.id).await?))
}

async fn of_event(call: Call) -> Result {
    let master = call.key(0).split('-').next().unwrap_or_default();
    let (event, _) = read::<Event>(&call, master).await?;
    Ok(Answer::json(answer_with(&call, event.item.folder_id).await?))
}

async fn get(call: Call) -> Result {
    let id = ids::parse_folder(call.key(0)).map_err(|_| GraphError::bad_id(call.key(0)))?;
    Ok(Answer::json(answer_with(&call, id).await?))
}
