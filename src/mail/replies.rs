//! Automatic replies of an owner who is away (RFC 3834): what they say, and who gets one.

use super::rules::facts::{Facts, is_mine, names};
use super::settings::{MAILBOX, MailboxSettings};
use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::identity::recipient::{Resolved, resolve};
use crate::model::rule::Reaction;
use crate::model::{Account, AccountId, EmailAddress};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    #[default]
    Disabled,
    AlwaysEnabled,
    Scheduled,
}

/// Who outside of the office gets a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Audience {
    #[default]
    None,
    ContactsOnly,
    All,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutomaticReplies {
    pub status: Status,
    pub audience: Audience,
    /// HTML.
    pub internal: String,
    /// HTML.
    pub external: String,
    pub start_ms: Option<TimeMs>,
    pub end_ms: Option<TimeMs>,
}

impl AutomaticReplies {
    pub fn is_active(&self, now_ms: TimeMs) -> bool {
        match self.status {
            Status::Disabled => false,
            Status::AlwaysEnabled => true,
            Status::Scheduled => {
                self.start_ms.is_none_or(|s| s <= now_ms) && self.end_ms.is_none_or(|e| now_ms < e)
            }
        }
    }
}

/// One reply is enough for so long (RFC 3834 §2), as in RFC 5230 §4.1.
pub const AGAIN_AFTER_MS: TimeMs = 7 * 24 * 3600 * 1000;

/// What goes out just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replies {
    None,
    To(Audience),
}

pub fn replies_in(s: &Snapshot<'_, AccountDb>, now_ms: TimeMs) -> Result<Replies> {
    let Some(stored) = s.account_setting(MAILBOX)? else {
        return Ok(Replies::None);
    };
    let settings: MailboxSettings = serde_json::from_slice(&stored)
        .map_err(|e| Error::internal("the settings of a mailbox cannot be read").caused_by(e))?;
    let replies = settings.automatic_replies.filter(|r| r.is_active(now_ms));
    Ok(replies.map_or(Replies::None, |r| Replies::To(r.audience)))
}

/// What a colleague who writes to this mailbox would be answered just now, in HTML. None: nothing.
pub async fn internal_reply(ctx: &Ctx, account: AccountId) -> Result<Option<AutomaticReplies>> {
    let settings = super::settings::mailbox_settings(&ctx.as_system(), account).await?;
    let now_ms = ctx.now_ms();
    let replies = settings.automatic_replies.filter(|r| r.is_active(now_ms));
    Ok(replies.filter(|r| !r.internal.trim().is_empty()))
}

/// Who is to get a reply to this message. `sender`: of the envelope, if it is known.
pub async fn reply_to(
    ctx: &Ctx,
    me: &Account,
    facts: &Facts,
    replies: Replies,
    sender: Option<&str>,
) -> Result<Option<Reaction>> {
    let Replies::To(audience) = replies else {
        return Ok(None);
    };
    let Some(to) = answerable(me, facts, sender) else {
        return Ok(None);
    };
    let is_internal = match resolve(ctx, &to).await? {
        Resolved::Account(_) => true,
        Resolved::Unknown => return Ok(None),
        Resolved::Foreign => false,
    };
    let key = to.key();
    let is_meant = is_internal
        || match audience {
            Audience::None => false,
            Audience::All => true,
            Audience::ContactsOnly => {
                let key = key.clone();
                ctx.store
                    .account(me.id)?
                    .read(move |s| s.is_in_contacts(&key))
                    .await?
            }
        };
    Ok(is_meant.then_some(Reaction::Reply { to: key, is_internal }))
}

/// The address that an automatic answer may go to (RFC 3834 §2): a person's, who has written to this mailbox itself.
fn answerable(me: &Account, facts: &Facts, sender: Option<&str>) -> Option<EmailAddress> {
    let signs = &facts.signs;
    let is_for_nobody = signs.is_automatic || signs.is_list || signs.wants_no_reply;
    if is_for_nobody || signs.is_non_delivery_report || signs.is_read_receipt {
        return None;
    }
    if !names(&facts.to, me) && !names(&facts.cc, me) {
        return None;
    }
    // What was collected from a provider may have no return path any more.
    let author = || facts.from.first().map(|m| m.address.as_str());
    let to = sender.or(signs.return_path.as_deref()).or_else(author)?;
    let to = EmailAddress::parse(to).ok()?;
    if is_mine(&to.to_string(), me) || is_machine(to.local()) {
        return None;
    }
    Some(to)
}

/// Addresses that nobody reads, and that lists send from (RFC 3834 §2, RFC 5230 §4.6).
fn is_machine(local: &str) -> bool {
    let local = local.to_ascii_lowercase();
    let bare: String = local.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    const NOBODY: [&str; 8] = [
        "noreply",
        "donotreply",
        "mailerdaemon",
        "listserv",
        "majordomo",
        "postmaster",
        "bounce",
        "bounces",
    ];
    NOBODY.contains(&bare.as_str())
        || bare.starts_with("noreply")
        || local.starts_with("owner-")
        || local.starts_with("bounce-")
        || local.starts_with("bounces+")
        || local.ends_with("-request")
        || local.ends_with("-owner")
        || local.ends_with("-bounces")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_get_no_answer() {
        for local in [
            "no-reply",
            "NoReply",
            "noreply.shop",
            "MAILER-DAEMON",
            "owner-x",
            "x-request",
            "bounces+1=a",
        ] {
            assert!(is_machine(local), "{local}");
        }
        for local in ["ben", "nora.eply", "requests", "owner"] {
            assert!(!is_machine(local), "{local}");
        }
    }

    #[test]
    fn a_schedule_has_a_beginning_and_an_end() {
        let replies = AutomaticReplies {
            status: Status::Scheduled,
            start_ms: Some(10),
            end_ms: Some(20),
            ..AutomaticReplies::default()
        };
        assert_eq!(
            [9, 10, 19, 20].map(|t| replies.is_active(t)),
            [false, true, true, false]
        );
    }
}
