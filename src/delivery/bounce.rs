//! Telling senders what became of their messages (RFC 3461, RFC 3464).

use super::PostRoom;
use crate::base::{Kind, Result, random};
use crate::formats::mime::dsn::{Action, Dsn, DsnRecipient, Language};
use crate::identity::recipient::{Resolved, resolve};
use crate::mail::Prepared;
use crate::mail::deliver::{Delivery, deliver_message};
use crate::model::outgoing::{Envelope, Queued, Recipient};
use crate::model::{Account, EmailAddress, Flags, Role};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    Failed,
    Delayed,
    /// The next server has it, and may not report further.
    Relayed,
}

/// What is to be told about one recipient.
#[derive(Clone, Debug)]
pub struct Report {
    pub what: Reported,
    pub recipient: Recipient,
    /// What the other side said.
    pub reply: String,
}

impl Report {
    pub fn new(what: Reported, recipient: &Recipient, reply: &str) -> Self {
        Report {
            what,
            recipient: recipient.clone(),
            reply: reply.to_owned(),
        }
    }

    /// Whether the sender wants to hear of it (RFC 3461 §5.2).
    fn is_wanted(&self) -> bool {
        let notify = self.recipient.notify;
        match self.what {
            Reported::Failed => notify.failure,
            Reported::Delayed => notify.delay,
            Reported::Relayed => notify.success,
        }
    }

    fn for_dsn(&self) -> DsnRecipient {
        let default = match self.what {
            Reported::Failed => "5.0.0",
            Reported::Delayed => "4.0.0",
            Reported::Relayed => "2.0.0",
        };
        DsnRecipient {
            address: self.recipient.address.clone(),
            original: self.recipient.original.clone(),
            status: enhanced_status(&self.reply, default),
            diagnostic: (!self.reply.is_empty()).then(|| self.reply.clone()),
            remote_mta: None,
        }
    }
}

/// The `5.1.1` of a reply, if its class fits the one of `default`.
fn enhanced_status(reply: &str, default: &str) -> String {
    reply
        .split_ascii_whitespace()
        .take(3)
        .find(|w| {
            let numbers: Vec<&str> = w.split('.').collect();
            numbers.len() == 3
                && numbers
                    .iter()
                    .all(|n| !n.is_empty() && n.len() <= 3 && n.bytes().all(|b| b.is_ascii_digit()))
                && w.as_bytes().first() == default.as_bytes().first()
        })
        .unwrap_or(default)
        .to_owned()
}

/// What a report is about.
struct About<'a> {
    /// Makes, with the recipients, the report's own source: it is sent at most once.
    source: String,
    sender: &'a str,
    envelope_id: Option<&'a str>,
    returns_full: bool,
    arrived_at_ms: i64,
    raw: &'a [u8],
}

/// Reports on attempts for a queued message.
pub async fn report(room: &Arc<PostRoom>, queued: &Queued, reports: Vec<Report>, raw: &[u8]) -> Result<()> {
    for (what, action) in [
        (Reported::Failed, Action::Failed),
        (Reported::Delayed, Action::Delayed),
        (Reported::Relayed, Action::Relayed),
    ] {
        let some: Vec<Report> = reports
            .iter()
            .filter(|r| r.what == what && r.is_wanted())
            .cloned()
            .collect();
        if some.is_empty() {
            continue;
        }
        let about = About {
            source: format!("dsn:{}:{}:{action:?}", queued.id, queued.created_at_ms),
            sender: &queued.sender,
            envelope_id: queued.envelope_id.as_deref(),
            returns_full: !queued.return_headers_only,
            arrived_at_ms: queued.created_at_ms,
            raw,
        };
        tell(room, &about, action, &some).await?;
    }
    Ok(())
}

/// Reports recipients of an outbox message that nobody of us is.
pub async fn report_unknown(
    room: &Arc<PostRoom>,
    source: &str,
    envelope: &Envelope,
    unknown: &[Recipient],
    prepared: &Prepared,
) -> Result<()> {
    let reports: Vec<Report> = unknown
        .iter()
        .map(|r| Report::new(Reported::Failed, r, "550 5.1.1 there is nobody of that name here"))
        .filter(Report::is_wanted)
        .collect();
    if reports.is_empty() {
        return Ok(());
    }
    let raw = prepared.staged.read_all()?;
    let about = About {
        source: format!("dsn:{source}"),
        sender: &envelope.sender,
        envelope_id: envelope.envelope_id.as_deref(),
        returns_full: !envelope.return_headers_only,
        arrived_at_ms: room.store.clock().now_ms(),
        raw: &raw,
    };
    tell(room, &about, Action::Failed, &reports).await
}

