//! Collecting mail from providers' mailboxes: one worker for each source.
//!
//! A message is in our store, under a delivery id that names the provider's own id, before it is deleted
//! there; if the power fails in between, the second collection of it changes nothing.

pub mod imap;
pub mod notice;
pub mod pop3;
pub mod split;
pub mod waiting;

use super::PostRoom;
use super::probe::Finding;
use crate::base::text::hex;
use crate::base::{Error, Kind, Result, TimeMs};
use crate::mail::Prepared;
use crate::mail::deliver::{Delivered, Delivery, deliver_message};
use crate::mail::intake::prepare;
use crate::model::collect::{CollectProtocol, CollectSource, WaitReason};
use crate::model::{AccountId, Flags, Role};
use notice::TooLarge;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use waiting::{Waiting, has_room};

/// After a failure; doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// POP3 cannot tell of new mail, so it is asked.
const POP3_PAUSE: Duration = Duration::from_secs(120);

/// Runs until the program ends; starts a worker for each source and replaces those whose settings changed.
pub async fn run(room: Arc<PostRoom>) {
    let mut workers = HashMap::new();
    loop {
        match room.store.directory().read(|d| d.collect_sources()).await {
            Ok(sources) => adjust(&room, &mut workers, sources),
            Err(e) => tracing::error!(error = ?e, "the collection accounts cannot be read"),
        }
        // The command line may have changed them.
        let _ = tokio::time::timeout(Duration::from_secs(60), room.collect_bell.notified()).await;
    }
}

/// The task that collects from a source; dropping it ends it.
struct Worker {
    source: CollectSource,
    /// Rings when it is worth collecting at once.
    poke: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Worker {
    fn start(room: &Arc<PostRoom>, source: CollectSource) -> Worker {
        let poke = Arc::new(Notify::new());
        let task = tokio::spawn(work(room.clone(), source.clone(), poke.clone()));
        Worker { source, poke, task }
    }

    /// False: it works on something else than what is set now, or has broken down.
    fn is_for(&self, source: &CollectSource) -> bool {
        let known = &self.source;
        !self.task.is_finished()
            && source.is_enabled
            && source.server == known.server
            && source.account_id == known.account_id
    }
}

fn adjust(room: &Arc<PostRoom>, workers: &mut HashMap<i64, Worker>, sources: Vec<CollectSource>) {
    workers.retain(|id, worker| sources.iter().any(|s| s.id == *id && worker.is_for(s)));
    for source in sources.into_iter().filter(|s| s.is_enabled) {
        match workers.get_mut(&source.id) {
            Some(worker) => {
                // What rang may also have made room in a mailbox that something waits for.
                if worker.source.run_requested_at_ms != source.run_requested_at_ms || source.has_waiting {
                    worker.source.run_requested_at_ms = source.run_requested_at_ms;
                    worker.poke.notify_one();
                }
            }
            None => {
                workers.insert(source.id, Worker::start(room, source));
            }
        }
    }
}

async fn work(room: Arc<PostRoom>, source: CollectSource, poke: Arc<Notify>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let run = match source.server.protocol {
            CollectProtocol::Imap => imap::run(&room, &source, &poke).await,
            CollectProtocol::Pop3 => pop3::run(&room, &source).await,
        };
        match run {
            Ok(()) => {
                pause = FIRST_PAUSE;
                note_run(&room, source.id, None).await;
                if source.server.protocol == CollectProtocol::Pop3 {
                    let _ = tokio::time::timeout(POP3_PAUSE, wait_for_cause(&room, &source, &poke)).await;
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
                let _ = tokio::time::timeout(pause, poke.notified()).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Until it is worth asking again before the time.
async fn wait_for_cause(room: &PostRoom, source: &CollectSource, poke: &Notify) {
    match Waiting::load(room, source.id).await {
        Ok(waiting) => waiting.woken(room, poke).await,
        Err(_) => poke.notified().await,
    }
}

/// Collects once, for who waits for the result.
pub async fn run_once(room: &Arc<PostRoom>, source: &CollectSource) -> Result<(), Finding> {
    let run = match source.server.protocol {
        CollectProtocol::Imap => imap::run_once(room, source).await,
        CollectProtocol::Pop3 => pop3::run(room, source).await,
    };
    let error = run.as_ref().err().map(|f| f.detail().to_owned());
    note_run(room, source.id, error).await;
    run
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

/// Stores a message for everybody it is for, and notes who has to wait for it because the mailbox is full. True: nobody
/// waits, it is on the disk for all. A second time changes nothing.
pub(in crate::delivery) async fn keep(
    room: &Arc<PostRoom>,
    source: &CollectSource,
    waiting: &Waiting,
    message: Collected,
) -> Result<bool, Finding> {
    let (id, size) = (message.unique_id.clone(), message.raw.len() as u64);
    let full = store(room, source, waiting, message).await.map_err(own_trouble)?;
    waiting.set(room, &id, (&full, WaitReason::Full), size).await?;
    Ok(full.is_empty())
}

/// Returns those whose mailboxes are full.
async fn store(
    room: &Arc<PostRoom>,
    source: &CollectSource,
    waiting: &Waiting,
    message: Collected,
) -> Result<Vec<AccountId>> {
    let mut recipients = waiting.accounts(&message.unique_id);
    if recipients.is_empty() && source.server.split {
        recipients = split::recipients(room, &message.raw, source.account_id).await?;
    } else if recipients.is_empty() {
        recipients.push(source.account_id);
    }
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
        sender: None,
        received_at_ms: message
            .received_at_ms
            .unwrap_or_else(|| room.store.clock().now_ms()),
        flags: message.flags,
        is_submitted: false,
        peer: None,
    };
    let mut full = Vec::new();
    for account in recipients {
        match deliver(room, account, &prepared, &delivery).await {
            // A full disk is another matter: it ends the run.
            Err(e)
                if e.kind() == Kind::OverQuota && !has_room(room, account, prepared.size_bytes()).await? =>
            {
                tracing::warn!(%account, id = delivery.id, "a mailbox is full; a message waits at the provider");
                full.push(account);
            }
            other => other?,
        }
    }
    Ok(full)
}

/// Leaves a message where it is because it is too large, and tells the owner once.
pub(in crate::delivery) async fn leave(
    room: &PostRoom,
    source: &CollectSource,
    waiting: &Waiting,
    what: TooLarge<'_>,
) -> Result<(), Finding> {
    let (id, size) = (what.unique_id, what.size_bytes);
    if !waiting.is_known_too_large(id) {
        tracing::warn!(
            user = source.server.user,
            size,
            "a message is too large and stays at the provider"
        );
        notice::tell_too_large(room, source, what)
            .await
            .map_err(own_trouble)?;
    }
    let owner = [source.account_id];
    waiting.set(room, id, (&owner, WaitReason::TooLarge), size).await
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
    if matches!(made, Delivered::Before) {
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
