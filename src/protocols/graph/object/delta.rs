//! delta of objects: what came, changed and went in a collection since the last time.

use super::{Expansion, Look, Resource};
use crate::model::FolderId;
use crate::model::object::Object;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::{Begun, State, removed};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::select::Select;
use crate::protocols::http::ids;
use crate::sync::delta::{ObjectEntry, latest, object_delta, series_before};
use serde_json::Value;

/// As with messages; bodies are read for each.
const PAGE: u64 = 50;
const MOST: u64 = 200;

/// What a changed object becomes; with the times that it had before as a series (see [`series_before`]).
pub type Shows<'s> = &'s dyn Fn(&Object, &[u8], &[Vec<u8>], &Select) -> Result<Vec<Value>, GraphError>;

/// `shows`: what a changed object becomes; None asks for the object itself.
pub async fn delta<R: Resource>(
    call: &Call,
    (state, begun): (State, Begun),
    (folder, path): (FolderId, &str),
    shows: Option<Shows<'_>>,
) -> Result {
    let select = Select::of_text(state.select.as_deref(), R::properties())?;
    let expansion = Expansion::of::<R>(state.expand.as_deref())?;
    let look = Look::of(call)?;
    let limit = state.page_size(call, PAGE).min(MOST);
    let cursor = match begun {
        Begun::New => None,
        Begun::At(cursor) => Some(cursor),
        Begun::Latest => Some(latest(call.ctx(), call.account).await?),
    };
    let found = object_delta(call.ctx(), call.account, folder, cursor, limit as usize).await?;
    let mut items = Vec::new();
    for entry in &found.entries {
        match entry {
            ObjectEntry::Gone(id) => items.push(removed(ids::print_object(R::KIND, *id))),
            ObjectEntry::Present(object, _) if object.kind != R::KIND => {}
            ObjectEntry::Present(object, raw) => match shows {
                Some(shows) => {
                    let before = match cursor {
                        Some(cursor) => {
                            series_before(call.ctx(), call.account, object.item.id, cursor).await?
                        }
                        // Who begins knows nothing yet.
                        None => Vec::new(),
                    };
                    items.extend(shows(object, raw, &before, &select)?);
                }
                None => {
                    let mut shown = R::view(&look, object, raw, &select)?;
                    expansion.add::<R>(call, &look, (object, raw), &mut shown).await?;
                    items.push(shown.into());
                }
            },
        }
    }
    Ok(state.answer(call, path, &select, items, (found.cursor, found.has_more)))
}
