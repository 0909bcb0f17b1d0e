//! todo/lists/delta and todo/lists/{id}/tasks/delta.

use super::lists::{KIND, PROPERTIES, Viewer, find_list};
use super::view::TodoTask;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::State;
use crate::protocols::graph::object::delta::delta;
use crate::protocols::graph::object::shown::{Shown, shown_delta};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::http::ids;

pub const ROWS: &[Row] = &[
    row!(GET "me/todo/lists/delta" TasksRead [Select, Top, SkipToken, DeltaToken] => lists_delta),
    row!(GET "me/todo/lists/{}/tasks/delta" TasksRead [Select, Top, Expand, SkipToken, DeltaToken] => tasks),
];

async fn tasks(call: Call) -> Result {
    let list = find_list(&call, call.key(0)).await?.folder.id;
    let state = State::of(&call, &ids::print_folder(list))?;
    let path = format!("todo/lists('{}')/tasks", call.key(0));
    delta::<TodoTask>(&call, state, (list, &path), None).await
}

async fn lists_delta(call: Call) -> Result {
    let viewer = Viewer::of(&call).await;
    let view = |shown: &Shown, select: &Select| viewer.view(shown, select);
    shown_delta(&call, KIND, ("todoLists", "todo/lists"), &PROPERTIES, view).await
}
