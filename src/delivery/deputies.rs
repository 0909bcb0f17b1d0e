//! Copies of mail about somebody's events for those who deputize for them: what came by mail as it came, what came from
//! inside as the mail that it would have been.

use super::PostRoom;
use super::invitation::{Invitation, compose_mail};
use super::invitation_files::Enclosed;
use crate::base::{Kind, Result};
use crate::formats::ical::{Message, Method};
use crate::identity::deputies::deputies_told;
use crate::mail::Prepared;
use crate::mail::deliver::{Delivery, deliver_message};
use crate::model::{Account, AccountKind, Flags, Role};
use std::sync::Arc;

/// A mail that arrived for `owner`, with the messages in it.
pub async fn copy_mail(
    room: &Arc<PostRoom>,
    owner: &Account,
    source: &str,
    (raw, messages): (&[u8], &[&Message]),
    is_submitted: bool,
) -> Result<()> {
    let deputies = deputies_told(&room.ctx(), owner, messages).await?;
    if deputies.is_empty() {
        return Ok(());
    }
    let prepared = Prepared::from_bytes(&room.store, raw)?;
    deliver(room, &deputies, source, prepared, is_submitted).await
}

/// A message that `organizer` has sent to `owner` from inside.
pub async fn copy_message(
    room: &Arc<PostRoom>,
    (organizer, owner): (&Account, &Account),
    source: &str,
    messages: &[Message],
    raw: &[u8],
) -> Result<()> {
    let is_for_people = messages
        .iter()
        .any(|m| matches!(m.method, Method::Request | Method::Cancel | Method::Counter));
    // Who approves what a room is asked for hears of it otherwise.
    if !is_for_people || matches!(owner.kind, AccountKind::Room | AccountKind::Equipment) {
        return Ok(());
    }
    let deputies = deputies_told(&room.ctx(), owner, messages).await?;
    if deputies.is_empty() {
        return Ok(());
    }
    let invitation = Invitation {
        me: organizer,
        to: &owner.address,
        source,
        host: &room.options.host_name,
        now_ms: room.store.clock().now_ms(),
    };
    let Some((_, mail)) = compose_mail(&invitation, messages, &Enclosed::bare(raw)) else {
        return Ok(());
    };
    let prepared = Prepared::from_bytes(&room.store, &mail)?;
    deliver(room, &deputies, &format!("{source}:{}", owner.id), prepared, true).await
}

async fn deliver(
    room: &Arc<PostRoom>,
    deputies: &[Arc<Account>],
    source: &str,
    prepared: Prepared,
    is_submitted: bool,
) -> Result<()> {
    for deputy in deputies {
        let delivery = Delivery {
            id: Some(format!("{source}:deputy")),
            role: Role::Inbox,
            sender: None,
            received_at_ms: room.store.clock().now_ms(),
            flags: Flags::NONE,
            is_submitted,
            peer: None,
        };
        match deliver_message(&room.ctx(), deputy, prepared.clone(), delivery).await {
            Ok(_) => {}
            // The owner has it; what waits for a full mailbox would hold up all that comes behind it.
            Err(e) if matches!(e.kind(), Kind::OverQuota | Kind::NotFound) => {
                tracing::warn!(deputy = deputy.address, error = ?e, "a deputy does not get a copy of mail about an event");
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
