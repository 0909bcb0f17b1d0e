//! Invitations and answers (RFC 5546, RFC 6638), one engine for every door. When an event is stored, changed or removed,
//! [`organizer`] or [`attendee`] says what has to be told to whom, and that is written into the same commit as jobs;
//! the post room carries them. What comes in is worked into the calendar by [`apply`], once for each message; rooms and
//! equipment answer for themselves there ([`resource`]).

pub mod answer;
pub mod apply;
mod attendee;
mod compare;
pub mod decline_counter;
mod delegation;
pub mod hook;
mod inbox;
mod organizer;
pub mod refusal;
mod request;
pub mod resource;
pub mod respond;
mod stamps;
pub mod undelivered;

#[cfg(test)]
mod tests;

use crate::base::{Result, TimeMs};
use crate::formats::content_line::Component;
use crate::formats::content_line::print::print_component;
use crate::formats::ical::itip::with_method;
use crate::formats::ical::zone::plain_time;
use crate::formats::ical::zone_refs::describe_known_zones;
use crate::formats::ical::{Method, Series};
use crate::identity::Ctx;
use crate::model::scheduling::Job;
use crate::model::{Account, AccountId, EmailAddress};
use crate::store::account::AccountDb;
use crate::store::blob::Staged;
use crate::store::{Store, Tx};
use std::collections::{BTreeMap, BTreeSet};

/// A message that is to leave an account.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub method: Method,
    /// Addresses in lower case.
    pub to: Vec<String>,
    /// Without the METHOD.
    pub calendar: Component,
    /// As a real mail also to people of ours.
    pub by_mail: bool,
}

/// Whether an address is one of this account's; `+detail` does not matter.
pub fn is_own(account: &Account, address: &str) -> bool {
    account.owns_address(address) || account.owns_address(&without_detail(address))
}

fn without_detail(address: &str) -> String {
    let parsed = EmailAddress::parse(address).ok();
    parsed
        .map(|a| a.key_without_detail().unwrap_or_else(|| a.key()))
        .unwrap_or_else(|| address.to_owned())
}

/// Whether two addresses mean the same mailbox.
fn is_same(one: &str, other: &str) -> bool {
    one == other || without_detail(one) == without_detail(other)
}

/// Who acts in an account's name, where that is somebody else of us.
pub fn deputy(ctx: &Ctx, account: AccountId) -> Option<String> {
    let actor = ctx.account().ok().filter(|a| a.id != account);
    actor.map(|a| a.address.clone())
}

/// Says beside an answer who has given it in the attendee's name (RFC 5545 §3.2.18).
pub fn sign_answers(messages: &mut [Outgoing], deputy: Option<&str>) {
    let Some(deputy) = deputy else { return };
    let answers = messages
        .iter_mut()
        .filter(|m| matches!(m.method, Method::Reply | Method::Counter));
    for component in answers.flat_map(|m| &mut m.calendar.parts) {
        for attendee in component.attendees_mut() {
            attendee.set_param("SENT-BY", format!("mailto:{deputy}"));
        }
    }
}

/// Writes messages into the account's own commit; the post room carries them afterwards.
pub fn send_in(
    tx: &mut Tx<'_, AccountDb>,
    store: &Store,
    me: &Account,
    messages: Vec<Outgoing>,
    now_ms: TimeMs,
) -> Result<()> {
    let messages: Vec<Outgoing> = messages.into_iter().filter(|m| !m.to.is_empty()).collect();
    let uids: BTreeSet<String> = messages.iter().filter_map(|m| uid_of(&m.calendar)).collect();
    let stamps: BTreeMap<String, String> = uids
        .into_iter()
        .map(|uid| {
            let at = stamp(stamps::next_ms(me.id, &uid, now_ms));
            (uid, at)
        })
        .collect();
    for mut message in messages {
        if let Some(at) = uid_of(&message.calendar).and_then(|uid| stamps.get(&uid)) {
            set_stamps(&mut message.calendar, &stamp(now_ms), at);
        }
        let text = print_component(&with_method(message.calendar, message.method));
        let staged = Staged::from_bytes(store.layout(), text.as_bytes())?;
        let job = Job::Carry {
            method: message.method.name().to_owned(),
            from: me.address.clone(),
            to: message.to,
            by_mail: message.by_mail,
        };
        tx.insert_job(&staged, &job, now_ms)?;
    }
    Ok(())
}

fn uid_of(calendar: &Component) -> Option<String> {
    let mut said = calendar.parts.iter().filter_map(|part| part.property("UID"));
    said.next().map(|uid| uid.value.clone())
}

/// What is passed on keeps the organizer's own.
fn set_stamps(calendar: &mut Component, now: &str, at: &str) {
    for part in &mut calendar.parts {
        if part.property("DTSTAMP").is_some_and(|p| p.value == now) {
            part.set("DTSTAMP", at);
        }
    }
}

/// A moment as DTSTAMP has it.
fn stamp(now_ms: TimeMs) -> String {
    plain_time(now_ms.div_euclid(1000))
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string()
}

/// The object's own VCALENDAR with these components in it. It describes each zone that it names (RFC 5546 §3.2.2), also where the
/// stored object only names it: whoever gets it may not know that name.
fn calendar_of(series: &Series, components: Vec<Component>) -> Component {
    let mut out = Component::new("VCALENDAR");
    out.set("VERSION", "2.0");
    let zones = series.shell.parts.iter().filter(|c| c.name == "VTIMEZONE");
    out.parts.extend(zones.cloned());
    out.parts.extend(components);
    describe_known_zones(&mut out);
    out
}