/// A report on a report would never end: those have no sender (RFC 5321 §4.5.5).
async fn tell(room: &Arc<PostRoom>, about: &About<'_>, action: Action, reports: &[Report]) -> Result<()> {
    if about.sender.is_empty() {
        tracing::warn!(
            source = about.source,
            "a report could not be delivered and is dropped"
        );
        return Ok(());
    }
    let Ok(sender) = EmailAddress::parse(about.sender) else {
        return Ok(());
    };
    let local = match resolve(&room.ctx(), &sender).await? {
        Resolved::Account(a) => Some(*a),
        Resolved::Foreign => None,
        Resolved::Unknown => return Ok(()),
    };
    let raw = build(room, about, action, reports, local.as_ref());
    let prepared = Prepared::from_bytes(&room.store, &raw)?;
    let source = report_source(about, reports);
    let Some(account) = local else {
        return enqueue(room, about, source, prepared).await;
    };
    let delivery = Delivery {
        id: Some(source.clone()),
        role: Role::Inbox,
        sender: Some(String::new()),
        received_at_ms: room.store.clock().now_ms(),
        flags: Flags::NONE,
        is_submitted: false,
        peer: None,
    };
    match deliver_message(&room.ctx(), &account, prepared.clone(), delivery).await {
        // A full mailbox must not hold up the message that the report is about.
        Err(e) if e.kind() == Kind::OverQuota => enqueue(room, about, source, prepared).await,
        other => other.map(drop),
    }
}

/// The same report again is told apart; one that names other recipients is another one.
fn report_source(about: &About<'_>, reports: &[Report]) -> String {
    let mut hasher = blake3::Hasher::new();
    for report in reports {
        hasher.update(report.recipient.address.as_bytes());
        hasher.update(b"\n");
    }
    format!("{}:{}", about.source, &hasher.finalize().to_hex()[..16])
}

fn build(
    room: &PostRoom,
    about: &About<'_>,
    action: Action,
    reports: &[Report],
    to: Option<&Account>,
) -> Vec<u8> {
    let now_ms = room.store.clock().now_ms();
    let host = &room.options.host_name;
    let recipients: Vec<DsnRecipient> = reports.iter().map(Report::for_dsn).collect();
    let give_up = room.options.schedule.give_up_after.as_millis() as i64;
    Dsn {
        language: if to.is_some_and(|a| a.language == "de") {
            Language::German
        } else {
            Language::English
        },
        action,
        reporting_mta: host,
        from: &format!("postmaster@{host}"),
        to: about.sender,
        message_id: &format!("{}@{host}", random::uuid()),
        now_ms,
        arrived_at_ms: Some(about.arrived_at_ms),
        retry_until_ms: (action == Action::Delayed).then_some(about.arrived_at_ms + give_up),
        envelope_id: about.envelope_id,
        recipients: &recipients,
        original: about.raw,
        returns_full: about.returns_full && action == Action::Failed,
    }
    .build()
}

async fn enqueue(room: &Arc<PostRoom>, about: &About<'_>, source: String, prepared: Prepared) -> Result<()> {
    let envelope = Envelope {
        sender: String::new(),
        recipients: vec![Recipient::new(about.sender)],
        envelope_id: None,
        return_headers_only: true,
        smtputf8: !about.sender.is_ascii(),
    };
    let now_ms = room.store.clock().now_ms();
    room.enqueue(source, None, envelope, prepared.staged, now_ms)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_on_others_is_another_report() {
        let about = About {
            source: "dsn:1".into(),
            sender: "",
            envelope_id: None,
            returns_full: false,
            arrived_at_ms: 0,
            raw: b"",
        };
        let on = |a: &str| Report::new(Reported::Failed, &Recipient::new(a), "");
        let (one, two) = (on("a@b.test"), on("c@b.test"));
        let first = report_source(&about, std::slice::from_ref(&one));
        assert_eq!(first, report_source(&about, std::slice::from_ref(&one)));
        assert_ne!(first, report_source(&about, &[one, two]));
    }

    #[test]
    fn the_status_is_taken_from_the_reply() {
        assert_eq!(enhanced_status("550 5.1.1 no such user", "5.0.0"), "5.1.1");
        assert_eq!(enhanced_status("550 no such user", "5.0.0"), "5.0.0");
        assert_eq!(enhanced_status("250 2.1.5 fine", "5.0.0"), "5.0.0");
        assert_eq!(enhanced_status("see 10.0.0.1", "4.0.0"), "4.0.0");
    }
}
