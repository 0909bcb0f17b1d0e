//! GET mailFolders/{id}

use super::expand::Expansion;
use super::names;
use super::view::select;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(GET "me/mailFolders/{}" MailRead [Select, Expand] => get)];

async fn get(call: Call) -> Result {
    let select = select(&call)?;
    let (tree, place) = names::find(&call, call.key(0)).await?;
    let expansion = Expansion::of(call.query.get(Opt::Expand))?;
    let properties = expansion.view(&call, &tree, &place, &select).await?;
    Ok(Answer::json(entity(&call, "mailFolders", &select, properties)))
}
