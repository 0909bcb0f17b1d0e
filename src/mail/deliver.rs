//! Delivering a message that arrived, into the inbox of an account.

use super::append::{Appended, Placement, append_message_in};
use super::intake::Prepared;
use crate::base::{Error, Result, TimeMs};
use crate::formats::mime::calendar_part::has_calendar;
use crate::formats::mime::part_codec::decode_parts;
use crate::identity::Ctx;
use crate::model::message::Derived;
use crate::model::scheduling::Job;
use crate::model::{Account, Flags, Keywords, Role};
use crate::store::Tx;
use crate::store::account::AccountDb;

/// One delivery to one account.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Names the delivery so that a second try changes nothing; None when there can be none.
    pub id: Option<String>,
    pub role: Role,
    pub received_at_ms: TimeMs,
    /// Header lines put before the message for this recipient are already in the prepared bytes.
    pub flags: Flags,
    /// One of us has sent it, signed in under the address that it names.
    pub is_submitted: bool,
}

/// Returns None when this delivery was made before. Errors: OverQuota, and what the store says.
pub async fn deliver_message(
    ctx: &Ctx,
    account: &Account,
    prepared: Prepared,
    delivery: Delivery,
) -> Result<Option<Appended>> {
    super::append::check_quota_of(ctx, account, prepared.size_bytes()).await?;
    ctx.store
        .account(account.id)?
        .write(move |tx| deliver_message_in(tx, &prepared, &delivery))
        .await
}

fn has_invitation(derived: &Derived) -> bool {
    decode_parts(&derived.parts).is_some_and(|parts| has_calendar(&parts))
}

pub fn deliver_message_in(
    tx: &mut Tx<'_, AccountDb>,
    prepared: &Prepared,
    delivery: &Delivery,
) -> Result<Option<Appended>> {
    if let Some(id) = &delivery.id
        && !tx.note_delivery(id, delivery.received_at_ms)?
    {
        return Ok(None);
    }
    let folder = match tx.folder_by_role(delivery.role)? {
        Some(folder) => folder,
        None => tx
            .folder_by_role(Role::Inbox)?
            .ok_or_else(|| Error::unavailable("the account has no inbox; run: hauspost doctor"))?,
    };
    let place = Placement {
        folder_id: folder.id,
        flags: delivery.flags,
        keywords: Keywords::default(),
        received_at_ms: delivery.received_at_ms,
    };
    let appended = append_message_in(tx, prepared, &place)?;
    if delivery.role == Role::Inbox && has_invitation(&prepared.derived) {
        // Looked at afterwards, so that nothing in it can hold up the delivery.
        let job = Job::Read {
            is_submitted: delivery.is_submitted,
        };
        tx.insert_scheduling_of(appended.item.body_id, &job, delivery.received_at_ms)?;
    }
    Ok(Some(appended))
}
