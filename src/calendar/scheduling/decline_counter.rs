//! DECLINECOUNTER: the organizer keeps to the time, although a guest has proposed another (RFC 5546 §3.2.8). The proposal
//! is taken back on both sides, and the guest reads it in a mail.

use super::answer::PROPOSED;
use super::apply::{Outcome, Work};
use super::hook::{owner_of, read_series};
use super::respond::store_in;
use super::{Outgoing, calendar_of, is_own, is_same, send_in, stamp};
use crate::base::{Error, Result, TimeMs};
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::people::address_of;
use crate::formats::ical::{Entry, Message, Method, Series};
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::Object;
use crate::model::scheduling::Refusal as Refused;
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountId, FolderId, Modseq};
use crate::objects::no_such_object;
use crate::store::Tx;
use crate::store::account::AccountDb;
use jiff::civil::DateTime;

/// Whose proposal is refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The guest's address, as it stands in the event.
    pub guest: String,
    /// What was proposed about: one occurrence, by its place in the time of the series; None: the event itself.
    pub occurrence: Option<DateTime>,
    /// A sentence to the guest.
    pub comment: Option<String>,
}

/// Takes the guest's proposal out of the organizer's event and tells them. Returns the object's new number.
/// Errors: NotFound (also when nothing is proposed); Invalid, when this account is not the organizer.
pub async fn decline_counter(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    name: &str,
    refusal: Refusal,
) -> Result<Modseq> {
    require_level(ctx, account, folder, ShareLevel::Write).await?;
    let me = owner_of(ctx, account).await?;
    let (store, name, now_ms) = (ctx.store.clone(), name.to_owned(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            let object = tx.object_by_name(folder, &name)?.ok_or_else(no_such_object)?;
            let mut series = read_series(tx, &object)?;
            let organizer = series.first().and_then(|e| e.component.organizer());
            if !organizer.is_some_and(|o| is_own(&me, &address_of(o))) {
                return Err(Error::invalid("only the organizer decides on proposals"));
            }
            let guest = refusal.guest.trim().to_lowercase();
            // What is proposed about a series is shown beside each of its occurrences.
            let places = [refusal.occurrence, None];
            let taken = places.into_iter().find_map(|place| {
                let entry = entry_at(&mut series, place)?;
                let guest = take_proposal(&mut entry.component, &guest)?;
                Some((guest, entry.component.clone()))
            });
            let (guest, refused) =
                taken.ok_or_else(|| Error::not_found(format!("»{guest}« has proposed nothing here")))?;
            let told = message(&me, &series, &refused, &guest, refusal.comment.as_deref(), now_ms);
            // As with answers: nobody has to look at the organizer's copy again.
            let modseq = store_in(tx, &store, &object, &series, now_ms)?;
            send_in(tx, &store, &me, vec![told], now_ms)?;
            Ok(modseq)
        })
        .await
}

fn entry_at(series: &mut Series, occurrence: Option<DateTime>) -> Option<&mut Entry> {
    match occurrence {
        Some(place) => series.overrides.get_mut(&place),
        None => series.master.as_mut(),
    }
}

/// Returns the guest as the event has them. None: there is no proposal of theirs.
fn take_proposal(component: &mut Component, guest: &str) -> Option<Property> {
    let attendee = component.attendee_mut(|a| is_same(a, guest))?;
    attendee.take_param(PROPOSED)?;
    Some(attendee.clone())
}

fn message(
    me: &Account,
    series: &Series,
    refused: &Component,
    guest: &Property,
    comment: Option<&str>,
    now_ms: TimeMs,
) -> Outgoing {
    const KEPT: [&str; 9] = [
        "UID",
        "RECURRENCE-ID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "SUMMARY",
        "LOCATION",
        "SEQUENCE",
        "ORGANIZER",
    ];
    let mut out = Component::new(&refused.name);
    let kept = refused
        .properties
        .iter()
        .filter(|p| KEPT.contains(&p.name.as_str()));
    out.properties.extend(kept.cloned());
    out.put(guest.clone());
    for person in &mut out.properties {
        if matches!(person.name.as_str(), "ATTENDEE" | "ORGANIZER") {
            person
                .params
                .retain(|(n, _)| matches!(n.as_str(), "CN" | "CUTYPE" | "EMAIL" | "ROLE" | "PARTSTAT"));
        }
    }
    out.set("DTSTAMP", stamp(now_ms));
    // A program that answers by it has to be told which one.
    out.set("SEQUENCE", refused.sequence().to_string());
    if let Some(comment) = comment.map(str::trim).filter(|c| !c.is_empty()) {
        out.set_text("COMMENT", comment);
    }
    Outgoing {
        method: Method::DeclineCounter,
        to: vec![address_of(guest)]
            .into_iter()
            .filter(|a| !is_own(me, a))
            .collect(),
        calendar: calendar_of(series, vec![out]),
        // No calendar shows it: who proposed is to read it.
        by_mail: true,
    }
}

/// What arrives at the guest: their proposal is off.
pub fn apply(
    work: &Work<'_>,
    tx: &mut Tx<'_, AccountDb>,
    message: Message,
    existing: Option<Object>,
) -> Result<Outcome> {
    let Some(object) = existing else {
        return Ok(Outcome::Ignored("what is proposed about is not in the calendar"));
    };
    let mut series = read_series(tx, &object)?;
    let refused = Series::placed_in(message.object, series.zone.clone());
    let known = series.first().and_then(|e| e.component.organizer()).cloned();
    let (Some(known), Some(first)) = (known, refused.first()) else {
        return Ok(Outcome::Ignored("nobody has invited to this event"));
    };
    let named = first.component.organizer().unwrap_or(&known);
    if is_own(work.me, &address_of(&known)) || !work.speaks_for(named, Some(&known)) {
        return Ok(Outcome::Refused(Refused::NotOrganizer));
    }
    let mut has_news = false;
    for entry in refused.entries() {
        let place = entry.part.recurrence_id.as_ref();
        let place = place.map(|m| m.local_in(series.zone.as_ref()));
        let Some(stood) = entry_at(&mut series, place) else {
            continue;
        };
        // What was proposed about a newer one is not meant.
        if entry.component.sequence() < stood.component.sequence() {
            continue;
        }
        let own = stood.component.attendee_mut(|a| is_own(work.me, a));
        has_news |= own.and_then(|own| own.take_param(PROPOSED)).is_some();
    }
    match has_news {
        true => work.store_news(tx, &object, &series),
        false => Ok(Outcome::Noted),
    }
}
