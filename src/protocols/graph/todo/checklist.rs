//! checklistItems of a task.

use super::entries::{self, CHECKLIST};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(GET "me/todo/lists/{}/tasks/{}/checklistItems" TasksRead [Select, Top, Skip, Count] => list),
    row!(POST "me/todo/lists/{}/tasks/{}/checklistItems" TasksWrite [] => create),
    row!(GET "me/todo/lists/{}/tasks/{}/checklistItems/{}" TasksRead [Select] => get),
    row!(PATCH "me/todo/lists/{}/tasks/{}/checklistItems/{}" TasksWrite [] => change),
    row!(DELETE "me/todo/lists/{}/tasks/{}/checklistItems/{}" TasksWrite [] => remove),
];

async fn list(call: Call) -> Result {
    entries::list(&CHECKLIST, &call).await
}

async fn create(call: Call) -> Result {
    entries::create(&CHECKLIST, &call).await
}

async fn get(call: Call) -> Result {
    Ok(Answer::json(entries::get(&CHECKLIST, &call, call.key(2)).await?))
}

async fn change(call: Call) -> Result {
    entries::patch(&CHECKLIST, &call).await
}

async fn remove(call: Call) -> Result {
    entries::remove(&CHECKLIST, &call).await
}
