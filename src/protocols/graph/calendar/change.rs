//! PATCH calendars/{id}: a new name, another colour.

use super::create::{given_colour, shown_name};
use super::view::answer_with;
use crate::model::FolderKind;
use crate::model::object::Collection;
use crate::objects::collections::change_collection;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::extended;
use crate::protocols::graph::json;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(PATCH "me/calendar" CalendarWrite [] => change_default),
    row!(PATCH "me/calendars/{}" CalendarWrite [] => change_one),
];

async fn change_default(call: Call) -> Result {
    let calendar = default_collection(&call, FolderKind::Calendar).await?;
    change(&call, calendar).await
}

async fn change_one(call: Call) -> Result {
    let calendar = collection_by_id(&call, FolderKind::Calendar, call.key(0)).await?;
    change(&call, calendar).await
}

async fn change(call: &Call, calendar: Collection) -> Result {
    let body = call.json()?;
    let mut properties = calendar.properties.clone();
    if let Some(name) = json::text(&body, "name")? {
        properties.display_name = Some(shown_name(name)?);
    }
    if let Some(colour) = given_colour(&body)? {
        properties.colour = colour;
    }
    let kept = extended::given(&body)?;
    change_collection(call.ctx(), call.account, &calendar, properties, kept).await?;
    Ok(Answer::json(answer_with(call, calendar.folder.id).await?))
}
