//! REPLY: what an attendee has said, noted in the organizer's event (RFC 5546 §3.2.3). COUNTER: the same, with a time that
//! would suit them better, which is noted beside their name for the organizer to decide on (§3.2.7).

use super::apply::{Outcome, Work};
use super::delegation::{Allowance, add_delegates, named_delegates};
use super::hook::read_series;
use super::respond::store_in;
use super::{is_own, is_same, organizer, send_in, stamp};
use crate::base::Result;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::people::{PartStat, address_of, sent_by};
use crate::formats::ical::value::parse_time;
use crate::formats::ical::zone::{Zone, plain_time};
use crate::formats::ical::{Message, Method, Series};
use crate::model::object::Object;
use crate::store::Tx;
use crate::store::account::AccountDb;
use jiff::civil::DateTime;
use std::collections::BTreeSet;

/// When the attendee's last answer was written, so that one that comes late does not count.
const ANSWERED: &str = "X-HAUSPOST-ANSWERED";
/// The time that the attendee would like better: start and end in UTC, with a slash between.
pub const PROPOSED: &str = "X-HAUSPOST-PROPOSED";

/// As [`PROPOSED`] has it; start and end in seconds since 1970.
pub fn print_proposed((start_s, end_s): (i64, i64)) -> String {
    format!("{}/{}", stamp(start_s * 1000), stamp(end_s * 1000))
}

pub fn apply(
    work: &Work<'_>,
    tx: &mut Tx<'_, AccountDb>,
    message: Message,
    existing: Option<Object>,
) -> Result<Outcome> {
    let Some(object) = existing else {
        return Ok(Outcome::Ignored("what is answered is not in the calendar"));
    };
    let mut series = read_series(tx, &object)?;
    let organizer = series
        .first()
        .and_then(|e| e.component.organizer())
        .map(address_of);
    if !organizer.is_some_and(|o| is_own(work.me, &o)) {
        return Ok(Outcome::Ignored("answers are for the organizer"));
    }
    let before = everybody(&series);
    let mut allowance = Allowance::of(&series);
    let answers = Series::placed_in(message.object, series.zone.clone());
    let is_counter = message.method == Method::Counter;
    let mut has_news = false;
    if let Some(entry) = &answers.master {
        has_news |= note_for_all(work, &mut series, &entry.component, is_counter, &mut allowance);
    }
    for (place, entry) in &answers.overrides {
        if entry.part.is_this_and_future && series.master.is_some() {
            has_news |= note_onward(work, &mut series, *place, &entry.component, &mut allowance)?;
            continue;
        }
        if !series.overrides.contains_key(place) {
            let is_there = series.has_occurrence(*place);
            let Some(one) = is_there.then(|| series.occurrence(*place)).flatten() else {
                continue;
            };
            series.put_override(*place, one)?;
        }
        if let Some(stood) = series.overrides.get_mut(place) {
            has_news |= note(
                work,
                &mut stood.component,
                &entry.component,
                is_counter,
                &mut allowance,
            )
            .is_some();
        }
    }
    if !has_news {
        return Ok(Outcome::Ignored(
            "it says nothing new, or who says it is not invited",
        ));
    }
    let added: BTreeSet<String> = everybody(&series).difference(&before).cloned().collect();
    if added.is_empty() {
        // Nobody has to look again: the Schedule-Tag stays (RFC 6638 §3.2.10).
        store_in(tx, work.store, &object, &series, work.now_ms)?;
        return Ok(Outcome::Applied);
    }
    // Whoever is sent in another's place hears of it from the organizer, too: only their word counts everywhere.
    let invited = added
        .iter()
        .filter_map(|who| organizer::again(work.me, &series, who, work.now_ms));
    let invited = invited.collect();
    let outcome = work.store_news(tx, &object, &series)?;
    send_in(tx, work.store, work.me, invited, work.now_ms)?;
    Ok(outcome)
}

fn everybody(series: &Series) -> BTreeSet<String> {
    series
        .entries()
        .flat_map(|e| e.component.attendees().map(address_of))
        .collect()
}

/// An answer to the series also answers for those occurrences about which the attendee had said the same as to the series.
fn note_for_all(
    work: &Work<'_>,
    series: &mut Series,
    answer: &Component,
    is_counter: bool,
    allowance: &mut Allowance,
) -> bool {
    let Some(master) = &mut series.master else {
        return false;
    };
    let Some((who, before)) = note(work, &mut master.component, answer, is_counter, allowance) else {
        return false;
    };
    for entry in series.overrides.values_mut() {
        let same = entry.component.attendee(|a| is_same(a, &who)).map(PartStat::of);
        if same == Some(before) {
            note(work, &mut entry.component, answer, false, allowance);
        }
    }
    true
}

