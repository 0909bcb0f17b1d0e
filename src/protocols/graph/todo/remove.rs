//! DELETE todo/lists/{id}/tasks/{id}

use super::view::TodoTask;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::object::edit::remove as remove_object;
use crate::protocols::graph::object::id_of;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(DELETE "me/todo/lists/{}/tasks/{}" TasksWrite [] => remove)];

async fn remove(call: Call) -> Result {
    let (id, unchanged) = (id_of::<TodoTask>(call.key(1))?, call.unchanged()?);
    remove_object::<TodoTask>(&call, id, unchanged).await?;
    Ok(Answer::no_content())
}
