//! GET mailFolders/{id}/childFolders/delta: what happened to the folders in one folder since the last time.

use super::delta::begin;
use super::expand::Expansion;
use super::names::{Place, find};
use super::view::PROPERTIES;
use crate::model::FolderId;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::{Begun, State, removed};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::http::ids;
use crate::sync::delta::folder_delta;

pub const ROWS: &[Row] = &[
    row!(GET "me/mailFolders/{}/childFolders/delta" MailRead [Select, Top, Expand, SkipToken, DeltaToken] => delta),
];

async fn delta(call: Call) -> Result {
    let (tree, place) = find(&call, call.key(0)).await?;
    let parent = match &place {
        Place::Folder(folder) => Some(folder.id),
        Place::Root => None,
        // Nothing is ever in it.
        Place::Outbox => Some(FolderId(0)),
    };
    let scope = format!("in {}", parent.map_or(0, |p| p.0));
    let (state, begun) = State::of(&call, &scope)?;
    let select = Select::of_text(state.select.as_deref(), &PROPERTIES)?;
    let is_first = matches!(begun, Begun::New);
    let (changed, gone, cursor) = folder_delta(call.ctx(), call.account, begin(&call, begun).await?).await?;
    let expansion = Expansion::of(state.expand.as_deref())?;
    let mut items = Vec::new();
    for folder in changed {
        if folder.parent_id == parent {
            let place = Place::Folder(folder);
            items.push(expansion.view(&call, &tree, &place, &select).await?.into());
        } else if !is_first {
            // It may have been here; whoever does not know it has nothing to remove.
            items.push(removed(ids::print_folder(folder.id)));
        }
    }
    items.extend(gone.into_iter().map(|id| removed(ids::print_folder(id))));
    let path = format!("mailFolders('{}')/childFolders", call.key(0));
    Ok(state.answer(&call, &path, &select, items, (cursor, false)))
}
