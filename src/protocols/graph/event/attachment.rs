//! Files of an event.

use super::seen::parse_id;
use super::view::Event;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::object::files::{self, Place};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(GET "me/events/{}/attachments" CalendarRead [Select, Top, Skip, Count] => list),
    row!(POST "me/events/{}/attachments" CalendarWrite [] => create),
    row!(POST "me/events/{}/attachments/createUploadSession" CalendarWrite [] => upload),
    row!(GET "me/events/{}/attachments/{}" CalendarRead [Select] => get),
    row!(GET "me/events/{}/attachments/{}/$value" CalendarRead [] => value),
    row!(DELETE "me/events/{}/attachments/{}" CalendarWrite [] => remove),
];

/// Of the series, for one of it.
fn place(call: &Call) -> std::result::Result<Place<'_>, GraphError> {
    let (master, _) = parse_id(call.key(0))?;
    let path = format!("events('{}')/attachments", call.key(0));
    Ok(Place::new(call, master, path))
}

async fn list(call: Call) -> Result {
    files::list::<Event>(&place(&call)?).await
}

async fn get(call: Call) -> Result {
    files::get::<Event>(&place(&call)?, call.key(1)).await
}

async fn value(call: Call) -> Result {
    files::value::<Event>(&place(&call)?, call.key(1)).await
}

async fn create(call: Call) -> Result {
    let address = format!("me/events/{}/attachments", call.key(0));
    files::create::<Event>(&place(&call)?, &address).await
}

async fn upload(call: Call) -> Result {
    files::begin_upload::<Event>(&place(&call)?).await
}

async fn remove(call: Call) -> Result {
    files::remove::<Event>(&place(&call)?, call.key(1)).await
}
