//! Delivering a message that arrived, into the inbox of an account, or where its owner's rules put it.

use super::append::{Appended, Placement, append_message_in};
use super::intake::Prepared;
use super::replies::AGAIN_AFTER_MS;
use super::rules::plan::{Goal, Plan, plan_arrival};
use super::settings::{DeputyDelivery, mailbox_settings};
use crate::base::{Error, Result, TimeMs};
use crate::formats::mime::calendar_part::has_calendar;
use crate::formats::mime::calendar_part::messages_in;
use crate::formats::mime::part_codec::decode_parts;
use crate::identity::Ctx;
use crate::identity::deputies::deputies_told;
use crate::model::message::Derived;
use crate::model::peer::Peer;
use crate::model::rule::Reaction;
use crate::model::scheduling::Job;
use crate::model::{Account, Flags, FolderId, Role};
use crate::store::Tx;
use crate::store::account::AccountDb;
use serde::{Deserialize, Serialize};

/// One delivery to one account.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Names the delivery so that a second try changes nothing; None when there can be none.
    pub id: Option<String>,
    pub role: Role,
    /// Of the envelope; empty for reports, None where nobody knows it any more.
    pub sender: Option<String>,
    pub received_at_ms: TimeMs,
    /// Header lines put before the message for this recipient are already in the prepared bytes.
    pub flags: Flags,
    /// One of us has sent it, signed in under the address that it names.
    pub is_submitted: bool,
    /// Who handed it over to us, where that is known and matters.
    pub peer: Option<Peer>,
}

/// What became of a delivery.
#[derive(Clone, Debug)]
pub enum Delivered {
    /// It was made before, and nothing has changed.
    Before,
    Stored(Appended),
    /// A rule of the owner does not keep such mail.
    Discarded,
}

/// Errors: OverQuota, and what the store says.
pub async fn deliver_message(
    ctx: &Ctx,
    account: &Account,
    prepared: Prepared,
    delivery: Delivery,
) -> Result<Delivered> {
    super::append::check_quota_of(ctx, account, prepared.size_bytes()).await?;
    let (mut plan, prepared) = plan_arrival(ctx, account, prepared, &delivery).await?;
    if delivery.role == Role::Inbox && has_invitation(&prepared.derived) {
        leave_to_deputies(ctx, account, &prepared, &mut plan).await?;
    }
    let now_ms = ctx.now_ms();
    let address = account.address.clone();
    ctx.store
        .account(account.id)?
        .write(move |tx| {
            let made = deliver_message_in(tx, &prepared, &delivery, &plan, now_ms)?;
            if matches!(made, Delivered::Discarded) {
                let message_id = &prepared.derived.message_id;
                tracing::info!(
                    account = address,
                    message_id,
                    "a rule of its owner has discarded a message"
                );
            }
            Ok(made)
        })
        .await
}

/// Where the owner wants their deputies to look after mail about events, it is read for them. Rules of their own come first.
async fn leave_to_deputies(ctx: &Ctx, account: &Account, prepared: &Prepared, plan: &mut Plan) -> Result<()> {
    use DeputyDelivery::{SendToDelegateAndPrincipal, SendToDelegateOnly};
    let wanted = mailbox_settings(&ctx.as_system(), account.id)
        .await?
        .deputy_delivery;
    let wanted = wanted.unwrap_or(SendToDelegateAndPrincipal);
    if wanted == SendToDelegateAndPrincipal || plan.goal != Goal::Inbox {
        return Ok(());
    }
    let staged = prepared.staged.clone();
    let raw = tokio::task::spawn_blocking(move || staged.read_all())
        .await
        .map_err(|e| Error::internal("reading a message was broken off").caused_by(e))??;
    let messages = messages_in(&raw);
    if deputies_told(ctx, account, &messages).await?.is_empty() {
        return Ok(());
    }
    plan.is_read = true;
    if wanted == SendToDelegateOnly {
        plan.goal = Goal::Trash;
    }
    Ok(())
}

fn has_invitation(derived: &Derived) -> bool {
    decode_parts(&derived.parts).is_some_and(|parts| has_calendar(&parts))
}

/// Where a message goes that is for this folder: the inbox, when it is gone.
fn folder_for(tx: &Tx<'_, AccountDb>, role: Role, goal: Goal) -> Result<Option<FolderId>> {
    let found = match goal {
        Goal::Nowhere => return Ok(None),
        Goal::Folder(id) => tx.mail_folder(id).ok(),
        Goal::Trash => tx.folder_by_role(Role::Trash)?,
        Goal::Inbox => tx.folder_by_role(role)?,
    };
    let folder = match found {
        Some(folder) => folder,
        None => tx
            .folder_by_role(Role::Inbox)?
            .ok_or_else(|| Error::unavailable("the account has no inbox; run: hauspost doctor"))?,
    };
    Ok(Some(folder.id))
}

