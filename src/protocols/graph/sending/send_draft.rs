//! POST messages/{id}/send: a draft leaves, and is kept with what was sent.

use super::dispatch::{run, send_raw};
use super::mime::Mime;
use crate::formats::mime::digest::digest;
use crate::mail;
use crate::model::Flags;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(POST "me/messages/{}/send" MailSend [] => send)];

async fn send(call: Call) -> Result {
    let id = call.message_id()?;
    let (item, raw) = mail::read_body(call.ctx(), call.account, id).await?;
    if !item.flags.contains(Flags::DRAFT) {
        return Err(GraphError::bad(
            "ErrorInvalidRequest",
            "the message is not a draft; it was sent already",
        ));
    }
    let mime = run(move || Mime {
        digest: digest(&raw),
        raw,
    })
    .await?;
    send_raw(
        &call,
        mime.complete(&call, true),
        mime.from(),
        mime.recipients(),
        true,
        Some(id),
    )
    .await?;
    Ok(Answer::accepted())
}
