//! GET messages/{id}

use super::expand::Expansion;
use super::view::{PROPERTIES, view};
use crate::mail::listing::get_message;
use crate::model::ItemId;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use serde_json::Value;

pub const ROWS: &[Row] = &[row!(GET "me/messages/{}" MailRead [Select, Expand] => get)];

async fn get(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let expansion = Expansion::of(call.query.get(Opt::Expand))?;
    let value = message_of(&call, call.message_id()?, &select, &expansion).await?;
    let answer = Answer::json(value);
    Ok(match call.prefer.is_text_body {
        true => answer.with("Preference-Applied", "outlook.body-content-type=\"text\""),
        false => answer,
    })
}

/// The message as it is now, in its envelope. Errors: ErrorItemNotFound.
pub async fn message_of(call: &Call, id: ItemId, select: &Select, expansion: &Expansion) -> Result<Value> {
    let message = get_message(call.ctx(), call.account, id).await?;
    let properties = view(call, &message, select, expansion).await?;
    Ok(entity(call, "messages", select, properties))
}

/// The whole message, for answers to changes.
pub async fn whole_message(call: &Call, id: ItemId) -> Result<Value> {
    message_of(call, id, &Select::usual(&PROPERTIES), &Expansion::default()).await
}
