//! GET mailFolders/{id}

use super::names;
use super::view::{select, view};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(GET "me/mailFolders/{}" MailRead [Select] => get)];

async fn get(call: Call) -> Result {
    let select = select(&call)?;
    let (tree, place) = names::find(&call, call.key(0)).await?;
    let properties = view(&call, &tree, &place, &select);
    Ok(Answer::json(entity(&call, "mailFolders", &select, properties)))
}
