//! MAIL and RCPT: who writes to whom, checked as it comes.

use super::Purpose;
use crate::base::Kind;
use crate::delivery::submit::{MAX_RECIPIENTS, check_sender};
use crate::identity::Ctx;
use crate::identity::recipient::{Resolved, resolve};
use crate::mail::intake::check_room;
use crate::model::outgoing::{Notify, Recipient};
use crate::model::{Account, EmailAddress};
use crate::protocols::House;
use smtp_proto::{
    MAIL_BODY_BINARYMIME, MAIL_REQUIRETLS, MAIL_RET_HDRS, MAIL_SMTPUTF8, MailFrom, RCPT_NOTIFY_DELAY,
    RCPT_NOTIFY_FAILURE, RCPT_NOTIFY_NEVER, RCPT_NOTIFY_SUCCESS, RcptTo,
};
use std::borrow::Cow;

/// From other servers, RFC 5321 §4.5.3.1.8 asks for 100 at least.
const MAX_RELAY_RECIPIENTS: usize = 200;

/// The envelope so far.
pub struct Envelope {
    pub sender: String,
    pub recipients: Vec<(Recipient, Option<Account>)>,
    pub size_bytes: u64,
    pub envelope_id: Option<String>,
    pub return_headers_only: bool,
    pub smtputf8: bool,
}

/// Err: the reply that refuses it.
pub fn begin(house: &House, ctx: Option<&Ctx>, from: &MailFrom<Cow<'_, str>>) -> Result<Envelope, String> {
    let smtputf8 = from.flags & MAIL_SMTPUTF8 != 0;
    if from.flags & MAIL_BODY_BINARYMIME != 0 {
        return Err("555 5.5.4 BINARYMIME is not offered".into());
    }
    if from.flags & MAIL_REQUIRETLS != 0 {
        return Err("555 5.5.4 REQUIRETLS is not offered".into());
    }
    if !from.address.is_ascii() && !smtputf8 {
        return Err("553 5.6.7 an address with such letters needs SMTPUTF8".into());
    }
    if !from.address.is_empty()
        && let Err(e) = EmailAddress::parse(&from.address)
    {
        return Err(format!("553 5.1.7 {}", e.message()));
    }
    if from.size as u64 > house.options.max_message_bytes {
        let mb = house.options.max_message_bytes >> 20;
        return Err(format!(
            "552 5.3.4 the message is larger than the {mb} MB that this server takes"
        ));
    }
    if let Some(ctx) = ctx
        && !from.address.is_empty()
        && let Err(e) = check_sender(ctx, &from.address)
    {
        return Err(format!("550 5.7.1 {}", e.message()));
    }
    if let Err(e) = check_room(&house.doorkeeper.system(), from.size as u64 * 2) {
        return Err(super::error::reply(&e));
    }
    Ok(Envelope {
        sender: from.address.to_string(),
        recipients: Vec::new(),
        size_bytes: from.size as u64,
        envelope_id: from.env_id.as_deref().map(str::to_owned),
        return_headers_only: from.flags & MAIL_RET_HDRS != 0,
        smtputf8,
    })
}

/// Err: the reply that refuses this recipient.
pub async fn add_recipient(
    house: &House,
    purpose: Purpose,
    envelope: &mut Envelope,
    to: &RcptTo<Cow<'_, str>>,
) -> Result<(), String> {
    let most = if purpose == Purpose::Submission {
        MAX_RECIPIENTS
    } else {
        MAX_RELAY_RECIPIENTS
    };
    if envelope.recipients.len() >= most {
        return Err(format!("452 4.5.3 at most {most} recipients for one message"));
    }
    if !to.address.is_ascii() && !envelope.smtputf8 {
        return Err("553 5.6.7 an address with such letters needs SMTPUTF8".into());
    }
    // RFC 5321 §4.5.1: postmaster without a domain must be understood.
    let text = if to.address.eq_ignore_ascii_case("postmaster") {
        format!("postmaster@{}", house.options.host_name)
    } else {
        to.address.to_string()
    };
    let address = EmailAddress::parse(&text).map_err(|e| format!("553 5.1.3 {}", e.message()))?;
    let ctx = house.doorkeeper.system();
    let account = match resolve(&ctx, &address)
        .await
        .map_err(|e| super::error::reply(&e))?
    {
        Resolved::Account(a) => {
            if purpose == Purpose::Relay
                && let Err(e) = crate::mail::append::check_quota_of(&ctx, &a, envelope.size_bytes).await
                && e.kind() == Kind::OverQuota
            {
                return Err(format!("452 4.2.2 the mailbox of {address} is full"));
            }
            Some(*a)
        }
        Resolved::Unknown => return Err(format!("550 5.1.1 there is nobody called {address} here")),
        Resolved::Foreign if purpose == Purpose::Relay => {
            return Err(format!(
                "550 5.7.1 {} is not a domain of this server",
                address.domain()
            ));
        }
        Resolved::Foreign => None,
    };
    let recipient = Recipient {
        address: address.to_string(),
        notify: notify(to.flags),
        original: to.orcpt.as_deref().map(|o| format!("rfc822;{o}")),
    };
    // A recipient named twice gets it once.
    let is_new = !envelope.recipients.iter().any(|(r, a)| match (a, &account) {
        (Some(a), Some(b)) => a.id == b.id,
        _ => r.address.eq_ignore_ascii_case(&recipient.address),
    });
    if is_new {
        envelope.recipients.push((recipient, account));
    }
    Ok(())
}

fn notify(flags: u64) -> Notify {
    let all = RCPT_NOTIFY_SUCCESS | RCPT_NOTIFY_FAILURE | RCPT_NOTIFY_DELAY | RCPT_NOTIFY_NEVER;
    if flags & all == 0 {
        return Notify::default();
    }
    Notify {
        success: flags & RCPT_NOTIFY_SUCCESS != 0,
        failure: flags & RCPT_NOTIFY_FAILURE != 0,
        delay: flags & RCPT_NOTIFY_DELAY != 0,
    }
}
