//! Files of a task.

use super::view::TodoTask;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::object::files::{self, Place};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(GET "me/todo/lists/{}/tasks/{}/attachments" TasksRead [Select, Top, Skip, Count] => list),
    row!(POST "me/todo/lists/{}/tasks/{}/attachments" TasksWrite [] => create),
    row!(POST "me/todo/lists/{}/tasks/{}/attachments/createUploadSession" TasksWrite [] => upload),
    row!(GET "me/todo/lists/{}/tasks/{}/attachments/{}" TasksRead [Select] => get),
    row!(GET "me/todo/lists/{}/tasks/{}/attachments/{}/$value" TasksRead [] => value),
    row!(DELETE "me/todo/lists/{}/tasks/{}/attachments/{}" TasksWrite [] => remove),
];

fn place(call: &Call) -> Place<'_> {
    let (list, task) = (call.key(0), call.key(1));
    let path = format!("todo/lists('{list}')/tasks('{task}')/attachments");
    Place::new(call, task, path)
}

async fn list(call: Call) -> Result {
    files::list::<TodoTask>(&place(&call)).await
}

async fn get(call: Call) -> Result {
    files::get::<TodoTask>(&place(&call), call.key(2)).await
}

async fn value(call: Call) -> Result {
    files::value::<TodoTask>(&place(&call), call.key(2)).await
}

async fn create(call: Call) -> Result {
    let address = format!("me/todo/lists/{}/tasks/{}/attachments", call.key(0), call.key(1));
    files::create::<TodoTask>(&place(&call), &address).await
}

async fn upload(call: Call) -> Result {
    files::begin_upload::<TodoTask>(&place(&call)).await
}

async fn remove(call: Call) -> Result {
    files::remove::<TodoTask>(&place(&call), call.key(2)).await
}
