//! GET mailFolders/{id}/messages/delta: what came, changed and went in a folder since the last time.

use super::expand::Expansion;
use super::view::{PROPERTIES, needs_body, view};
use crate::model::message::ListedMessage;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::{Begun, State, removed};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::folder::names::{self, Place};
use crate::protocols::graph::odata::{Expr, Op, parse, time};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::http::ids;
use crate::sync::delta::{Delta, Entry, latest, message_delta};

pub const ROWS: &[Row] = &[row!(GET "me/mailFolders/{}/messages/delta" MailRead
    [Select, Top, Filter, OrderBy, Expand, SkipToken, DeltaToken] => delta)];

/// Microsoft gives 10, with which a large folder takes hours.
const PAGE: u64 = 100;
const MOST_WITH_BODIES: u64 = 50;

async fn delta(call: Call) -> Result {
    let path = format!("mailFolders('{}')/messages", call.key(0));
    let folder = match names::find(&call, call.key(0)).await?.1 {
        Place::Folder(folder) => folder.id,
        // Nothing ever happens there.
        Place::Root | Place::Outbox => {
            let (state, _) = State::of(&call, call.key(0))?;
            let cursor = latest(call.ctx(), call.account).await?;
            let select = Select::of_text(state.select.as_deref(), &PROPERTIES)?;
            return Ok(state.answer(&call, &path, &select, Vec::new(), (cursor, false)));
        }
    };
    let (state, begun) = State::of(&call, &ids::print_folder(folder))?;
    let select = Select::of_text(state.select.as_deref(), &PROPERTIES)?;
    let expansion = Expansion::of(state.expand.as_deref())?;
    let since_ms = state.filter.as_deref().map(received_since).transpose()?;
    let mut limit = state.page_size(&call, PAGE);
    if needs_body(&select) || expansion.is_heavy() {
        limit = limit.min(MOST_WITH_BODIES);
    }
    let cursor = match begun {
        Begun::New => None,
        Begun::At(cursor) => Some(cursor),
        Begun::Latest => Some(latest(call.ctx(), call.account).await?),
    };
    let found: Delta<Entry> = message_delta(call.ctx(), call.account, folder, cursor, limit as usize).await?;
    let is_wanted = |m: &ListedMessage| since_ms.is_none_or(|ms| m.item.received_at_ms >= ms);
    let mut items = Vec::with_capacity(found.entries.len());
    for entry in &found.entries {
        match entry {
            Entry::Gone(id) => items.push(removed(ids::print_item(*id))),
            Entry::Present(message) if is_wanted(message) => {
                match view(&call, message, &select, &expansion).await {
                    Ok(properties) => items.push(properties.into()),
                    // Between the two looks it was removed; the next answer tells so.
                    Err(e) if e.is_not_found() => {}
                    Err(e) => return Err(e),
                }
            }
            Entry::Present(_) => {}
        }
    }
    Ok(state.answer(&call, &path, &select, items, (found.cursor, found.has_more)))
}

/// The one filter that Microsoft knows here: `receivedDateTime ge` or `gt`.
fn received_since(filter: &str) -> Result<i64, GraphError> {
    let expr = parse(filter)?;
    if let Expr::Compare(path, op @ (Op::Ge | Op::Gt), literal) = &expr
        && path.key() == "receiveddatetime"
        && let Some(ms) = literal.text().and_then(time::parse)
    {
        return Ok(if *op == Op::Gt {
            ms.div_euclid(1000) * 1000 + 1000
        } else {
            ms
        });
    }
    Err(GraphError::bad(
        "ErrorInvalidUrlQueryFilter",
        format!(
            "the filter »{filter}« is not supported in a delta query; supported: receivedDateTime ge or gt a time"
        ),
    ))
}
