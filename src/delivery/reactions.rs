//! Sends what has to be sent because a message arrived: what rules forward and redirect, and automatic replies (RFC 3834).
//!
//! Everything leaves by the queue, under a name of its own, so that a crash sends nothing twice. Whoever gets it is told
//! that a machine has sent it, and what comes back around is recognised by X-Loop.

use super::PostRoom;
use super::jobs;
use crate::base::{Result, TimeMs};
use crate::formats::html::to_text::html_to_text;
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::{Outgoing, OutgoingAttachment, compose};
use crate::formats::mime::digest::{Digest, digest};
use crate::formats::mime::forward::{Resent, put_under_header, redirect};
use crate::mail::Prepared;
use crate::mail::settings::mailbox_settings;
use crate::model::job::JobRow;
use crate::model::outgoing::{Envelope, Notify, Recipient};
use crate::model::rule::{Forwarding, Person, Reaction};
use crate::model::{Account, AccountId};
use std::sync::Arc;

/// A text behind this length is not turned into plain text.
const MAX_TEXT: usize = 1_000_000;

/// Does all of an account. Errors: what may be better in a minute.
pub async fn drain(room: &Arc<PostRoom>, account: AccountId) -> Result<()> {
    jobs::drain(room, account, |row: JobRow<Reaction>| {
        let room = room.clone();
        async move { perform(&room, account, &row).await }
    })
    .await
}

/// What all that is sent for one job has in common.
struct Work<'a> {
    me: &'a Account,
    /// With the time: after a backup was put back, numbers come again that others have noted.
    source: String,
    message_id: String,
    now_ms: TimeMs,
}

async fn perform(room: &Arc<PostRoom>, account: AccountId, row: &JobRow<Reaction>) -> Result<()> {
    let Some((me, raw)) = jobs::open(room, account, row).await? else {
        return Ok(());
    };
    let source = format!("rule:{account}:{}:{}", row.id, row.created_at_ms);
    let name = blake3::hash(source.as_bytes()).to_hex();
    let work = Work {
        me: &me,
        message_id: format!("{}@{}", &name[..32], room.options.host_name),
        source,
        now_ms: row.created_at_ms,
    };
    match &row.job {
        Reaction::Forward { how, to, is_report } => {
            let mail = forwarded(&work, *how, to, &raw);
            let sender = if *is_report { "" } else { &me.address };
            let to: Vec<&str> = to.iter().map(|p| p.address.as_str()).collect();
            let writer = (*how == Forwarding::Attached).then_some(account);
            post(room, &work, (writer, sender), &to, mail).await
        }
        Reaction::Reply { to, is_internal } => {
            let settings = mailbox_settings(&room.ctx(), account).await?;
            let replies = settings.automatic_replies;
            let Some(replies) = replies.filter(|r| r.is_active(work.now_ms)) else {
                return Ok(());
            };
            let html = if *is_internal {
                replies.internal
            } else {
                replies.external
            };
            if html.trim().is_empty() {
                return Ok(());
            }
            let mail = reply(&work, to, &html, &digest(&raw));
            post(room, &work, (Some(account), ""), &[to], mail).await
        }
    }
}

/// `writer`: who has written all that it says; None: it carries the words of others at its own surface, so nobody here is
/// to vouch for it, neither by a signature nor for what it says of events. `sender`: RFC 5321 §4.5.5: replies and what
/// reports become have none, so nothing comes back for them.
async fn post(
    room: &Arc<PostRoom>,
    work: &Work<'_>,
    (writer, sender): (Option<AccountId>, &str),
    to: &[&str],
    mail: Vec<u8>,
) -> Result<()> {
    let notify = Notify {
        success: false,
        failure: !sender.is_empty(),
        delay: false,
    };
    let recipients = to.iter().map(|address| Recipient {
        notify,
        ..Recipient::new(*address)
    });
    let envelope = Envelope {
        sender: sender.to_owned(),
        recipients: recipients.collect(),
        envelope_id: None,
        return_headers_only: true,
        smtputf8: !(sender.is_ascii() && to.iter().all(|t| t.is_ascii())),
    };
    let store = room.store.clone();
    let prepared =
        crate::mail::intake::prepare(mail.len() as u64, move || Prepared::from_bytes(&store, &mail)).await?;
    room.enqueue(
        work.source.clone(),
        writer,
        envelope,
        prepared.staged,
        work.now_ms,
    )
    .await
}

