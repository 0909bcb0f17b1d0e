//! GET messages/{id}/$value: the bytes exactly as they are stored.

use crate::mail;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(GET "me/messages/{}/$value" MailRead [] => value)];

async fn value(call: Call) -> Result {
    let (_, raw) = mail::read_body(call.ctx(), call.account, call.message_id()?).await?;
    // Microsoft's type for it; message/rfc822 is refused by programs that compare.
    Ok(Answer::bytes("text/plain", raw))
}
