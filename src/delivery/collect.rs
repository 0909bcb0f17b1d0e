//! Collecting mail from providers' mailboxes: one worker for each source.
//!
//! A message is in our store, under a delivery id that names the provider's own id, before it is deleted
//! there; if the power fails in between, the second collection of it changes nothing.

pub mod imap;
pub mod pop3;
pub mod split;

use super::PostRoom;
use super::probe::Finding;
use crate::base::text::hex;
use crate::base::{Error, Result, TimeMs};
use crate::mail::Prepared;
use crate::mail::deliver::{Delivery, deliver_message};
use crate::mail::intake::prepare;
use crate::model::collect::{CollectProtocol, CollectSource};
use crate::model::{AccountId, Flags, Role};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// After a failure; doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// POP3 cannot tell of new mail, so it is asked.
const POP3_PAUSE: Duration = Duration::from_secs(120);

/// Runs until the program ends; starts a worker for each source and replaces those whose settings changed.
pub async fn run(room: Arc<PostRoom>) {
    let mut workers: HashMap<i64, (CollectSource, JoinHandle<()>)> = HashMap::new();
    loop {
        match room.store.directory().read(|d| d.collect_sources()).await {
            Ok(sources) => adjust(&room, &mut workers, sources),
            Err(e) => tracing::error!(error = ?e, "the collection accounts cannot be read"),
        }
        // The command line may have changed them.
        let _ = tokio::time::timeout(Duration::from_secs(60), room.collect_bell.notified()).await;
    }
}

fn adjust(
    room: &Arc<PostRoom>,
    workers: &mut HashMap<i64, (CollectSource, JoinHandle<()>)>,
    sources: Vec<CollectSource>,
) {
    workers.retain(|id, (known, worker)| {
        let same = sources.iter().any(|s| {
            s.id == *id && s.is_enabled && s.server == known.server && s.account_id == known.account_id
        });
        if !same {
            worker.abort();
        }
        same
    });
    for source in sources.into_iter().filter(|s| s.is_enabled) {
        workers.entry(source.id).or_insert_with(|| {
            let worker = tokio::spawn(work(room.clone(), source.clone()));
            (source, worker)
        });
    }
}

async fn work(room: Arc<PostRoom>, source: CollectSource) {
    let mut pause = FIRST_PAUSE;
    loop {
        let run = match source.server.protocol {
            CollectProtocol::Imap => imap::run(&room, &source).await,
            CollectProtocol::Pop3 => pop3::run(&room, &source).await,
        };
        match run {
            Ok(()) => {
                pause = FIRST_PAUSE;
                note_run(&room, source.id, None).await;
                if source.server.protocol == CollectProtocol::Pop3 {
                    tokio::time::sleep(POP3_PAUSE).await;
                }
            }
            Err(finding) => {
                let text = finding.detail().to_owned();
                tracing::warn!(
                    host = source.server.host,
                    user = source.server.user,
                    error = text,
                    "collecting failed"
                );
                note_run(&room, source.id, Some(text)).await;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn note_run(room: &PostRoom, source: i64, error: Option<String>) {
    let now_ms = room.store.clock().now_ms();
    let noted = room
        .store
        .directory()
        .write(move |d| d.note_collect_run(source, now_ms, error.as_deref()))
        .await;
    if let Err(e) = noted {
        tracing::error!(error = ?e, "a collection cannot be noted");
    }
}

/// A message from a provider's mailbox.
pub struct Collected {
    /// The provider's own id of it.
    pub unique_id: String,
    pub raw: Vec<u8>,
    pub flags: Flags,
    /// When it arrived there, if it says so.
    pub received_at_ms: Option<TimeMs>,
}

/// Stores a message for everybody it is for. When this returns Ok it is on the disk, and a second time changes nothing.
pub async fn keep(room: &Arc<PostRoom>, source: &CollectSource, message: Collected) -> Result<()> {
    let recipients = if source.server.split {
        split::recipients(room, &message.raw, source.account_id).await?
    } else {
        vec![source.account_id]
    };
    room.store.check_room(message.raw.len() as u64 * 2)?;
    let store = room.store.clone();
    let raw = message.raw;
    let prepared = prepare(raw.len() as u64, move || Prepared::from_bytes(&store, &raw)).await?;
    // With the bytes: numbers of sources and of providers come again (a source that was removed and another one
    // added, a mailbox made anew), and what is taken for known is deleted there.
    let hash = hex(&prepared.staged.hash()[..16]);
    let delivery = Delivery {
        id: Some(format!("collect:{}:{}:{hash}", source.id, message.unique_id)),
        role: Role::Inbox,
        received_at_ms: message
            .received_at_ms
            .unwrap_or_else(|| room.store.clock().now_ms()),
        flags: message.flags,
    };
    for account in recipients {
        deliver(room, account, &prepared, &delivery).await?;
    }
    Ok(())
}

async fn deliver(
    room: &Arc<PostRoom>,
    account: AccountId,
    prepared: &Prepared,
    delivery: &Delivery,
) -> Result<()> {
    let account = room
        .store
        .directory()
        .read(move |d| d.account(account))
        .await?
        .ok_or_else(|| Error::not_found("the account that this mail is collected for is gone"))?;
    let made = deliver_message(&room.ctx(), &account, prepared.clone(), delivery.clone()).await?;
    if made.is_none() {
        tracing::info!(
            account = account.address,
            id = delivery.id,
            "a message was collected before"
        );
    }
    Ok(())
}

/// What is wrong with our own store ends a run like what is wrong with the provider.
pub(in crate::delivery) fn own_trouble(e: Error) -> Finding {
    tracing::error!(error = ?e, "a collected message cannot be kept");
    Finding::Protocol(e.message().to_owned())
}
