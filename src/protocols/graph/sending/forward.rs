//! POST messages/{id}/forward: with the original's attachments.

use super::dispatch::{begin, send, send_raw};
use super::original::{self, Original};
use super::reply::{finish, given};
use super::{mime, quote};
use crate::formats::mime::compose::Outgoing;
use crate::model::Flags;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};
use serde_json::Value;

pub const ROWS: &[Row] = &[row!(POST "me/messages/{}/forward" MailSend [] => forward)];

async fn forward(call: Call) -> Result {
    let original = original::read(&call).await?;
    if call.is_mime() {
        let mime = mime::read(&call).await?;
        let recipients = mime.recipients();
        send_raw(
            &call,
            mime.complete(&call, false),
            mime.from(),
            recipients,
            true,
            None,
        )
        .await?;
    } else {
        let outgoing = compose_forward(&call, &original, &call.json()?)?;
        send(&call, outgoing, true, None).await?;
    }
    // The keyword of RFC 9051 §2.3.2.
    original.note(&call, Flags::NONE, Some("$Forwarded")).await;
    Ok(Answer::accepted())
}

pub fn compose_forward(call: &Call, original: &Original, body: &Value) -> Result<Outgoing, GraphError> {
    let is_german = call.ctx().account()?.language == "de";
    let mut out = begin(call)?;
    out.subject = quote::prefixed(if is_german { "WG" } else { "FW" }, &original.digest.subject);
    out.references = original.references();
    finish(call, &mut out, original, body, given(call, body)?)?;
    // Pictures of the text only where there is a text that can show them.
    let mut files = original.attachments(out.html.is_some());
    files.append(&mut out.attachments);
    out.attachments = files;
    Ok(out)
}
