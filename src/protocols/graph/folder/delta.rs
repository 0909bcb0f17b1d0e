//! GET mailFolders/delta: what happened to the tree of folders since the last time.

use super::expand::Expansion;
use super::names::Place;
use super::view::PROPERTIES;
use crate::mail::list_folders;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::{Begun, State, removed};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::http::ids;
use crate::sync::delta::{Cursor, folder_delta, latest};
use std::collections::HashSet;

pub const ROWS: &[Row] =
    &[row!(GET "me/mailFolders/delta" MailRead [Select, Top, Expand, SkipToken, DeltaToken] => delta)];

async fn delta(call: Call) -> Result {
    let (state, begun) = State::of(&call, "")?;
    let select = Select::of_text(state.select.as_deref(), &PROPERTIES)?;
    let (changed, gone, cursor) = folder_delta(call.ctx(), call.account, begin(&call, begun).await?).await?;
    let tree = list_folders(call.ctx(), call.account).await?;
    let changed: HashSet<_> = changed.iter().map(|f| f.id).collect();
    // In the tree's order parents come before what is in them.
    let expansion = Expansion::of(state.expand.as_deref())?;
    let mut items = Vec::new();
    for (_, folder) in tree.iter().filter(|(_, f)| changed.contains(&f.id)) {
        let place = Place::Folder(folder.clone());
        items.push(expansion.view(&call, &tree, &place, &select).await?.into());
    }
    items.extend(gone.into_iter().map(|id| removed(ids::print_folder(id))));
    Ok(state.answer(&call, "mailFolders", &select, items, (cursor, false)))
}

/// Where to begin; None: with everything.
pub async fn begin(call: &Call, begun: Begun) -> Result<Option<Cursor>> {
    Ok(match begun {
        Begun::New => None,
        Begun::At(cursor) => Some(cursor),
        Begun::Latest => Some(latest(call.ctx(), call.account).await?),
    })
}
