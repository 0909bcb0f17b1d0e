//! Notices of the box itself: put into somebody's inbox, once each, also when that is full just now.

use super::PostRoom;
use crate::base::{Kind, Result, random};
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::{Outgoing, compose};
use crate::identity::accounts::list_accounts;
use crate::mail::Prepared;
use crate::mail::deliver::{Delivery, deliver_message};
use crate::model::outgoing::{Envelope, Recipient};
use crate::model::{Account, Flags, Role};

/// Tells each administrator, in their language; a notice of the same `name` once. `words`: subject and text.
pub async fn tell_administrators(
    room: &PostRoom,
    name: &str,
    words: impl Fn(&str) -> (String, String),
) -> Result<()> {
    for whom in list_accounts(&room.ctx()).await? {
        if whom.is_admin && whom.is_active() {
            tell(room, &whom, name.to_owned(), words(&whom.language)).await?;
        }
    }
    Ok(())
}

/// Tells `whom`; a notice of the same `name` is told once.
pub async fn tell(
    room: &PostRoom,
    whom: &Account,
    name: String,
    (subject, text): (String, String),
) -> Result<()> {
    let raw = write(room, whom, subject, text);
    let prepared = Prepared::from_bytes(&room.store, &raw)?;
    let now_ms = room.store.clock().now_ms();
    let delivery = Delivery {
        id: Some(name.clone()),
        role: Role::Inbox,
        received_at_ms: now_ms,
        flags: Flags::NONE,
        is_submitted: false,
        peer: None,
        sender: Some(String::new()),
    };
    match deliver_message(&room.ctx(), whom, prepared.clone(), delivery).await {
        // The queue comes back to a mailbox that is full just now.
        Err(e) if e.kind() == Kind::OverQuota => {
            let envelope = Envelope {
                sender: String::new(),
                recipients: vec![Recipient::new(&whom.address)],
                envelope_id: None,
                return_headers_only: true,
                smtputf8: false,
            };
            room.enqueue(name, None, envelope, prepared.staged, now_ms).await
        }
        other => other.map(drop),
    }
}

fn write(room: &PostRoom, whom: &Account, subject: String, text: String) -> Vec<u8> {
    let host = &room.options.host_name;
    let is_german = whom.language == "de";
    compose(&Outgoing {
        from: vec![Mailbox {
            name: Some(if is_german { "Postdienst" } else { "Mail service" }.to_owned()),
            address: format!("postmaster@{host}"),
        }],
        to: vec![Mailbox {
            name: None,
            address: whom.address.clone(),
        }],
        subject,
        text: Some(text),
        message_id: format!("{}@{host}", random::uuid()),
        date_ms: room.store.clock().now_ms(),
        // No program answers it (RFC 3834 §5).
        extra: vec![("Auto-Submitted".into(), "auto-generated".into())],
        ..Outgoing::default()
    })
}
