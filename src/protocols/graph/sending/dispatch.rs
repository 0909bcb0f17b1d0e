//! The way out: a composed message with its envelope is handed to the post room.

use crate::base::{Error, random};
use crate::delivery::submit::{Submission, check_sender, submit_message};
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::{Outgoing, compose};
use crate::formats::mime::edit::bcc_field;
use crate::mail::Prepared;
use crate::mail::intake::prepare_bytes;
use crate::model::ItemId;
use crate::model::outgoing::{Envelope, Recipient};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::rights::Right;

/// A message by the signed-in person, empty but for who and when.
pub fn begin(call: &Call) -> Result<Outgoing, GraphError> {
    let account = call.ctx().account()?;
    let domain = account.address.rsplit('@').next().unwrap_or("localhost");
    Ok(Outgoing {
        from: vec![Mailbox {
            name: Some(account.display_name.clone()).filter(|n| !n.is_empty()),
            address: account.address.clone(),
        }],
        message_id: format!("{}@{domain}", random::uuid()),
        date_ms: call.ctx().now_ms(),
        ..Outgoing::default()
    })
}

/// Composes and sends. Errors: ErrorInvalidRecipients, ErrorSendAsDenied, and what the post room says.
pub async fn send(
    call: &Call,
    outgoing: Outgoing,
    save_to_sent: bool,
    draft: Option<ItemId>,
) -> Result<(), GraphError> {
    let from = outgoing
        .from
        .first()
        .map(|m| m.address.clone())
        .unwrap_or_default();
    let everybody = [&outgoing.to, &outgoing.cc, &outgoing.bcc];
    let recipients = everybody
        .into_iter()
        .flatten()
        .map(|m| m.address.clone())
        .collect();
    let raw = run(move || compose(&outgoing)).await?;
    send_raw(call, raw, from, recipients, save_to_sent, draft).await
}

/// Sends a whole message. `recipients`: may name one several times.
pub async fn send_raw(
    call: &Call,
    raw: Vec<u8>,
    from: String,
    recipients: Vec<String>,
    save_to_sent: bool,
    draft: Option<ItemId>,
) -> Result<(), GraphError> {
    let envelope = envelope(call, from, recipients)?;
    let prepared = prepare(call, raw).await?;
    let submission = Submission {
        account: call.account,
        envelope,
        prepared,
        save_to_sent,
        draft,
        hold_until_ms: None,
    };
    hand_over(call, submission).await
}

/// Who the message goes to, if the caller may send it to them. Errors: ErrorSendAsDenied, ErrorInvalidRecipients; 429 by the hour.
pub fn envelope(call: &Call, from: String, recipients: Vec<String>) -> Result<Envelope, GraphError> {
    call.require(Right::MailSend)?;
    check_sender(call.ctx(), &from).map_err(|e| GraphError::from(e).with_code("ErrorSendAsDenied"))?;
    let recipients = unique(recipients);
    if recipients.is_empty() {
        return Err(GraphError::bad(
            "ErrorInvalidRecipients",
            "At least one recipient isn't valid, the message has none.",
        ));
    }
    let count = u32::try_from(recipients.len()).unwrap_or(u32::MAX);
    if !call
        .house()
        .sent
        .take(call.ctx().account()?.address.clone(), count)
    {
        return Err(
            Error::busy("you have written to very many people within an hour; try again later").into(),
        );
    }
    Ok(Envelope {
        smtputf8: !recipients.iter().all(|r| r.is_ascii()),
        sender: from,
        recipients: recipients.into_iter().map(Recipient::new).collect(),
        envelope_id: None,
        return_headers_only: false,
    })
}

/// Errors: what the post room says.
pub async fn hand_over(call: &Call, submission: Submission) -> Result<(), GraphError> {
    Ok(submit_message(call.ctx(), &call.house().post_room, submission).await?)
}

/// Ready to be stored. Errors: ErrorMessageSizeExceeded.
pub async fn prepare(call: &Call, raw: Vec<u8>) -> Result<Prepared, GraphError> {
    check_size(call, raw.len() as u64)?;
    Ok(prepare_bytes(call.ctx(), raw).await?)
}

/// Errors: ErrorMessageSizeExceeded.
pub fn check_size(call: &Call, size_bytes: u64) -> Result<(), GraphError> {
    let max_bytes = call.house().options.max_message_bytes;
    if size_bytes <= max_bytes {
        return Ok(());
    }
    Err(Error::too_large(format!(
        "the message has {} MB, and this server sends and takes at most {} MB",
        size_bytes >> 20,
        max_bytes >> 20
    ))
    .into())
}

/// A message that is not sent yet: it still says who is to get it unseen.
pub async fn compose_draft(outgoing: Outgoing) -> Result<Vec<u8>, GraphError> {
    run(move || {
        let mut raw = bcc_field(&outgoing.bcc);
        raw.extend(compose(&outgoing));
        raw
    })
    .await
}

/// Each address once; the same person is often in To and Cc.
fn unique(addresses: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    addresses
        .into_iter()
        .filter(|a| seen.insert(a.to_lowercase()))
        .collect()
}

/// Work that takes its time, off the thread that serves everybody.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, GraphError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("the work was broken off").caused_by(e).into())
}