fn mailbox(person: &Person) -> Mailbox {
    Mailbox {
        name: person.name.clone(),
        address: person.address.clone(),
    }
}

fn own_mailbox(me: &Account) -> Mailbox {
    Mailbox {
        name: Some(me.display_name.clone()).filter(|n| !n.is_empty()),
        address: me.address.clone(),
    }
}

fn forwarded(work: &Work<'_>, how: Forwarding, to: &[Person], raw: &[u8]) -> Vec<u8> {
    let (me, to) = (own_mailbox(work.me), to.iter().map(mailbox).collect::<Vec<_>>());
    if how == Forwarding::Redirected {
        let resent = Resent {
            from: &me,
            to: &to,
            message_id: &work.message_id,
            date_ms: work.now_ms,
        };
        return redirect(raw, &resent);
    }
    let original = digest(raw);
    let author = original.from.first().or(original.sender.first());
    let author_name = author.map(|a| a.name.clone().unwrap_or_else(|| a.address.clone()));
    let own_name = me.name.clone().unwrap_or_else(|| me.address.clone());
    let mut out = Outgoing {
        // The author cannot be the sender: we do not speak for their domain.
        from: vec![Mailbox {
            name: Some(author_name.map_or(own_name.clone(), |a| format!("{a} via {own_name}"))),
            address: me.address.clone(),
        }],
        reply_to: match &original.reply_to[..] {
            [] => author.cloned().into_iter().collect(),
            given => given.to_vec(),
        },
        to,
        subject: prefixed(work.me, &original.subject),
        message_id: work.message_id.clone(),
        references: original.message_id.iter().cloned().collect(),
        date_ms: work.now_ms,
        importance: original.importance,
        extra: vec![
            ("X-Loop".into(), me.address.clone()),
            ("Auto-Submitted".into(), "auto-generated".into()),
            ("Autoforwarded".into(), "TRUE".into()),
            ("X-Auto-Response-Suppress".into(), "All".into()),
        ],
        ..Outgoing::default()
    };
    // Who has sent it on before stays visible.
    out.extra.extend(
        crate::formats::mime::signs::signs(raw)
            .loops
            .into_iter()
            .map(|l| ("X-Loop".to_owned(), l)),
    );
    if how == Forwarding::Inline {
        return put_under_header(raw, &out);
    }
    out.text = Some(String::new());
    out.attachments = vec![OutgoingAttachment {
        name: format!("{}.eml", original.subject),
        content_type: "message/rfc822".into(),
        content: raw.to_vec(),
        content_id: None,
    }];
    compose(&out)
}

fn prefixed(me: &Account, subject: &str) -> String {
    let prefix = if me.language == "de" { "WG: " } else { "FW: " };
    let lower = subject.to_lowercase();
    let has_one = ["fw:", "fwd:", "wg:"].iter().any(|p| lower.starts_with(p));
    if has_one {
        subject.to_owned()
    } else {
        format!("{prefix}{subject}")
    }
}

/// RFC 3834 §3.1: who it is from, what it answers, and that a machine has written it.
fn reply(work: &Work<'_>, to: &str, html: &str, original: &Digest) -> Vec<u8> {
    let prefix = match work.me.language.as_str() {
        "de" => "Automatische Antwort",
        _ => "Automatic reply",
    };
    let mut references = original.references.clone();
    references.extend(original.message_id.clone());
    compose(&Outgoing {
        from: vec![own_mailbox(work.me)],
        to: vec![Mailbox {
            name: None,
            address: to.to_owned(),
        }],
        subject: format!("{prefix}: {}", original.subject),
        text: Some(html_to_text(html, MAX_TEXT)),
        html: Some(html.to_owned()),
        message_id: work.message_id.clone(),
        in_reply_to: original.message_id.clone(),
        references,
        date_ms: work.now_ms,
        extra: vec![
            ("Auto-Submitted".into(), "auto-replied".into()),
            ("X-Auto-Response-Suppress".into(), "All".into()),
        ],
        ..Outgoing::default()
    })
}
