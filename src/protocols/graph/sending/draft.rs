//! POST messages/{id}/createReply, createReplyAll and createForward: the same as a draft.

use super::dispatch::compose_draft;
use super::forward::compose_forward;
use super::reply::compose_reply;
use super::{mime, original};
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::message::create::{answer_with, drafts, put_draft};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(POST "me/messages/{}/createReply" MailWrite [] => create_reply),
    row!(POST "me/messages/{}/createReplyAll" MailWrite [] => create_reply_all),
    row!(POST "me/messages/{}/createForward" MailWrite [] => create_forward),
];

enum Kind {
    Reply,
    ReplyAll,
    Forward,
}

async fn create_reply(call: Call) -> Result {
    create(&call, Kind::Reply).await
}

async fn create_reply_all(call: Call) -> Result {
    create(&call, Kind::ReplyAll).await
}

async fn create_forward(call: Call) -> Result {
    create(&call, Kind::Forward).await
}

async fn create(call: &Call, kind: Kind) -> Result {
    let original = original::read(call).await?;
    let raw = if call.is_mime() {
        mime::read(call).await?.raw
    } else {
        let body = call.json_or_empty()?;
        let outgoing = match kind {
            Kind::Reply => compose_reply(call, &original, false, &body)?,
            Kind::ReplyAll => compose_reply(call, &original, true, &body)?,
            Kind::Forward => compose_forward(call, &original, &body)?,
        };
        compose_draft(outgoing).await?
    };
    let folder = drafts(call).await?;
    let id = put_draft(call, folder, raw).await?;
    answer_with(call, id).await
}
