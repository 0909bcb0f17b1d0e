//! GET todo/lists/{id}/tasks/{id}

use super::fields::PROPERTIES;
use super::view::TodoTask;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::object::{Expansion, Look, Resource, read};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use serde_json::Value;

pub const ROWS: &[Row] = &[row!(GET "me/todo/lists/{}/tasks/{}" TasksRead [Select, Expand] => get)];

async fn get(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let expansion = Expansion::of::<TodoTask>(call.query.get(Opt::Expand))?;
    Ok(Answer::json(
        task_of(&call, call.key(1), &select, &expansion).await?,
    ))
}

/// The task as it is now, in its envelope. Errors: ErrorInvalidIdMalformed, ErrorItemNotFound.
pub async fn task_of(call: &Call, id: &str, select: &Select, expansion: &Expansion) -> Result<Value> {
    let (object, raw) = read::<TodoTask>(call, id).await?;
    let look = Look::of(call)?;
    let mut shown = TodoTask::view(&look, &object, &raw, select)?;
    expansion
        .add::<TodoTask>(call, &look, (&object, &raw), &mut shown)
        .await?;
    let path = format!("todo/lists('{}')/tasks", call.key(0));
    Ok(entity(call, &path, select, shown))
}

/// The whole of it, for answers to changes.
pub async fn whole_task(call: &Call, id: &str) -> Result<Value> {
    task_of(call, id, &Select::usual(&PROPERTIES), &Expansion::default()).await
}
