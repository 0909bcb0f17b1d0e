//! todo/lists/delta and todo/lists/{id}/tasks/delta.

use super::lists::{PROPERTIES, find_list, lists};
use super::view::TodoTask;
use crate::model::FolderKind;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::{Begun, State, removed};
use crate::protocols::graph::object::delta::delta;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::http::ids;
use crate::sync::delta::{collections_delta, latest};

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
    // The first look makes the one that everybody has.
    let all = lists(&call).await?;
    let (state, begun) = State::of(&call, "todoLists")?;
    let select = Select::of_text(state.select.as_deref(), &PROPERTIES)?;
    let cursor = match begun {
        Begun::New => None,
        Begun::At(cursor) => Some(cursor),
        Begun::Latest => Some(latest(call.ctx(), call.account).await?),
    };
    let kind = FolderKind::TaskList;
    let (changed, gone, cursor) = collections_delta(call.ctx(), call.account, kind, cursor).await?;
    let mut items = Vec::new();
    for list in all.iter().filter(|l| l.is_among(&changed)) {
        items.push(list.view(&select).into());
    }
    items.extend(gone.into_iter().map(|id| removed(ids::print_folder(id))));
    Ok(state.answer(&call, "todo/lists", &select, items, (cursor, false)))
}
