//! The worker that hands queued messages to the next server.

use super::PostRoom;
use super::bounce::{self, Report, Reported};
use super::route::{Hop, Protection};
use super::schedule::Next;
use super::smtp_client::{Client, Letter, Outcome, Trouble};
use crate::base::panic::catch;
use crate::base::{Kind, Result, TimeMs};
use crate::calendar::scheduling::undelivered::note_undelivered;
use crate::formats::mime::calendar_part::messages_in;
use crate::formats::mime::digest::digest;
use crate::formats::mime::line_endings::to_crlf;
use crate::identity::recipient::{Resolved, resolve};
use crate::mail::Prepared;
use crate::mail::deliver::{Delivery, deliver_message};
use crate::model::outbound::Outbound;
use crate::model::outgoing::{Queued, QueuedRecipient, RecipientState};
use crate::model::{AccountId, EmailAddress, Flags, OutgoingId, Role};
use crate::store::queue::Attempt;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Messages that are handed over side by side.
const AT_ONCE: usize = 8;
/// Servers that are tried for one domain in one attempt; each may let us wait.
const MOST_HOPS: usize = 6;
/// Looks at the queue at least this often: the command line may have changed it.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Runs until the program ends.
pub async fn run(room: Arc<PostRoom>) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let in_hand: Arc<Mutex<HashSet<OutgoingId>>> = Arc::default();
    loop {
        let now_ms = room.store.clock().now_ms();
        let due = room
            .store
            .queue()
            .read(move |q| q.due(now_ms, 200))
            .await
            .unwrap_or_else(|e| {
                tracing::error!(error = ?e, "the queue cannot be read");
                Vec::new()
            });
        for id in due {
            if !in_hand.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
                continue;
            }
            let Ok(turn) = turns.clone().acquire_owned().await else {
                return;
            };
            let (room, in_hand) = (room.clone(), in_hand.clone());
            tokio::spawn(async move {
                if let Err(e) = catch(process(&room, id)).await {
                    tracing::error!(message = %id, error = ?e, "a queued message could not be worked on");
                    tokio::time::sleep(Duration::from_secs(30)).await;
                }
                in_hand.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                drop(turn);
                room.queue_bell.notify_one();
            });
        }
        sleep(&room, now_ms).await;
    }
}

/// Until something new comes in or the next attempt is due.
async fn sleep(room: &PostRoom, now_ms: TimeMs) {
    let next = room.store.queue().read(|q| q.next_due()).await.ok().flatten();
    // What is due now is in hand and rings when it is done.
    let wait = match next {
        Some(at_ms) if at_ms > now_ms => Duration::from_millis((at_ms - now_ms) as u64).min(LONGEST_SLEEP),
        _ => LONGEST_SLEEP,
    };
    let _ = tokio::time::timeout(wait, room.queue_bell.notified()).await;
}

/// One attempt for all recipients of a message whose time has come.
async fn process(room: &Arc<PostRoom>, id: OutgoingId) -> Result<()> {
    let now_ms = room.store.clock().now_ms();
    let Some(queued) = room.store.queue().read(move |q| q.queued_message(id)).await? else {
        return Ok(());
    };
    let due: Vec<&QueuedRecipient> = queued
        .recipients
        .iter()
        .filter(|r| r.state == RecipientState::Waiting && r.next_attempt_at_ms <= now_ms)
        .collect();
    if due.is_empty() {
        return Ok(());
    }
    let raw = room
        .store
        .queue()
        .read(move |q| q.open_body(q.outgoing_body(id)?)?.read_all())
        .await?;
    let outbound = room.outbound().await?;
    let mut outcomes: Vec<(&QueuedRecipient, Outcome)> = Vec::new();
    for (domain, recipients) in group(&outbound, &due) {
        let said = attempt(room, &queued, &outbound, &domain, &recipients, &raw).await;
        outcomes.extend(recipients.into_iter().zip(said));
    }
    settle(room, &queued, outcomes, raw).await
}

/// Recipients that may share a connection: all for a smarthost, by domain otherwise.
fn group<'a>(outbound: &Outbound, due: &[&'a QueuedRecipient]) -> BTreeMap<String, Vec<&'a QueuedRecipient>> {
    let mut groups: BTreeMap<String, Vec<&QueuedRecipient>> = BTreeMap::new();
    for r in due {
        let domain = match (outbound, EmailAddress::parse(&r.recipient.address)) {
            (Outbound::Direct, Ok(a)) => a.domain().to_owned(),
            _ => String::new(),
        };
        groups.entry(domain).or_default().push(r);
    }
    groups
}

