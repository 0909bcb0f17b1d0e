//! POST messages/{id}/send: a draft leaves, and is kept with what was sent. One with MAPI's PidTagDeferredSendTime (`SystemTime
//! 0x3FEF`) is held back until then, as Outlook has it: it stays a draft, and does not leave when it is changed or removed before.

use super::dispatch::{check_size, envelope, hand_over, run};
use super::mime::Mime;
use crate::base::TimeMs;
use crate::delivery::submit::Submission;
use crate::formats::mime::digest::digest;
use crate::mail::abridged::read_abridged;
use crate::mail::properties::message_properties;
use crate::model::property::PropertyValue;
use crate::model::{Flags, ItemId};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::extended::parse_id;
use crate::protocols::graph::routes::{Row, row};
use jiff::Timestamp;

const LONGEST_MS: TimeMs = 366 * 24 * 3600 * 1000;

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
    let submission = Submission {
        account: call.account,
        envelope,
        prepared,
        save_to_sent: true,
        draft: Some(id),
        hold_until_ms: deferred(&call, id).await?,
    };
    hand_over(&call, submission).await?;
    Ok(Answer::accepted())
}

/// When it is to leave; None: now. Errors: ErrorInvalidProperty.
async fn deferred(call: &Call, id: ItemId) -> Result<Option<TimeMs>, GraphError> {
    let wanted = parse_id("SystemTime 0x3fef")?;
    let kept = message_properties(call.ctx(), call.account, id).await?;
    let Some(found) = kept.into_iter().find(|p| p.name == wanted.key) else {
        return Ok(None);
    };
    let PropertyValue::One(text) = &found.value else {
        return Ok(None);
    };
    let at: Timestamp = text.parse().map_err(|_| {
        GraphError::bad(
            "ErrorInvalidProperty",
            format!("SystemTime 0x3FEF says »{text}«, which is no time like 2030-01-31T09:00:00Z"),
        )
    })?;
    let at_ms = at.as_millisecond();
    match at_ms - call.ctx().now_ms() > LONGEST_MS {
        true => Err(GraphError::bad(
            "ErrorInvalidProperty",
            "a message is held back for a year at most",
        )),
        false => Ok(Some(at_ms)),
    }
}
