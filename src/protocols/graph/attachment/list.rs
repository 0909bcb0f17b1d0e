//! GET messages/{id}/attachments, inline ones included, as Microsoft does.

use super::find::{attachments_in, attachments_of};
use super::view::{PROPERTIES, expands_item, view};
use crate::model::message::ListedMessage;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::query::{Opt, Query};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use serde_json::Value;

pub const ROWS: &[Row] =
    &[row!(GET "me/messages/{}/attachments" MailRead [Select, Top, Skip, Count, Expand, OrderBy] => list)];

async fn list(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, top) = call.query.page(crate::protocols::graph::query::MAX_TOP)?;
    let of = attachments_of(&call).await?;
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let with_item = expands_item(&call.query)?;
    let mut items = Vec::new();
    for at in (0..of.all.len()).skip(from).take(top as usize) {
        items.push(view(&call, &of, at, &select, with_item).await?.into());
    }
    let path = format!("messages('{}')/attachments", call.key(0));
    let total = of.all.len() as u64;
    collection(&call, &select, PageOf::of_all(path, items, skip, total))
}

/// All of a message, for `$expand=attachments`.
pub async fn all_of(call: &Call, message: &ListedMessage, options: &Query) -> Result<Value, GraphError> {
    options.check(&[Opt::Select, Opt::Top, Opt::Expand])?;
    let select = Select::of(options, &PROPERTIES)?;
    let of = attachments_in(call, message.clone()).await?;
    let with_item = expands_item(options)?;
    let mut all = Vec::with_capacity(of.all.len());
    for at in 0..of.all.len() {
        all.push(Value::from(view(call, &of, at, &select, with_item).await?));
    }
    Ok(all.into())
}
