//! DELETE messages/{id}: into Deleted Items, or for good when it is there already.

use crate::mail::expunge::delete_message;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(DELETE "me/messages/{}" MailWrite [] => remove),
    row!(POST "me/messages/{}/permanentDelete" MailWrite [] => remove_for_good),
];

async fn remove(call: Call) -> Result {
    delete(&call, false).await
}

async fn remove_for_good(call: Call) -> Result {
    delete(&call, true).await
}

async fn delete(call: &Call, for_good: bool) -> Result {
    let (id, unchanged) = (call.message_id()?, call.unchanged()?);
    delete_message(call.ctx(), call.account, id, for_good, unchanged)
        .await
        .map_err(GraphError::of_condition)?;
    Ok(Answer::no_content())
}
