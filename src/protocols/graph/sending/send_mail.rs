//! POST sendMail: JSON, or a whole message as base64.

use super::dispatch::{begin, send, send_raw};
use super::{mime, wanted};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(POST "me/sendMail" MailSend [] => send_mail)];

async fn send_mail(call: Call) -> Result {
    if call.is_mime() {
        let mime = mime::read(&call).await?;
        send_raw(
            &call,
            mime.complete(&call, false),
            mime.from(),
            mime.recipients(),
            true,
            None,
        )
        .await?;
        return Ok(Answer::accepted());
    }
    let body = call.json()?;
    let message =
        json::object(&body, "message")?.ok_or_else(|| GraphError::request("»message« is missing"))?;
    let save = json::boolean(&body, "saveToSentItems")?.unwrap_or(true);
    let mut outgoing = begin(&call)?;
    wanted::parse(&call, message)?.apply(&mut outgoing);
    send(&call, outgoing, save, None).await?;
    Ok(Answer::accepted())
}
