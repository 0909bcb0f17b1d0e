//! The worker of the scheduling engine: carries messages about events that a commit has left behind, to people of ours
//! into their calendars, to others as a mail (RFC 6047); those that came by mail are read in [`super::arrived`].
//!
//! A job is removed when it is done. What a crash does again is told apart by its name, in the account it goes to and in
//! the queue.

use super::PostRoom;
use super::arrived::{Arrived, read};
use super::deputies;
use super::invitation::{self, Invitation};
use super::invitation_files::{Enclosed, enclose};
use super::jobs;
use crate::base::{Error, Kind, Result};
use crate::calendar::attach::stage_files;
use crate::calendar::scheduling::apply::{Incoming, Outcome, Sender, apply};
use crate::formats::ical::attachment::managed_ids;
use crate::formats::ical::itip::read_messages;
use crate::formats::ical::{Message, Method};
use crate::identity::recipient::{Resolved, resolve};
use crate::mail::Prepared;
use crate::mail::deliver::{Delivery, deliver_message};
use crate::model::job::JobRow;
use crate::model::outgoing::{Envelope, Recipient};
use crate::model::scheduling::Job;
use crate::model::{Account, AccountId, BodyId, EmailAddress, Flags, Role};
use crate::store::attachment::HeldFile;
use futures_util::stream::{self, StreamExt};
use std::sync::Arc;

/// People that a message is carried to side by side; each is a file that is open.
const AT_ONCE: usize = 32;

/// Does all jobs of an account. Errors: what may be better in a minute.
pub async fn drain(room: &Arc<PostRoom>, account: AccountId) -> Result<()> {
    jobs::drain(room, account, |row: JobRow<Job>| {
        let room = room.clone();
        async move { perform(&room, account, &row).await }
    })
    .await
}

async fn perform(room: &Arc<PostRoom>, account: AccountId, row: &JobRow<Job>) -> Result<()> {
    let Some((me, raw)) = jobs::open(room, account, row).await? else {
        return Ok(());
    };
    // With the time: after a backup was put back, numbers come again that others have noted.
    let source = format!("itip:{account}:{}:{}", row.id, row.created_at_ms);
    match &row.job {
        Job::Carry { to, by_mail, .. } => carry(room, &me, &source, to, *by_mail, &raw).await,
        Job::Read { is_submitted, peer } => {
            let arrived = Arrived {
                is_submitted: *is_submitted,
                peer: peer.as_ref(),
                raw: &raw,
                body: row.body_id,
            };
            read(room, &me, &source, &arrived).await
        }
    }
}

async fn carry(
    room: &Arc<PostRoom>,
    me: &Account,
    source: &str,
    to: &[String],
    by_mail: bool,
    raw: &[u8],
) -> Result<()> {
    let messages = read_messages(raw, None)?;
    let sender = Sender {
        addresses: addresses_of(me),
        is_vouched: true,
        is_about_ours: true,
        is_doubtful: false,
    };
    let files = files_of(room, me, &messages).await?;
    let mailed = mailed_files(room, me, &messages, raw, &files, to, by_mail).await?;
    let each = to.iter().map(|address| {
        let (messages, sender, files, mailed) = (&messages, &sender, &files, &mailed);
        async move {
            let Ok(parsed) = EmailAddress::parse(address) else {
                return Ok(());
            };
            let ours = match resolve(&room.ctx(), &parsed).await? {
                Resolved::Unknown => return Ok(()),
                Resolved::Foreign => None,
                Resolved::Account(account) => Some(account),
            };
            match ours {
                Some(account) if !by_mail => {
                    let all = messages.clone();
                    let by = Handed {
                        sender: sender.clone(),
                        files,
                        mail: None,
                    };
                    apply_all(room, &account, source, all, &by).await?;
                    deputies::copy_message(room, (me, &account), source, messages, raw).await
                }
                ours => {
                    let invitation = Invitation {
                        me,
                        to: address,
                        source,
                        host: &room.options.host_name,
                        now_ms: room.store.clock().now_ms(),
                    };
                    let Some((from, mail)) = invitation::compose_mail(&invitation, messages, mailed) else {
                        return Ok(());
                    };
                    post(room, source, me, from, address, ours.as_deref(), &mail).await
                }
            }
        }
    });
    let all: Vec<Result<()>> = stream::iter(each.collect::<Vec<_>>())
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    all.into_iter().collect()
}