pub fn deliver_message_in(
    tx: &mut Tx<'_, AccountDb>,
    prepared: &Prepared,
    delivery: &Delivery,
    plan: &Plan,
    now_ms: TimeMs,
) -> Result<Delivered> {
    if let Some(id) = &delivery.id
        && !tx.note_delivery(id, delivery.received_at_ms)?
    {
        return Ok(Delivered::Before);
    }
    react(tx, prepared, plan, now_ms)?;
    let flags = if plan.is_read { Flags::SEEN } else { Flags::NONE };
    let place = |folder_id| Placement {
        folder_id,
        flags: delivery.flags.with(flags),
        keywords: plan.keywords.clone(),
        received_at_ms: delivery.received_at_ms,
    };
    for folder in &plan.copies {
        if tx.mail_folder(*folder).is_ok() {
            append_message_in(tx, prepared, &place(*folder))?;
        }
    }
    let Some(folder) = folder_for(tx, delivery.role, plan.goal)? else {
        return Ok(Delivered::Discarded);
    };
    let appended = append_message_in(tx, prepared, &place(folder))?;
    if delivery.role == Role::Inbox && has_invitation(&prepared.derived) {
        // Looked at afterwards, so that nothing in it can hold up the delivery.
        let job = Job::Read {
            is_submitted: delivery.is_submitted,
            peer: delivery.peer.clone(),
        };
        tx.insert_job_of(appended.item.body_id, &job, delivery.received_at_ms)?;
    }
    Ok(Delivered::Stored(appended))
}

/// Writes down what has to be sent because of the message.
fn react(tx: &mut Tx<'_, AccountDb>, prepared: &Prepared, plan: &Plan, now_ms: TimeMs) -> Result<()> {
    for forward in &plan.forwards {
        if take_turn(tx, now_ms)? {
            tx.insert_job(&prepared.staged, forward, now_ms)?;
        }
    }
    if let Some(reply @ Reaction::Reply { to, .. }) = &plan.reply
        && tx.note_answered(to, now_ms, now_ms - AGAIN_AFTER_MS)?
    {
        tx.insert_job(&prepared.staged, reply, now_ms)?;
    }
    Ok(())
}

/// What rules of a mailbox have sent on within an hour, so that two programs that write to each other come to an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct SentOn {
    since_ms: TimeMs,
    count: u32,
}

const SENT_ON: &str = "sentOn";
const HOUR_MS: TimeMs = 3600 * 1000;
const MAX_AN_HOUR: u32 = 1000;

impl SentOn {
    /// With one more. None: enough has been sent on in this hour.
    fn one_more(self, now_ms: TimeMs) -> Option<SentOn> {
        let is_this_hour = (self.since_ms..self.since_ms + HOUR_MS).contains(&now_ms);
        let before = match is_this_hour {
            true => self,
            false => SentOn {
                since_ms: now_ms,
                count: 0,
            },
        };
        (before.count < MAX_AN_HOUR).then_some(SentOn {
            count: before.count + 1,
            ..before
        })
    }
}

/// False: enough has been sent on in this hour.
fn take_turn(tx: &mut Tx<'_, AccountDb>, now_ms: TimeMs) -> Result<bool> {
    let stored = tx.account_setting(SENT_ON)?;
    let before: SentOn = stored
        .and_then(|s| serde_json::from_slice(&s).ok())
        .unwrap_or_default();
    let Some(sent) = before.one_more(now_ms) else {
        tracing::warn!(
            most = MAX_AN_HOUR,
            "rules of a mailbox send on too much; this message is only kept"
        );
        return Ok(false);
    };
    let json =
        serde_json::to_vec(&sent).map_err(|e| Error::internal("a count cannot be written").caused_by(e))?;
    tx.put_account_setting(SENT_ON, Some(&json))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_sent_on_in_an_hour_and_no_more() {
        let mut sent = SentOn::default();
        for _ in 0..MAX_AN_HOUR {
            sent = sent.one_more(5 * HOUR_MS).unwrap();
        }
        assert_eq!(sent.one_more(6 * HOUR_MS - 1), None);
        let next = sent.one_more(6 * HOUR_MS).unwrap();
        assert_eq!((next.since_ms, next.count), (6 * HOUR_MS, 1));
        // A clock that was set back begins a new hour.
        assert_eq!(sent.one_more(HOUR_MS).unwrap().count, 1);
    }
}
