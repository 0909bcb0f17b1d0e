//! Mail about events that arrived: taken apart once, and worked into the calendar as far as its sender may say so.

use super::PostRoom;
use super::authentic::Verdict;
use super::deputies;
use super::enclosed_files::EnclosedFiles;
use super::scheduling::{Handed, apply_all};
use crate::base::{Error, Result};
use crate::calendar::scheduling::apply::{Sender, changes_something};
use crate::calendar::scheduling::refusal;
use crate::formats::ical::itip::read_messages;
use crate::formats::ical::people::address_of;
use crate::formats::ical::{Message, Method};
use crate::formats::mime::calendar_part::CalendarMail;
use crate::identity::recipient::{Resolved, resolve};
use crate::model::peer::Peer;
use crate::model::scheduling::Refusal;
use crate::model::{Account, BodyId, EmailAddress};
use crate::store::attachment::HeldFile;
use std::sync::Arc;

/// A mail that lies in a mailbox.
pub struct Arrived<'a> {
    /// By one of us, so that From is true.
    pub is_submitted: bool,
    pub peer: Option<&'a Peer>,
    pub raw: &'a [u8],
    pub body: BodyId,
}

/// A mail that arrived. It lies in the mailbox whatever becomes of this.
pub async fn read(room: &Arc<PostRoom>, me: &Account, source: &str, arrived: &Arrived<'_>) -> Result<()> {
    let mail = read_mail(room, me, arrived.raw).await?;
    let all: Vec<&Message> = mail.messages.iter().map(|m| &m.message).collect();
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
        let mut enclosed = EnclosedFiles::new(&room.store, &mail);
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
                        enclosed.take(&mut message, &room.options.host_name, left)?
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
