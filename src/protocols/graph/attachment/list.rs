//! GET messages/{id}/attachments, inline ones included, as Microsoft does.

use super::find::attachments_of;
use super::view::{PROPERTIES, view};
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] =
    &[row!(GET "me/messages/{}/attachments" MailRead [Select, Top, Skip, Count] => list)];

async fn list(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, top) = call.query.page(crate::protocols::graph::query::MAX_TOP)?;
    let of = attachments_of(&call).await?;
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let mut items = Vec::new();
    for info in of.all.iter().skip(from).take(top as usize) {
        items.push(view(&call, &of, info, &select).await?.into());
    }
    let path = format!("messages('{}')/attachments", call.key(0));
    let total = of.all.len() as u64;
    collection(&call, &select, PageOf::of_all(path, items, skip, total))
}
