//! DELETE subscriptions/{id}.

use super::view::owner;
use crate::base::{Error, Kind};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};
use crate::sync::subscriptions::remove_subscription;

pub const ROWS: &[Row] = &[row!(DELETE "subscriptions/{}" Nothing [] => remove)];

async fn remove(call: Call) -> Result {
    let ctx = call.caller.directory_ctx();
    let removed = remove_subscription(&ctx, owner(&call)?, call.key(0)).await;
    removed.map_err(missing)?;
    Ok(Answer::no_content())
}

/// Subscriptions are no Outlook items; programs look at the code.
pub fn missing(e: Error) -> GraphError {
    let is_missing = e.kind() == Kind::NotFound;
    let e = GraphError::from(e);
    if is_missing {
        e.with_code("ResourceNotFound")
    } else {
        e
    }
}