/// What an invitation names of the files that its organizer has.
async fn files_of(room: &Arc<PostRoom>, me: &Account, messages: &[Message]) -> Result<Vec<HeldFile>> {
    let invited = messages.iter().filter(|m| m.method == Method::Request);
    let mut named: Vec<String> = invited.flat_map(|m| managed_ids(&m.object.calendar)).collect();
    named.sort_unstable();
    named.dedup();
    stage_files(&room.ctx(), me.id, named).await
}

/// The calendar as others get it, with the files as parts of the mail; read only when somebody gets a mail.
async fn mailed_files(
    room: &Arc<PostRoom>,
    me: &Account,
    messages: &[Message],
    raw: &[u8],
    files: &[HeldFile],
    to: &[String],
    by_mail: bool,
) -> Result<Enclosed> {
    let has_named = messages
        .iter()
        .any(|m| !managed_ids(&m.object.calendar).is_empty());
    if !has_named {
        return Ok(Enclosed::bare(raw));
    }
    let mut is_mailed = by_mail;
    for address in to.iter().filter_map(|a| EmailAddress::parse(a).ok()) {
        is_mailed |= matches!(resolve(&room.ctx(), &address).await?, Resolved::Foreign);
    }
    let (raw, host) = (raw.to_vec(), room.options.host_name.clone());
    let files = if is_mailed { files.to_vec() } else { Vec::new() };
    let is_german = me.language == "de";
    tokio::task::spawn_blocking(move || enclose(&raw, &files, &host, is_german))
        .await
        .map_err(|e| Error::internal("reading files of an invitation was broken off").caused_by(e))?
}

fn addresses_of(account: &Account) -> Vec<String> {
    std::iter::once(&account.address)
        .chain(&account.aliases)
        .cloned()
        .collect()
}

/// How messages come to an account.
pub(super) struct Handed<'a> {
    pub sender: Sender,
    pub files: &'a [HeldFile],
    /// The body of the mail that they came in.
    pub mail: Option<BodyId>,
}

pub(super) async fn apply_all(
    room: &Arc<PostRoom>,
    to: &Account,
    source: &str,
    messages: Vec<Message>,
    by: &Handed<'_>,
) -> Result<()> {
    for (n, message) in messages.into_iter().enumerate() {
        let (method, uid) = (message.method.name(), message.object.uid.clone());
        let incoming = Incoming {
            delivery_id: format!("{source}:{n}"),
            message,
            sender: by.sender.clone(),
            files: by.files.to_vec(),
            mail: by.mail,
        };
        let why = match apply(&room.ctx(), to.id, incoming).await {
            Ok(Outcome::Ignored(why)) => why,
            Ok(Outcome::Refused(refusal)) => refusal.why(),
            Ok(_) => continue,
            Err(e) if e.kind() == Kind::Invalid => {
                tracing::warn!(to = to.address, method, uid, error = ?e, "a message about an event cannot be read");
                continue;
            }
            Err(e) => return Err(e),
        };
        tracing::info!(
            to = to.address,
            method,
            uid,
            why,
            "a message about an event changes nothing"
        );
    }
    Ok(())
}

/// As every mail of ours leaves: by the queue, where it is signed; people of ours get it at once.
async fn post(
    room: &Arc<PostRoom>,
    source: &str,
    me: &Account,
    from: String,
    to: &str,
    ours: Option<&Account>,
    mail: &[u8],
) -> Result<()> {
    let prepared = Prepared::from_bytes(&room.store, mail)?;
    let now_ms = room.store.clock().now_ms();
    if let Some(account) = ours {
        let delivery = Delivery {
            id: Some(format!("{source}:mail")),
            role: Role::Inbox,
            sender: Some(from.clone()),
            received_at_ms: now_ms,
            flags: Flags::NONE,
            is_submitted: true,
            peer: None,
        };
        return deliver_message(&room.ctx(), account, prepared, delivery)
            .await
            .map(drop);
    }
    let envelope = Envelope {
        smtputf8: !(to.is_ascii() && from.is_ascii()),
        sender: from,
        recipients: vec![Recipient::new(to)],
        envelope_id: None,
        return_headers_only: true,
    };
    let source = format!("{source}:{to}");
    room.enqueue(source, Some(me.id), envelope, prepared.staged, now_ms)
        .await
}
