//! The worker that takes accepted messages over from the accounts: to people of ours at once, to others by the queue.

use super::PostRoom;
use super::bounce;
use super::held;
use super::reactions;
use super::scheduling;
use crate::base::Result;
use crate::base::panic::catch;
use crate::identity::recipient::{Resolved, resolve};
use crate::mail::Prepared;
use crate::mail::deliver::{Delivery, deliver_message};
use crate::model::outgoing::{Envelope, Recipient};
use crate::model::{Account, AccountId, EmailAddress, Flags, Role};
use crate::store::outbox::OutboxRow;
use futures_util::future::{join_all, join3};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Messages of one account that are taken over side by side.
const BATCH: usize = 64;

/// Runs until the program ends.
pub async fn run(room: Arc<PostRoom>) {
    let rung = room.store.rung_outboxes();
    let busy = Busy::default();
    drain_all(&room, &busy);
    loop {
        rung.wait().await;
        for account in rung.take() {
            start(&room, &busy, account);
        }
    }
}

/// Accounts that are being drained; true: look again afterwards.
type Busy = Arc<Mutex<HashSet<(AccountId, bool)>>>;

fn drain_all(room: &Arc<PostRoom>, busy: &Busy) {
    match room.store.layout().account_ids() {
        Ok(ids) => ids.into_iter().for_each(|id| start(room, busy, id)),
        Err(e) => tracing::error!(error = ?e, "the accounts cannot be listed"),
    }
}

fn start(room: &Arc<PostRoom>, busy: &Busy, account: AccountId) {
    {
        let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.contains(&(account, false)) {
            busy.insert((account, true));
            return;
        }
        busy.insert((account, false));
    }
    let (room, busy) = (room.clone(), busy.clone());
    tokio::spawn(async move {
        loop {
            // None waits for another: what is wrong with a mail does not keep an invitation back.
            let (mail, events, reactions) = join3(
                catch(drain_mail(&room, account)),
                catch(scheduling::drain(&room, account)),
                catch(reactions::drain(&room, account)),
            )
            .await;
            if let Err(e) = mail.and(events).and(reactions) {
                tracing::error!(%account, error = ?e, "the outbox cannot be emptied; trying again in a minute");
                tokio::time::sleep(Duration::from_secs(60)).await;
                continue;
            }
            let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
            if !busy.remove(&(account, true)) {
                busy.remove(&(account, false));
                return;
            }
        }
    });
}

async fn drain_mail(room: &Arc<PostRoom>, account: AccountId) -> Result<()> {
    if let Some(next_ms) = held::release_due(room, account).await? {
        held::wake_at(room, account, next_ms);
    }
    drain(room, account).await
}

async fn drain(room: &Arc<PostRoom>, account: AccountId) -> Result<()> {
    // An account that was removed meanwhile has no outbox any more.
    let Ok(file) = room.store.account(account) else {
        return Ok(());
    };
    loop {
        let rows = file.read(|s| s.outbox(BATCH)).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let results = join_all(rows.iter().map(|row| take_over(room, account, row))).await;
        let mut done = Vec::new();
        let mut first_error = None;
        for (row, result) in rows.into_iter().zip(results) {
            match result {
                Ok(()) => done.push(row),
                Err(e) => first_error = Some(first_error.unwrap_or(e)),
            }
        }
        file.write(move |tx| done.iter().try_for_each(|row| tx.remove_outbox(row)))
            .await?;
        if let Some(e) = first_error {
            return Err(e);
        }
    }
}

/// Whatever of this was done before is not done again.
async fn take_over(room: &Arc<PostRoom>, account: AccountId, row: &OutboxRow) -> Result<()> {
    // With the time: after a backup was put back, numbers come again that others have noted.
    let source = format!("out:{account}:{}:{}", row.id, row.created_at_ms);
    let prepared = match room.take_handed_over(account, row.id) {
        Some(prepared) => prepared,
        None => read_prepared(room, account, row).await?,
    };
    let (mut ours, mut others, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for recipient in &row.envelope.recipients {
        let address = EmailAddress::parse(&recipient.address)?;
        match resolve(&room.ctx(), &address).await? {
            Resolved::Account(a) => ours.push((recipient.clone(), *a)),
            Resolved::Unknown => unknown.push(recipient.clone()),
            Resolved::Foreign => others.push(recipient.clone()),
        }
    }
    deliver_to_ours(room, &source, &ours, &prepared, row).await?;
    if !others.is_empty() {
        let envelope = Envelope {
            recipients: others,
            ..row.envelope.clone()
        };
        let body = prepared.staged.clone();
        room.enqueue(source.clone(), Some(account), envelope, body, row.created_at_ms)
            .await?;
    }
    if !unknown.is_empty() {
        bounce::report_unknown(room, &source, &row.envelope, &unknown, &prepared).await?;
    }
    Ok(())
}

async fn read_prepared(room: &Arc<PostRoom>, account: AccountId, row: &OutboxRow) -> Result<Prepared> {
    let (body, store) = (row.body_id, room.store.clone());
    room.store
        .account(account)?
        .read(move |s| Prepared::from_bytes(&store, &s.read_body(body)?))
        .await
}

async fn deliver_to_ours(
    room: &Arc<PostRoom>,
    source: &str,
    ours: &[(Recipient, Account)],
    prepared: &Prepared,
    row: &OutboxRow,
) -> Result<()> {
    let ctx = room.ctx();
    let deliveries = ours.iter().map(|(_, to)| {
        let delivery = Delivery {
            id: Some(source.to_owned()),
            role: Role::Inbox,
            sender: Some(row.envelope.sender.clone()),
            received_at_ms: room.store.clock().now_ms(),
            flags: Flags::NONE,
            is_submitted: true,
            peer: None,
        };
        deliver_message(&ctx, to, prepared.clone(), delivery)
    });
    let results = join_all(deliveries).await;
    for ((recipient, to), result) in ours.iter().zip(results) {
        match result {
            Ok(_) => {}
            // Full now may be empty tomorrow: the queue keeps trying and reports in the end.
            Err(e) if e.kind().is_transient() => {
                tracing::warn!(to = to.address, error = ?e, "a delivery has to wait");
                let envelope = Envelope {
                    recipients: vec![recipient.clone()],
                    ..row.envelope.clone()
                };
                let (source, body) = (format!("{source}:{}", to.id), prepared.staged.clone());
                room.enqueue(source, Some(to.id), envelope, body, row.created_at_ms)
                    .await?;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
