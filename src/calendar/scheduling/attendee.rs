//! What an attendee's change has to tell the organizer: the answer, for the series or for single occurrences.

use super::delegation::{Allowance, add_delegates, delegates};
use super::{Outgoing, calendar_of, is_own, organizer, stamp};
use crate::base::TimeMs;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::people::{PartStat, address_of, is_scheduled_by_server};
use crate::formats::ical::{Method, Series};
use crate::model::{Account, AccountKind};

/// What this account has said about a component; None: it is not asked.
pub fn answer_of(me: &Account, component: &Component) -> Option<PartStat> {
    component.attendee(|a| is_own(me, a)).map(PartStat::of)
}

/// The answer as a message. `comment`: a sentence to the organizer.
pub fn reply(
    me: &Account,
    series: &Series,
    component: &Component,
    answer: PartStat,
    comment: Option<&str>,
    now_ms: TimeMs,
) -> Option<Outgoing> {
    const KEPT: [&str; 9] = [
        "UID",
        "RECURRENCE-ID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "DUE",
        "SUMMARY",
        "LOCATION",
        "SEQUENCE",
    ];
    const OWN: [&str; 6] = ["CN", "CUTYPE", "EMAIL", "ROLE", "DELEGATED-TO", "DELEGATED-FROM"];
    let organizer = component.organizer()?;
    let mut out = Component::new(&component.name);
    let kept = component
        .properties
        .iter()
        .filter(|p| KEPT.contains(&p.name.as_str()));
    out.properties.extend(kept.cloned());
    out.set("DTSTAMP", stamp(now_ms));
    out.put(Property {
        params: organizer
            .params
            .iter()
            .filter(|(n, _)| matches!(n.as_str(), "CN" | "EMAIL"))
            .cloned()
            .collect(),
        ..organizer.clone()
    });
    let own = component.attendee(|a| is_own(me, a))?;
    let mut attendee = Property {
        params: own
            .params
            .iter()
            .filter(|(n, _)| OWN.contains(&n.as_str()))
            .cloned()
            .collect(),
        ..own.clone()
    };
    attendee.set_param("PARTSTAT", answer.name());
    out.put(attendee.clone());
    add_delegates(&mut out, &attendee, component, &mut Allowance::of(series));
    if let Some(comment) = comment.filter(|c| !c.trim().is_empty()) {
        out.set_text("COMMENT", comment.trim());
    }
    out.set("REQUEST-STATUS", "2.0;Success");
    Some(Outgoing {
        method: Method::Reply,
        to: vec![address_of(organizer)],
        calendar: calendar_of(series, vec![out]),
        // A program shows the answer; the reason is to be read by a person.
        by_mail: me.kind != AccountKind::Person && comment.is_some(),
    })
}

/// The same answer with another time in it, for the organizer to decide on.
pub fn counter(mut reply: Outgoing, (start_s, end_s): (i64, i64)) -> Outgoing {
    reply.method = Method::Counter;
    let parts = reply.calendar.parts.iter_mut();
    for component in parts.filter(|c| c.name != "VTIMEZONE") {
        component.remove("DURATION");
        component.remove("REQUEST-STATUS");
        component.put(Property::new("DTSTART", stamp(start_s * 1000)));
        component.put(Property::new("DTEND", stamp(end_s * 1000)));
    }
    reply
}

