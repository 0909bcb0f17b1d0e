//! GET messages/{id}/$value: the bytes exactly as they are stored.

use crate::mail;
use crate::mail::listing::get_message;
use crate::mail::stored_part::StoredPart;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(GET "me/messages/{}/$value" MailRead [] => value)];

async fn value(call: Call) -> Result {
    let message = get_message(call.ctx(), call.account, call.message_id()?).await?;
    let body = mail::open_body(call.ctx(), call.account, &message.item).await?;
    // Microsoft's type for it; message/rfc822 is refused by programs that compare.
    Answer::stored("text/plain", StoredPart::whole(body)).await
}