/// One outcome for each recipient, in their order.
async fn attempt(
    room: &PostRoom,
    queued: &Queued,
    outbound: &Outbound,
    domain: &str,
    recipients: &[&QueuedRecipient],
    raw: &[u8],
) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = Vec::new();
    for r in recipients {
        outcomes.push(deliver_here(room, queued, r, raw).await);
    }
    let away: Vec<usize> = (0..recipients.len()).filter(|i| outcomes[*i].is_none()).collect();
    if !away.is_empty() {
        let addresses: Vec<String> = away
            .iter()
            .map(|i| recipients[*i].recipient.address.clone())
            .collect();
        let said = send_away(room, queued, outbound, domain, &addresses, raw).await;
        for (i, outcome) in away.into_iter().zip(said) {
            outcomes[i] = Some(outcome);
        }
    }
    outcomes
        .into_iter()
        .map(|o| o.unwrap_or_else(|| Outcome::Later("not tried".into())))
        .collect()
}

/// Recipients of ours that had to wait. None: the recipient is somewhere else.
async fn deliver_here(room: &PostRoom, queued: &Queued, r: &QueuedRecipient, raw: &[u8]) -> Option<Outcome> {
    let address = EmailAddress::parse(&r.recipient.address).ok()?;
    let account = match resolve(&room.ctx(), &address).await {
        Ok(Resolved::Foreign) => return None,
        Ok(Resolved::Account(a)) => a,
        Ok(Resolved::Unknown) => {
            return Some(Outcome::Refused(
                "550 5.1.1 there is nobody of that name here".into(),
            ));
        }
        Err(e) => return Some(Outcome::Later(e.message().to_owned())),
    };
    let delivery = Delivery {
        id: Some(format!("queue:{}:{}:{}", queued.id, queued.created_at_ms, r.row)),
        role: Role::Inbox,
        sender: Some(queued.sender.clone()),
        received_at_ms: room.store.clock().now_ms(),
        flags: Flags::NONE,
        is_submitted: queued.account_id.is_some(),
        peer: None,
    };
    let delivered = match Prepared::from_bytes(&room.store, raw) {
        Ok(prepared) => deliver_message(&room.ctx(), &account, prepared, delivery)
            .await
            .map(drop),
        Err(e) => Err(e),
    };
    Some(match delivered {
        Ok(()) => Outcome::Taken("250 2.0.0 delivered here".into()),
        Err(e) if e.kind().is_transient() => Outcome::Later(format!("452 4.2.2 {}", e.message())),
        Err(e) => Outcome::Refused(format!("552 5.2.2 {}", e.message())),
    })
}

async fn send_away(
    room: &PostRoom,
    queued: &Queued,
    outbound: &Outbound,
    domain: &str,
    addresses: &[String],
    raw: &[u8],
) -> Vec<Outcome> {
    let all = |outcome: Outcome| vec![outcome; addresses.len()];
    let hops: Vec<Hop> = match room.hops(outbound, domain).await {
        Ok(hops) if hops.is_empty() => {
            return all(Outcome::Later(
                "waits until it is set up how mail leaves the office".into(),
            ));
        }
        Ok(hops) => hops,
        Err(e) if e.kind() == Kind::NotFound && matches!(outbound, Outbound::Direct) => {
            return all(Outcome::Refused(format!("550 5.1.2 {}", e.message())));
        }
        Err(e) => return all(Outcome::Later(e.message().to_owned())),
    };
    // BDAT and Graph take messages with bare line feeds; behind one, a less careful server sees a second message.
    let raw = &*to_crlf(raw);
    let signed = match room.dkim_header(&signer(queued, raw), raw).await {
        Ok(Some(header)) => [header.as_bytes(), raw].concat(),
        Ok(None) => raw.to_vec(),
        Err(e) => return all(Outcome::Later(e.message().to_owned())),
    };
    let client = room.smtp_client();
    let letter = Letter {
        sender: &queued.sender,
        recipients: addresses,
        raw: &signed,
    };
    let mut last = String::new();
    for hop in hops.into_iter().take(MOST_HOPS) {
        if let Some(why) = room.silent.why(hop.address) {
            last = why;
            continue;
        }
        let since = Instant::now();
        match hand_over(&client, &hop, &letter).await {
            Ok(outcomes) => {
                let is_later = |o: &&Outcome| matches!(o, Outcome::Later(_));
                if let Some(Outcome::Later(why)) = outcomes.iter().find(is_later)
                    && since.elapsed() >= room.options.patience.answer
                {
                    room.silent.note(hop.address, since, why);
                }
                return outcomes;
            }
            Err(trouble) => {
                tracing::warn!(message = %queued.id, trouble = trouble.text(), "a server could not be reached");
                room.silent.note(hop.address, since, trouble.text());
                last = trouble.text().to_owned();
            }
        }
    }
    all(Outcome::Later(last))
}