/// Answers that a stored change means. `new` loses the wish to send whatever changed.
pub fn plan(
    me: &Account,
    old: Option<&Series>,
    mut new: Option<&mut Series>,
    now_ms: TimeMs,
) -> Vec<Outgoing> {
    let is_forced = new.as_deref_mut().is_some_and(take_forced);
    let Some(new) = new else {
        return old.map(|o| leave(me, o, now_ms)).unwrap_or_default();
    };
    let mut out = Vec::new();
    let master_now = new.master.as_ref().and_then(|m| answer_of(me, &m.component));
    let master_before = old
        .and_then(|o| o.master.as_ref())
        .and_then(|m| answer_of(me, &m.component));
    if let (Some(master), Some(now)) = (&new.master, master_now)
        && speaks_for_us(&master.component)
        && (is_forced || now != master_before.unwrap_or(PartStat::NeedsAction))
    {
        out.extend(reply(me, new, &master.component, now, None, now_ms));
        out.extend(passed_on(me, new, &master.component, now_ms));
    }
    let has_told_all = !out.is_empty();
    for (place, entry) in &new.overrides {
        let Some(now) = answer_of(me, &entry.component).filter(|_| speaks_for_us(&entry.component)) else {
            continue;
        };
        let stood = old.and_then(|o| o.overrides.get(place));
        let before = stood.and_then(|e| answer_of(me, &e.component));
        let before = before.or(master_before).unwrap_or(PartStat::NeedsAction);
        let is_said = has_told_all && Some(now) == master_now;
        if now != before && !is_said || (is_forced && new.master.is_none()) {
            out.extend(reply(me, new, &entry.component, now, None, now_ms));
            out.extend(passed_on(me, new, &entry.component, now_ms));
        }
    }
    // Somebody who takes an occurrence out of their calendar does not come.
    if let Some(old) = old {
        for place in new.excluded().difference(&old.excluded()) {
            let stood = old.overrides.get(place).map(|e| e.component.clone());
            let Some(component) = stood.or_else(|| old.occurrence(*place)) else {
                continue;
            };
            let is_due = answer_of(me, &component).is_some_and(|a| a != PartStat::Declined);
            if is_due && speaks_for_us(&component) && !component.is_cancelled() {
                out.extend(reply(me, old, &component, PartStat::Declined, None, now_ms));
            }
        }
    }
    if !out.is_empty() {
        for entry in new.entries_mut() {
            if let Some(organizer) = entry
                .component
                .properties
                .iter_mut()
                .find(|p| p.name == "ORGANIZER")
            {
                organizer.set_param("SCHEDULE-STATUS", "1.1");
            }
        }
    }
    out
}

/// The invitation for those whom this account sends in its place (RFC 5546 §3.2.2.3).
fn passed_on(me: &Account, series: &Series, component: &Component, now_ms: TimeMs) -> Option<Outgoing> {
    let own = component.attendee(|a| is_own(me, a))?;
    let to = delegates(own);
    if to.is_empty() {
        return None;
    }
    let mut passed = organizer::cleaned(component, now_ms);
    add_delegates(&mut passed, own, component, &mut Allowance::of(series));
    // The organizer's own invitation is as new.
    if let Some(stamp) = component.property("DTSTAMP") {
        passed.put(stamp.clone());
    }
    Some(Outgoing {
        method: Method::Request,
        to,
        calendar: calendar_of(series, vec![passed]),
        by_mail: false,
    })
}

fn speaks_for_us(component: &Component) -> bool {
    component.organizer().is_some_and(is_scheduled_by_server)
}

/// Who removes an invitation does not come.
fn leave(me: &Account, old: &Series, now_ms: TimeMs) -> Vec<Outgoing> {
    let all: Vec<&Component> = match &old.master {
        Some(master) => vec![&master.component],
        None => old.overrides.values().map(|e| &e.component).collect(),
    };
    all.into_iter()
        .filter(|c| speaks_for_us(c) && !c.is_cancelled())
        .filter(|c| answer_of(me, c).is_some_and(|a| a != PartStat::Declined))
        .filter_map(|c| reply(me, old, c, PartStat::Declined, None, now_ms))
        .collect()
}

fn take_forced(series: &mut Series) -> bool {
    let mut is_forced = false;
    for entry in series.entries_mut() {
        for organizer in entry
            .component
            .properties
            .iter_mut()
            .filter(|p| p.name == "ORGANIZER")
        {
            let word = organizer.take_param("SCHEDULE-FORCE-SEND");
            is_forced |= word.is_some_and(|w| w.eq_ignore_ascii_case("REPLY"));
        }
    }
    is_forced
}
