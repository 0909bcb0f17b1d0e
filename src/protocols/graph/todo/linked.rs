//! linkedResources of a task.

use super::entries::{self, LINKED};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(GET "me/todo/lists/{}/tasks/{}/linkedResources" TasksRead [Select, Top, Skip, Count] => list),
    row!(POST "me/todo/lists/{}/tasks/{}/linkedResources" TasksWrite [] => create),
    row!(GET "me/todo/lists/{}/tasks/{}/linkedResources/{}" TasksRead [Select] => get),
    row!(PATCH "me/todo/lists/{}/tasks/{}/linkedResources/{}" TasksWrite [] => change),
    row!(DELETE "me/todo/lists/{}/tasks/{}/linkedResources/{}" TasksWrite [] => remove),
];

async fn list(call: Call) -> Result {
    entries::list(&LINKED, &call).await
}

async fn create(call: Call) -> Result {
    entries::create(&LINKED, &call).await
}

async fn get(call: Call) -> Result {
    Ok(Answer::json(entries::get(&LINKED, &call, call.key(2)).await?))
}

async fn change(call: Call) -> Result {
    entries::patch(&LINKED, &call).await
}

async fn remove(call: Call) -> Result {
    entries::remove(&LINKED, &call).await
}
