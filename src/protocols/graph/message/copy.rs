//! POST messages/{id}/copy

use super::get::whole_message;
use crate::mail::duplicate::duplicate_message;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::folder::names::find_target;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::http::ids;

pub const ROWS: &[Row] = &[row!(POST "me/messages/{}/copy" MailWrite [] => copy)];

async fn copy(call: Call) -> Result {
    let (id, body) = (call.message_id()?, call.json()?);
    let to = find_target(&call, json::required_text(&body, "destinationId")?).await?;
    let made = duplicate_message(call.ctx(), call.account, id, to).await?;
    let location = format!("{}/me/messages/{}", call.site.base(), ids::print_item(made));
    Ok(Answer::created(whole_message(&call, made).await?, location))
}