/// An answer to one occurrence and all that follow (RFC 5546 §3.2.3). Those about which the attendee had said something else than to this
/// one keep that.
fn note_onward(
    work: &Work<'_>,
    series: &mut Series,
    place: DateTime,
    answer: &Component,
    allowance: &mut Allowance,
) -> Result<bool> {
    let one = match series.overrides.get(&place) {
        Some(stood) => Some(stood.component.clone()),
        None => series
            .has_occurrence(place)
            .then(|| series.occurrence(place))
            .flatten(),
    };
    let Some((who, before)) = one.and_then(|mut c| note(work, &mut c, answer, false, allowance)) else {
        return Ok(false);
    };
    let same = |c: &Component| c.attendee(|a| is_same(a, &who)).map(PartStat::of) == Some(before);
    for (at, entry) in series.overrides.range_mut(place..) {
        if *at == place || same(&entry.component) {
            note(work, &mut entry.component, answer, false, allowance);
        }
    }
    // The rest has no component of its own yet.
    if let Some(at) = series.plain_place_from(place)
        && let Some(mut component) = series.occurrence(at)
        && same(&component)
        && note(work, &mut component, answer, false, allowance).is_some()
    {
        series.put_turn(at, component)?;
        series.write_out_turns()?;
    }
    Ok(true)
}

/// Returns who answered and what they had said before.
fn note(
    work: &Work<'_>,
    component: &mut Component,
    answer: &Component,
    is_counter: bool,
    allowance: &mut Allowance,
) -> Option<(String, PartStat)> {
    let said = answer.attendees().next()?;
    let named = address_of(said);
    // Some programs answer under another name than the one that was invited.
    let is_invited = component.attendee(|a| is_same(a, &named)).is_some();
    let who = match is_invited {
        true => named,
        false => work.sender.address().to_owned(),
    };
    // An answer to what was asked before the time changed says nothing about the new time.
    if !is_from(work, said, &who) || answer.sequence() < component.sequence() {
        return None;
    }
    let stamp = answer
        .property("DTSTAMP")
        .map(|p| p.value.trim().to_ascii_uppercase());
    let proposed = is_counter.then(|| times(answer)).flatten();
    // Who only proposes has not taken back what they said before.
    let has_answered = !is_counter || PartStat::of(said) != PartStat::NeedsAction;
    if !has_answered && proposed.is_none() {
        return None;
    }
    let attendee = component.attendee_mut(|a| is_same(a, &who))?;
    if let (Some(last), Some(now)) = (attendee.param(ANSWERED), &stamp)
        && now.as_str() < last
    {
        return None;
    }
    let before = PartStat::of(attendee);
    if has_answered {
        attendee.set_param("PARTSTAT", PartStat::of(said).name());
    }
    attendee.set_param("SCHEDULE-STATUS", "2.0");
    attendee.take_param("RSVP");
    attendee.take_param(PROPOSED);
    if let Some(proposed) = proposed {
        attendee.set_param(PROPOSED, proposed);
    }
    if let Some(stamp) = stamp {
        attendee.set_param(ANSWERED, stamp);
    }
    attendee.params.retain(|(n, _)| n != "DELEGATED-TO");
    let to = named_delegates(said);
    if !to.is_empty() {
        attendee.params.push(("DELEGATED-TO".to_owned(), to));
    }
    let attendee = attendee.clone();
    add_delegates(component, &attendee, answer, allowance);
    Some((who, before))
}

/// Start and end in UTC; None where the message has no times with a zone, as for all-day events.
fn times(answer: &Component) -> Option<String> {
    let utc = |name: &str| {
        let property = answer.property(name)?;
        let written = parse_time(property.value.trim()).filter(|w| !w.is_date)?;
        let utc = match (written.is_utc, property.param("TZID").and_then(Zone::by_name)) {
            (true, _) => written.local,
            (false, zone) => plain_time(zone?.to_utc(written.local)),
        };
        Some(utc.strftime("%Y%m%dT%H%M%SZ").to_string())
    };
    Some(format!("{}/{}", utc("DTSTART")?, utc("DTEND")?))
}

/// Whose answer counts: the attendee's own, whatever name it is under, and that of somebody who writes for them from the same domain, as one's
/// other address or one's assistant does. Who knows the UID has the invitation.
fn is_from(work: &Work<'_>, said: &Property, who: &str) -> bool {
    if work.sender.is(who) {
        return true;
    }
    if work.sender.is_vouched {
        return false;
    }
    let domain = |a: &str| a.rsplit_once('@').map(|(_, d)| d.to_owned());
    let is_assistant = sent_by(said).is_some_and(|s| work.sender.is(&s));
    is_assistant || domain(who) == domain(work.sender.address())
}
