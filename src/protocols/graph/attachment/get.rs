//! GET messages/{id}/attachments/{id}

use super::find::attachments_of;
use super::view::{PROPERTIES, expands_item, view};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] = &[row!(GET "me/messages/{}/attachments/{}" MailRead [Select, Expand] => get)];

async fn get(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let of = attachments_of(&call).await?;
    let properties = view(
        &call,
        &of,
        of.by_id(call.key(1))?,
        &select,
        expands_item(&call.query)?,
    )
    .await?;
    let path = format!("messages('{}')/attachments", call.key(0));
    Ok(Answer::json(entity(&call, &path, &select, properties)))
}
