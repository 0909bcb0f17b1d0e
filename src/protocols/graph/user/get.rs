//! GET /me

use super::view::{PROPERTIES, view};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] = &[row!(GET "me" UserRead [Select] => get)];

async fn get(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let properties = view(call.ctx().account()?, &select);
    Ok(Answer::json(entity(&call, "", &select, properties)))
}
