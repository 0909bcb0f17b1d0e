//! DELETE calendars/{id}, with all that it holds.

use crate::calendar::remove::remove_calendar;
use crate::model::FolderKind;
use crate::objects::collections::delete_collection;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(DELETE "me/calendars/{}" CalendarWrite [] => remove),
    row!(POST "me/calendars/{}/permanentDelete" CalendarWrite [] => remove),
];

async fn remove(call: Call) -> Result {
    remove_collection(&call, FolderKind::Calendar).await
}

/// Errors: ErrorDeleteDistinguishedFolder for the one that every account has.
pub async fn remove_collection(call: &Call, kind: FolderKind) -> Result {
    let collection = collection_by_id(call, kind, call.key(0)).await?;
    let first = default_collection(call, kind).await?;
    if first.folder.id == collection.folder.id {
        return Err(GraphError::bad(
            "ErrorDeleteDistinguishedFolder",
            "this one is needed and cannot be deleted",
        ));
    }
    match kind {
        FolderKind::AddressBook => delete_collection(call.ctx(), call.account, collection.folder.id).await?,
        _ => remove_calendar(call.ctx(), call.account, &collection).await?,
    }
    Ok(Answer::no_content())
}
