//! Taking a message that another server hands over, for people of ours.

use super::PostRoom;
use crate::base::{Error, Kind, Result, random};
use crate::mail::Prepared;
use crate::mail::deliver::{Delivery, deliver_message};
use crate::model::outgoing::{Envelope, Recipient};
use crate::model::peer::Peer;
use crate::model::{Account, Flags, Role};
use futures_util::future::join_all;

/// A message with those of us it is for.
pub struct Arrived {
    pub sender: String,
    /// None: nobody knows it any more.
    pub peer: Option<Peer>,
    pub recipients: Vec<(Recipient, Account)>,
    pub prepared: Prepared,
}

/// Delivers to everybody; the caller has asked the disk for room.
/// When this returns Ok, each delivery is on the disk: those that could not be made
/// now although others were wait in the queue. An error means that nobody has got it.
pub async fn receive_message(room: &PostRoom, arrived: Arrived) -> Result<()> {
    let ctx = room.ctx();
    let received_at_ms = ctx.now_ms();
    let batch = random::short_id();
    let deliveries = arrived.recipients.iter().map(|(_, account)| {
        let delivery = Delivery {
            id: (arrived.recipients.len() > 1).then(|| format!("in:{batch}")),
            role: Role::Inbox,
            sender: Some(arrived.sender.clone()),
            received_at_ms,
            flags: Flags::NONE,
            is_submitted: false,
            peer: arrived.peer.clone(),
        };
        deliver_message(&ctx, account, arrived.prepared.clone(), delivery)
    });
    let results = join_all(deliveries).await;
    let mut failed = Vec::new();
    let mut worst: Option<Error> = None;
    for ((recipient, account), result) in arrived.recipients.iter().zip(results) {
        if let Err(e) = result {
            tracing::warn!(to = account.address, error = ?e, "a delivery failed");
            failed.push(recipient.clone());
            // The one answer is for all: while somebody may get it later, the sender is to try again.
            worst = Some(worst.filter(|w| w.kind().is_transient()).unwrap_or(e));
        }
    }
    match worst {
        None => Ok(()),
        Some(e) if failed.len() == arrived.recipients.len() => Err(e),
        Some(_) => queue_rest(room, arrived, failed, &batch).await,
    }
}

/// The sender hears one answer for all, so what is left over becomes ours to deliver.
async fn queue_rest(room: &PostRoom, arrived: Arrived, failed: Vec<Recipient>, batch: &str) -> Result<()> {
    let envelope = Envelope {
        sender: arrived.sender,
        recipients: failed,
        envelope_id: None,
        return_headers_only: true,
        smtputf8: false,
    };
    let now_ms = room.store.clock().now_ms();
    room.enqueue(
        format!("in:{batch}"),
        None,
        envelope,
        arrived.prepared.staged,
        now_ms,
    )
    .await
    .map_err(|e| match e.kind() {
        // Some have it already; the sender's next try is told apart by nothing, so it may come twice to them.
        Kind::OverQuota | Kind::Busy | Kind::Unavailable => e,
        _ => Error::unavailable("the message could not be stored for everybody; try again").caused_by(e),
    })
}