/// Who vouches for a message: whose it is. What rules send on was written by others, and nobody here vouches for that.
fn signer(queued: &Queued, raw: &[u8]) -> String {
    if queued.account_id.is_none() || !queued.sender.is_empty() {
        return queued
            .account_id
            .map(|_| queued.sender.clone())
            .unwrap_or_default();
    }
    // An automatic reply has no return path.
    let from = digest(raw).from.into_iter().next();
    from.map(|f| f.address).unwrap_or_default()
}

async fn hand_over(client: &Client<'_>, hop: &Hop, letter: &Letter<'_>) -> Result<Vec<Outcome>, Trouble> {
    let sent = client.send(hop, letter).await;
    let (Err(Trouble::Tls(_)), Protection::Opportunistic) = (&sent, hop.protection) else {
        return sent;
    };
    // What TLS there is, is better than none; broken TLS is no reason to send nothing (RFC 7435 §4).
    let plain = Hop {
        protection: Protection::Plain,
        ..hop.clone()
    };
    client.send(&plain, letter).await
}

/// A message about an event that did not arrive is noted with the event. The sender has the report in any case.
async fn tell_events(room: &Arc<PostRoom>, account: AccountId, failed: &[String], raw: &[u8]) {
    for message in messages_in(raw) {
        let uid = message.object.uid;
        if let Err(e) = note_undelivered(&room.ctx(), account, uid, failed.to_vec()).await {
            tracing::warn!(%account, error = ?e, "it cannot be noted that a message about an event did not arrive");
        }
    }
}

/// Notes what came out, and tells the sender what is worth telling.
async fn settle(
    room: &Arc<PostRoom>,
    queued: &Queued,
    outcomes: Vec<(&QueuedRecipient, Outcome)>,
    raw: Vec<u8>,
) -> Result<()> {
    let now_ms = room.store.clock().now_ms();
    let (mut attempts, mut reports) = (Vec::new(), Vec::new());
    for (r, outcome) in outcomes {
        let mut attempt = Attempt {
            row: r.row,
            state: RecipientState::Waiting,
            next_attempt_at_ms: now_ms,
            reply: String::new(),
            is_delay_told: r.is_delay_told,
        };
        let mut report = |what, reply: &str| reports.push(Report::new(what, &r.recipient, reply));
        match outcome {
            Outcome::Taken(reply) => {
                attempt.state = RecipientState::Sent;
                report(Reported::Relayed, &reply);
                attempt.reply = reply;
            }
            Outcome::Refused(reply) => {
                attempt.state = RecipientState::Failed;
                report(Reported::Failed, &reply);
                attempt.reply = reply;
            }
            Outcome::Later(reply) => {
                let schedule = &room.options.schedule;
                match schedule.after_failure(queued.created_at_ms, now_ms, r.attempts + 1, r.is_delay_told) {
                    Next::GiveUp => {
                        attempt.state = RecipientState::Failed;
                        report(Reported::Failed, &reply);
                    }
                    Next::Again { at_ms, tell_delay } => {
                        attempt.next_attempt_at_ms = at_ms;
                        attempt.is_delay_told |= tell_delay;
                        if tell_delay {
                            report(Reported::Delayed, &reply);
                        }
                    }
                }
                attempt.reply = reply;
            }
        }
        attempts.push(attempt);
    }
    let failed = reports.iter().filter(|r| r.what == Reported::Failed);
    let failed: Vec<String> = failed.map(|r| r.recipient.address.to_lowercase()).collect();
    // The report first: told twice after a power cut is better than never.
    let reported = bounce::report(room, queued, reports, &raw).await;
    if let (Some(account), false) = (queued.account_id, failed.is_empty()) {
        tell_events(room, account, &failed, &raw).await;
    }
    if reported.is_err() {
        // Who could not be told of is tried and told again; who has the message must not get it again.
        attempts.retain(|a| a.state == RecipientState::Sent);
    }
    let id = queued.id;
    room.store
        .queue()
        .write(move |q| q.note_attempts(id, &attempts))
        .await?;
    reported
}
