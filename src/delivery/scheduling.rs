//! The worker of the scheduling engine: carries messages about events that a commit has left behind, to people of ours
//! into their calendars, to others as a mail (RFC 6047); and reads those that came by mail.
//!
//! A job is removed when it is done. What a crash does again is told apart by its name, in the account it goes to and in
//! the queue.

use super::PostRoom;
use super::authentic::Verdict;
use super::deputies;
use super::enclosed_files::take_files;
use super::invitation::{self, Invitation};
use super::invitation_files::{Enclosed, enclose};
use super::jobs;
use crate::base::{Error, Kind, Result};
use crate::calendar::attach::stage_files;
use crate::calendar::scheduling::apply::{Incoming, Outcome, Sender, apply, changes_something};
use crate::calendar::scheduling::refusal;
use crate::formats::ical::attachment::managed_ids;
use crate::formats::ical::itip::read_messages;
use crate::formats::ical::people::address_of;
use crate::formats::ical::{Message, Method};
use crate::formats::mime::calendar_part::CalendarMail;
use crate::identity::recipient::{Resolved, resolve};
use crate::mail::Prepared;
use crate::mail::deliver::{Delivery, deliver_message};
use crate::model::job::JobRow;
use crate::model::outgoing::{Envelope, Recipient};
use crate::model::peer::Peer;
use crate::model::scheduling::{Job, Refusal};
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
struct Handed<'a> {
    sender: Sender,
    files: &'a [HeldFile],
    /// The body of the mail that they came in.
    mail: Option<BodyId>,
}

async fn apply_all(
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

struct Arrived<'a> {
    is_submitted: bool,
    peer: Option<&'a Peer>,
    raw: &'a [u8],
    body: BodyId,
}

/// A mail that arrived. It lies in the mailbox whatever becomes of this.
async fn read(room: &Arc<PostRoom>, me: &Account, source: &str, arrived: &Arrived<'_>) -> Result<()> {
    let mail = read_mail(room, me, arrived.raw).await?;
    let all: Vec<Message> = mail.messages.iter().map(|m| m.message.clone()).collect();
    deputies::copy_mail(room, me, source, (arrived.raw, &all), arrived.is_submitted).await?;
    let Some(from) = mail.author else {
        return Ok(());
    };
    // Nobody outside speaks for one of us: who is signed in has proved who they are.
    if !arrived.is_submitted
        && let Ok(address) = EmailAddress::parse(&from)
        && matches!(resolve(&room.ctx(), &address).await?, Resolved::Account(_))
    {
        let refusal = Refusal::NameOfOurs;
        tracing::info!(
            from,
            to = me.address,
            why = refusal.why(),
            "a message about an event changes nothing"
        );
        return refusal::note(&room.ctx(), me.id, arrived.body, refusal).await;
    }
    // Asked once, and only where something depends on it.
    let mut is_doubtful = None::<bool>;
    for MailMessage {
        place,
        message,
        files,
    } in mail.messages
    {
        if is_doubtful.is_none() && changes_something(&room.ctx(), me.id, &message).await? {
            is_doubtful = Some(judge(room, me, arrived, &from).await);
        }
        let sender = Sender {
            addresses: vec![from.clone()],
            is_vouched: false,
            is_about_ours: is_about_ours(room, &message, &from).await?,
            is_doubtful: is_doubtful.unwrap_or_default(),
        };
        let by = Handed {
            sender,
            files: &files,
            mail: Some(arrived.body),
        };
        let source = format!("{source}:{place}");
        apply_all(room, me, &source, vec![message], &by).await?;
    }
    Ok(())
}

/// What is in a mail about events.
struct Reading {
    /// Lower case. None: it says no author.
    author: Option<String>,
    messages: Vec<MailMessage>,
}

struct MailMessage {
    /// Which of the calendars, and which message in it.
    place: String,
    message: Message,
    /// That an invitation brings along, as far as there is room for them beside the mail.
    files: Vec<HeldFile>,
}

/// Takes a mail apart, once.
async fn read_mail(room: &Arc<PostRoom>, me: &Account, raw: &[u8]) -> Result<Reading> {
    let used = room.store.account(me.id)?.peek(|s| s.used_bytes()).await?;
    let mut left = me
        .quota_bytes
        .map_or(u64::MAX, |quota| (quota - used).max(0) as u64);
    let (room, raw, me) = (room.clone(), raw.to_vec(), me.address.clone());
    let read = move || {
        let mail = CalendarMail::parse(&raw);
        let mut messages = Vec::new();
        for (n, part) in mail.calendars().into_iter().enumerate() {
            let all = match read_messages(part.text.as_bytes(), part.method.as_deref()) {
                Ok(all) => all,
                Err(e) => {
                    tracing::info!(to = me, error = ?e, "a calendar in a mail cannot be read");
                    continue;
                }
            };
            for (i, mut message) in all.into_iter().enumerate() {
                let files = match message.method {
                    Method::Request | Method::Add => {
                        take_files(&room.store, &mail, &mut message, &room.options.host_name, left)?
                    }
                    _ => Vec::new(),
                };
                left -= files.iter().map(|f| f.staged.size_bytes()).sum::<u64>();
                let place = format!("{n}:{i}");
                messages.push(MailMessage {
                    place,
                    message,
                    files,
                });
            }
        }
        let author = mail.author();
        Ok(Reading { author, messages })
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|e| Error::internal("reading a mail about an event was broken off").caused_by(e))?
}

/// Whether it may be from anybody.
async fn judge(room: &Arc<PostRoom>, me: &Account, arrived: &Arrived<'_>, from: &str) -> bool {
    if arrived.is_submitted {
        return false;
    }
    match room.judge_author(arrived.raw, arrived.peer).await {
        Verdict::Forged(why) => {
            tracing::warn!(
                from,
                to = me.address,
                why,
                "a mail about an event is not believed"
            );
            true
        }
        Verdict::Unknown | Verdict::Proved => false,
    }
}

async fn is_about_ours(room: &Arc<PostRoom>, message: &Message, from: &str) -> Result<bool> {
    let components = &message.object.calendar.parts;
    let organizer = components.iter().find_map(|c| c.organizer()).map(address_of);
    let organizer = match (organizer, message.method) {
        (Some(organizer), _) => organizer,
        (None, Method::Request | Method::Add) => from.to_owned(),
        (None, _) => return Ok(false),
    };
    let Ok(parsed) = EmailAddress::parse(&organizer) else {
        return Ok(false);
    };
    Ok(!matches!(resolve(&room.ctx(), &parsed).await?, Resolved::Foreign))
}
