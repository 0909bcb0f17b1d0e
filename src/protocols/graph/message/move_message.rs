//! POST messages/{id}/move: ids stay, whether the client asked for immutable ones or not.

use super::get::whole_message;
use crate::mail::move_messages::move_message;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::folder::names::find_target;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::http::ids;

pub const ROWS: &[Row] = &[row!(POST "me/messages/{}/move" MailWrite [] => move_one)];

async fn move_one(call: Call) -> Result {
    let (id, body) = (call.message_id()?, call.json()?);
    let to = find_target(&call, json::required_text(&body, "destinationId")?).await?;
    move_message(call.ctx(), call.account, id, to).await?;
    let location = format!("{}/me/messages/{}", call.site.base(), ids::print_item(id));
    Ok(Answer::created(whole_message(&call, id).await?, location))
}
