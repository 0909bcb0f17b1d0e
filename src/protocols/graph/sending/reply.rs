//! POST messages/{id}/reply and replyAll

use super::dispatch::{begin, send, send_raw};
use super::mime;
use super::original::{self, Original};
use super::quote;
use super::wanted::{self, Wanted, set_body};
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::Outgoing;
use crate::model::Flags;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use serde_json::Value;

pub const ROWS: &[Row] = &[
    row!(POST "me/messages/{}/reply" MailSend [] => reply),
    row!(POST "me/messages/{}/replyAll" MailSend [] => reply_all),
];

async fn reply(call: Call) -> Result {
    answer(&call, false).await
}

async fn reply_all(call: Call) -> Result {
    answer(&call, true).await
}

async fn answer(call: &Call, is_to_all: bool) -> Result {
    let original = original::read(call).await?;
    if call.is_mime() {
        let mime = mime::read(call).await?;
        let recipients = mime.recipients();
        send_raw(
            call,
            mime.complete(call, false),
            mime.from(),
            recipients,
            true,
            None,
        )
        .await?;
    } else {
        let outgoing = compose_reply(call, &original, is_to_all, &call.json_or_empty()?)?;
        send(call, outgoing, true, None).await?;
    }
    original.note(call, Flags::ANSWERED, None).await;
    Ok(Answer::accepted())
}

/// The answer as far as the server knows it, with what was given put over it.
pub fn compose_reply(
    call: &Call,
    original: &Original,
    is_to_all: bool,
    body: &Value,
) -> Result<Outgoing, GraphError> {
    let account = call.ctx().account()?;
    let is_german = account.language == "de";
    let mut out = begin(call)?;
    out.subject = quote::prefixed(if is_german { "AW" } else { "RE" }, &original.digest.subject);
    out.in_reply_to = original.digest.message_id.clone();
    out.references = original.references();
    let is_mine = |m: &Mailbox| account.owns_address(&m.address);
    out.to = original.reply_to();
    if out.to.iter().all(is_mine) && !original.digest.to.is_empty() {
        // An answer to what one has sent goes to those it was sent to.
        out.to = original.digest.to.clone();
    }
    if is_to_all {
        add_new(&mut out.to, &original.digest.to, is_mine);
        out.cc = Vec::new();
        add_new(&mut out.cc, &original.digest.cc, is_mine);
        let to = out.to.clone();
        out.cc
            .retain(|m| !to.iter().any(|t| t.address.eq_ignore_ascii_case(&m.address)));
    }
    let wanted = given(call, body)?;
    finish(call, &mut out, original, body, wanted)?;
    // Pictures that the quoted text still shows; without them their places stay empty at the reader's.
    let shown = |id: &str| {
        out.html
            .as_ref()
            .is_some_and(|h| h.contains(&format!("cid:{id}")))
    };
    let pictures = original.attachments(true).into_iter();
    let pictures: Vec<_> = pictures
        .filter(|a| a.content_id.as_deref().is_some_and(shown))
        .collect();
    out.attachments.extend(pictures);
    Ok(out)
}

fn add_new(list: &mut Vec<Mailbox>, more: &[Mailbox], is_mine: impl Fn(&Mailbox) -> bool) {
    for mailbox in more.iter().filter(|m| !is_mine(m)) {
        if !list
            .iter()
            .any(|l| l.address.eq_ignore_ascii_case(&mailbox.address))
        {
            list.push(mailbox.clone());
        }
    }
}

/// `message` of the body, and `toRecipients` beside it as forward has them.
pub fn given(call: &Call, body: &Value) -> Result<Wanted, GraphError> {
    let mut wanted = json::object(body, "message")?
        .map(|message| wanted::parse(call, message))
        .transpose()?
        .unwrap_or_default();
    if wanted.to.is_none() {
        wanted.to = wanted::mailboxes(body, "toRecipients")?;
    }
    Ok(wanted)
}

/// A given body is the whole text; else the comment stands above the original.
pub fn finish(
    call: &Call,
    out: &mut Outgoing,
    original: &Original,
    body: &Value,
    wanted: Wanted,
) -> Result<(), GraphError> {
    let is_german = call.ctx().account()?.language == "de";
    if wanted.body.is_none() {
        let comment = json::text(body, "comment")?.unwrap_or_default();
        set_body(out, quote::body(original, comment, is_german));
    }
    wanted.apply(out);
    Ok(())
}
