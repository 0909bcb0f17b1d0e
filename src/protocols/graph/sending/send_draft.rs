//! POST messages/{id}/send: a draft leaves, and is kept with what was sent.

use super::dispatch::{check_size, envelope, hand_over, run};
use super::mime::Mime;
use crate::formats::mime::digest::digest;
use crate::mail::abridged::read_abridged;
use crate::model::Flags;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(POST "me/messages/{}/send" MailSend [] => send)];

async fn send(call: Call) -> Result {
    let id = call.message_id()?;
    let draft = read_abridged(call.ctx(), call.account, id).await?;
    if !draft.item.flags.contains(Flags::DRAFT) {
        return Err(GraphError::bad(
            "ErrorInvalidRequest",
            "the message is not a draft; it was sent already",
        ));
    }
    check_size(&call, draft.body.size_bytes())?;
    let raw = draft.short.bytes.clone();
    let mime = run(move || Mime {
        digest: digest(&raw),
        raw,
    })
    .await?;
    let envelope = envelope(&call, mime.from(), mime.recipients())?;
    let max_bytes = call.house().options.max_message_bytes;
    let made = mime.complete(&call, true);
    let prepared = draft.prepare_made(call.ctx(), made, max_bytes).await?;
    hand_over(&call, envelope, prepared, true, Some(id)).await?;
    Ok(Answer::accepted())
}
