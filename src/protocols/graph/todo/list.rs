//! GET todo/lists/{id}/tasks

use super::lists::find_list;
use super::view::TodoTask;
use crate::model::object::ObjectOrder;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::object::list::{Lists, count_alone, list as list_objects};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(GET "me/todo/lists/{}/tasks" TasksRead [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Expand] => list),
    row!(GET "me/todo/lists/{}/tasks/$count" TasksRead [Filter] => count),
];

const ORDERS: &[(&str, ObjectOrder)] = &[
    ("createddatetime", ObjectOrder::Arrival),
    ("lastmodifieddatetime", ObjectOrder::Change),
    ("title", ObjectOrder::Title),
];

async fn lists(call: &Call) -> Result<Lists> {
    let list = find_list(call, call.key(0)).await?;
    Ok(Lists {
        path: format!("todo/lists('{}')/tasks", call.key(0)),
        folder: list.folder.id,
        orders: ORDERS,
        usual: ObjectOrder::Arrival,
        searched: &[],
        is_numbered: true,
    })
}

async fn list(call: Call) -> Result {
    list_objects::<TodoTask>(&call, lists(&call).await?).await
}

async fn count(call: Call) -> Result {
    count_alone::<TodoTask>(&call, lists(&call).await?).await
}
