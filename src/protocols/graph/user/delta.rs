//! GET users/delta: who has come, changed or gone since the last time.

use super::view::{PROPERTIES, view};
use crate::identity::access::colleagues_since;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::{Begun, State, removed};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::sync::delta::Cursor;

pub const ROWS: &[Row] = &[row!(GET "users/delta" UsersRead [Select, Top, SkipToken, DeltaToken] => delta)];

async fn delta(call: Call) -> Result {
    let (state, begun) = State::of(&call, "users")?;
    let select = Select::of_text(state.select.as_deref(), &PROPERTIES)?;
    let since = match begun {
        Begun::At(cursor) => Some(cursor.since),
        Begun::New | Begun::Latest => None,
    };
    let changes = colleagues_since(call.ctx(), since).await?;
    let mut items: Vec<_> = Vec::new();
    if !matches!(begun, Begun::Latest) {
        items.extend(changes.present.iter().map(|(_, a)| view(a, &select).into()));
        items.extend(changes.gone.into_iter().map(removed));
    }
    let cursor = Cursor {
        since: changes.number,
        begun_at: 0,
    };
    // An office is small: all of it is one page.
    Ok(state.answer(&call, "", &select, items, (cursor, false)))
}
