//! The one way out for every door: a message that one of us sends.

use super::PostRoom;
use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::mail::Prepared;
use crate::mail::append::{Placement, append_message_in, check_quota};
use crate::model::outgoing::Envelope;
use crate::model::{AccountId, EmailAddress, Flags, ItemId, Keywords, Role};
use crate::store::Tx;
use crate::store::account::AccountDb;
use crate::store::item::FlagChange;

/// A message to be sent by an account.
pub struct Submission {
    pub account: AccountId,
    pub envelope: Envelope,
    pub prepared: Prepared,
    /// Keep a copy in the folder for sent mail.
    pub save_to_sent: bool,
    /// A draft that this is, and that disappears with it.
    pub draft: Option<ItemId>,
    /// Hold it back until then; its draft stays until it leaves, and whoever changes or removes it keeps it from leaving.
    pub hold_until_ms: Option<TimeMs>,
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
        hold_until_ms,
    } = submission;
    let (now_ms, kept) = (ctx.now_ms(), prepared.clone());
    let file = ctx.store.account(account)?;
    if let (Some(draft), Some(until_ms)) = (draft, hold_until_ms.filter(|ms| *ms > now_ms)) {
        return file
            .write(move |tx| {
                let draft = tx
                    .item(draft)?
                    .ok_or_else(|| Error::not_found("the draft is gone"))?;
                tx.hold_back((&prepared.staged, &envelope), &draft, (until_ms, now_ms))
            })
            .await;
    }
    let row = file
        .write(move |tx| {
            if save_to_sent {
                keep_in_sent(tx, &prepared, now_ms)?;
            }
            if let Some(draft) = draft
                && let Some(item) = tx.item(draft)?
            {
                note_answered(tx, &prepared)?;
                tx.remove_items(&[item], now_ms)?;
            }
            tx.insert_outbox(&prepared.staged, &envelope, now_ms)
        })
        .await?;
    room.hand_over(account, row, kept);
    Ok(())
}

/// The author's own copy.
pub(super) fn keep_in_sent(tx: &mut Tx<'_, AccountDb>, prepared: &Prepared, now_ms: TimeMs) -> Result<()> {
    let Some(sent) = tx.folder_by_role(Role::Sent)? else {
        return Ok(());
    };
    let place = Placement {
        folder_id: sent.id,
        flags: Flags::SEEN,
        keywords: Keywords::default(),
        received_at_ms: now_ms,
    };
    append_message_in(tx, prepared, &place).map(drop)
}

/// Marks the message that a draft answers; it may be gone by now.
pub(super) fn note_answered(tx: &mut Tx<'_, AccountDb>, prepared: &Prepared) -> Result<()> {
    let Some(of) = &prepared.derived.in_reply_to else {
        return Ok(());
    };
    for item in tx.items_by_message_id(of)? {
        let flags = item.flags.with(Flags::ANSWERED);
        if flags != item.flags {
            let change = FlagChange {
                id: item.id,
                before: item.flags,
                flags,
                keywords: item.keywords,
            };
            tx.change_flags(item.folder_id, &[change])?;
        }
    }
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
