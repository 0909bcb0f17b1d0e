//! The one way out for every door: a message that one of us sends.

use super::PostRoom;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::mail::Prepared;
use crate::mail::append::{Placement, append_message_in, check_quota};
use crate::model::outgoing::Envelope;
use crate::model::{AccountId, EmailAddress, Flags, ItemId, Keywords, Role};

/// A message to be sent by an account.
pub struct Submission {
    pub account: AccountId,
    pub envelope: Envelope,
    pub prepared: Prepared,
    /// Keep a copy in the folder for sent mail.
    pub save_to_sent: bool,
    /// A draft that this is, and that disappears with it.
    pub draft: Option<ItemId>,
}

/// More recipients than this are refused: nobody in an office writes to so many, a stolen password does.
pub const MAX_RECIPIENTS: usize = 1000;

/// Accepts a message for sending. When this returns Ok it is on the disk and will be sent or reported back.
/// Errors: Forbidden (the sender is not the account's), Invalid (recipients), OverQuota.
pub async fn submit_message(ctx: &Ctx, room: &PostRoom, submission: Submission) -> Result<()> {
    ctx.require_owner(submission.account)?;
    check_envelope(ctx, &submission.envelope)?;
    let size = submission.prepared.size_bytes();
    ctx.store.check_room(size * 2)?;
    check_quota(ctx, submission.account, size).await?;
    let Submission {
        account,
        envelope,
        prepared,
        save_to_sent,
        draft,
    } = submission;
    let (now_ms, kept) = (ctx.now_ms(), prepared.clone());
    let row = ctx
        .store
        .account(account)?
        .write(move |tx| {
            if save_to_sent && let Some(sent) = tx.folder_by_role(Role::Sent)? {
                let place = Placement {
                    folder_id: sent.id,
                    flags: Flags::SEEN,
                    keywords: Keywords::default(),
                    received_at_ms: now_ms,
                };
                append_message_in(tx, &prepared, &place)?;
            }
            if let Some(draft) = draft
                && let Some(item) = tx.item(draft)?
            {
                tx.remove_items(&[item], now_ms)?;
            }
            tx.insert_outbox(&prepared.staged, &envelope, now_ms)
        })
        .await?;
    room.hand_over(account, row, kept);
    Ok(())
}

/// Whether the account may send as this address (RFC 6409 §6.1).
pub fn check_sender(ctx: &Ctx, address: &str) -> Result<()> {
    let account = ctx.account()?;
    if account.owns_address(address) {
        return Ok(());
    }
    let without_detail = EmailAddress::parse(address)
        .ok()
        .and_then(|a| a.key_without_detail());
    if without_detail.is_some_and(|a| account.owns_address(&a)) {
        return Ok(());
    }
    Err(Error::forbidden(format!(
        "you may not send as {address}; your address is {}",
        account.address
    )))
}

fn check_envelope(ctx: &Ctx, envelope: &Envelope) -> Result<()> {
    if !envelope.sender.is_empty() {
        check_sender(ctx, &envelope.sender)?;
    }
    if envelope.recipients.is_empty() {
        return Err(Error::invalid("the message has no recipient"));
    }
    if envelope.recipients.len() > MAX_RECIPIENTS {
        return Err(Error::invalid(format!(
            "a message goes to at most {MAX_RECIPIENTS} recipients"
        )));
    }
    envelope
        .recipients
        .iter()
        .try_for_each(|r| EmailAddress::parse(&r.address).map(drop))
}
