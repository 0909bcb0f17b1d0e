//! Whom an attendee sends in their place (RFC 5546 §3.2.2.3): the organizer hears of it and invites them, and they answer
//! for themselves.

use super::hook::MOST_PEOPLE;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::Series;
use crate::formats::ical::people::{PartStat, address, address_of};
use std::collections::{BTreeMap, BTreeSet};

/// Whom somebody may send, at once and in all.
const MOST: usize = 10;

/// Whom an answer may still bring in: whoever knows the event could otherwise have its organizer write to any number of
/// strangers.
pub struct Allowance {
    people: BTreeSet<String>,
    /// By whom somebody was sent.
    sender: BTreeMap<String, String>,
    /// Whom each has sent, themselves or by those whom they sent.
    sent: BTreeMap<String, BTreeSet<String>>,
    new: usize,
}

impl Allowance {
    /// Of an answer to this event.
    pub fn of(series: &Series) -> Allowance {
        let mut out = Allowance {
            people: BTreeSet::new(),
            sender: BTreeMap::new(),
            sent: BTreeMap::new(),
            new: 0,
        };
        for attendee in series.entries().flat_map(|e| e.component.attendees()) {
            let who = address_of(attendee);
            if let Some(from) = attendee.param("DELEGATED-FROM") {
                out.sender.insert(who.clone(), address(from));
            }
            out.people.insert(who);
        }
        let sent: Vec<String> = out.sender.keys().cloned().collect();
        for who in sent {
            let first = out.first(&who);
            out.sent.entry(first).or_default().insert(who);
        }
        out
    }

    /// Who sent whoever sent them.
    fn first(&self, who: &str) -> String {
        let mut at = who;
        for _ in 0..self.sender.len() {
            match self.sender.get(at) {
                Some(from) if from != who => at = from,
                _ => break,
            }
        }
        at.to_owned()
    }

    /// Whether `by` may send somebody; who has been let in stays so.
    fn admit(&mut self, by: &str, who: &str) -> bool {
        let first = self.first(by);
        let is_there = self.people.contains(who);
        let sent = self.sent.entry(first).or_default();
        if sent.contains(who) {
            return true;
        }
        let is_full = self.new >= MOST || self.people.len() >= MOST_PEOPLE;
        if sent.len() >= MOST || !is_there && is_full {
            return false;
        }
        sent.insert(who.to_owned());
        if !is_there {
            self.new += 1;
            self.people.insert(who.to_owned());
            self.sender.insert(who.to_owned(), by.to_owned());
        }
        true
    }
}

/// To whom an attendee has passed the invitation on; nobody, unless their answer says so.
pub fn delegates(attendee: &Property) -> Vec<String> {
    if PartStat::of(attendee) != PartStat::Delegated {
        return Vec::new();
    }
    let all = named_delegates(attendee).into_iter().map(|a| address(&a));
    all.filter(|a| a.contains('@')).collect()
}

/// Whether somebody takes part in the place of another.
pub fn is_sent_by(attendee: &Property, is_meant: &dyn Fn(&str) -> bool) -> bool {
    let named = attendee.params.iter().filter(|(n, _)| n == "DELEGATED-FROM");
    named.flat_map(|(_, all)| all).any(|a| is_meant(&address(a)))
}

/// Whom an answer names, whatever it says besides; no more of them are kept.
pub fn named_delegates(attendee: &Property) -> Vec<String> {
    let named = attendee.params.iter().filter(|(n, _)| n == "DELEGATED-TO");
    named.flat_map(|(_, all)| all).take(MOST).cloned().collect()
}

/// Adds those whom `attendee` sends and who are not asked yet, as far as they may. `said`: where they may have a name. Returns
/// their addresses.
pub fn add_delegates(
    component: &mut Component,
    attendee: &Property,
    said: &Component,
    allowance: &mut Allowance,
) -> Vec<String> {
    let mut added = Vec::new();
    let organizer = component.organizer().map(address_of);
    for who in delegates(attendee) {
        let is_known = organizer.as_deref() == Some(who.as_str());
        if is_known
            || component.attendee(|a| a == who).is_some()
            || !allowance.admit(&address_of(attendee), &who)
        {
            continue;
        }
        let mut new = Property::new("ATTENDEE", format!("mailto:{who}"));
        let named = said.attendee(|a| a == who);
        for (param, from) in [("CN", named), ("CUTYPE", named), ("ROLE", Some(attendee))] {
            if let Some(value) = from.and_then(|p| p.param(param)) {
                new.set_param(param, value);
            }
        }
        new.set_param("PARTSTAT", PartStat::NeedsAction.name());
        new.set_param("RSVP", "TRUE");
        new.set_param("DELEGATED-FROM", format!("mailto:{}", address_of(attendee)));
        component.properties.push(new);
        added.push(who);
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::print::print_component;
    use crate::formats::content_line::read_component;
    use crate::formats::ical::object::check_object;

    fn allowance(event: &Component) -> Allowance {
        let mut event = event.clone();
        event.set("UID", "1");
        event.set("DTSTART", "20300107T090000Z");
        let mut calendar = Component::new("VCALENDAR");
        calendar.parts.push(event);
        Allowance::of(&Series::of(check_object(calendar, true).unwrap()))
    }

    fn sending(who: &str, to: std::ops::Range<usize>) -> Property {
        let mut out = Property::new("ATTENDEE", format!("mailto:{who}")).with("PARTSTAT", "DELEGATED");
        let all = to.map(|n| format!("mailto:g{n}@elsewhere.test")).collect();
        out.params.push(("DELEGATED-TO".to_owned(), all));
        out
    }

    /// However many occurrences an answer names, however many answers there are, and whoever of those who were sent sends on.
    #[test]
    fn nobody_brings_in_more_than_a_few_strangers() {
        let mut component = Component::new("VEVENT");
        for who in ["b@x.test", "e@x.test"] {
            component
                .properties
                .push(Property::new("ATTENDEE", format!("mailto:{who}")));
        }
        let said = component.clone();
        let mut one = allowance(&component);
        let first = add_delegates(&mut component, &sending("b@x.test", 0..6), &said, &mut one);
        // Of another occurrence, which those are asked about in the same way.
        let mut other = said.clone();
        assert_eq!(
            add_delegates(&mut other, &sending("b@x.test", 0..6), &said, &mut one),
            first
        );
        assert_eq!(
            add_delegates(&mut other, &sending("b@x.test", 6..16), &said, &mut one).len(),
            MOST - 6
        );
        assert!(add_delegates(&mut other, &sending("b@x.test", 20..30), &said, &mut one).is_empty());
        assert!(
            add_delegates(&mut other, &sending("e@x.test", 30..40), &said, &mut one).is_empty(),
            "one answer has one allowance"
        );
        // The next answer: six of the ten are known from before, four more may come, whoever of them it is from.
        let mut two = allowance(&component);
        let four = add_delegates(
            &mut component,
            &sending("g0@elsewhere.test", 40..50),
            &said,
            &mut two,
        );
        assert_eq!(four.len(), MOST - 6);
        let mut three = allowance(&component);
        assert!(add_delegates(&mut component, &sending("b@x.test", 50..60), &said, &mut three).is_empty());
        assert_eq!(
            add_delegates(&mut component, &sending("e@x.test", 50..60), &said, &mut three).len(),
            MOST
        );
    }

    #[test]
    fn nobody_is_sent_into_an_event_that_is_full() {
        let mut component = Component::new("VEVENT");
        for n in 0..MOST_PEOPLE - 1 {
            component
                .properties
                .push(Property::new("ATTENDEE", format!("mailto:a{n}@x.test")));
        }
        let said = component.clone();
        let mut one = allowance(&component);
        let added = add_delegates(&mut component, &sending("a0@x.test", 0..9), &said, &mut one);
        assert_eq!(added, ["g0@elsewhere.test"]);
    }

    #[test]
    fn whoever_is_sent_is_asked_once_and_never_the_organizer() {
        let text = "BEGIN:VEVENT\r\nORGANIZER:mailto:boss@x.test\r\nATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=DELEGATED;\
            DELEGATED-TO=\"mailto:c@x.test\",\"mailto:BOSS@x.test\",\"mailto:d@x.test\":mailto:b@x.test\r\nATTENDEE:mailto:d@x.test\r\nEND:VEVENT\r\n";
        let mut component = read_component(text.as_bytes()).unwrap();
        let b = component.attendees().next().unwrap().clone();
        let said = component.clone();
        let mut allowance = allowance(&component);
        assert_eq!(
            add_delegates(&mut component, &b, &said, &mut allowance),
            ["c@x.test"]
        );
        assert!(add_delegates(&mut component, &b, &said, &mut allowance).is_empty());
        let printed = print_component(&component).replace("\r\n ", "");
        assert!(
            printed.contains(
                "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;DELEGATED-FROM=\"mailto:b@x.test\":mailto:c@x.test"
            ),
            "{printed}"
        );
        let c = component.attendee(|a| a == "c@x.test").unwrap();
        assert!(is_sent_by(c, &|a| a == "b@x.test") && !is_sent_by(c, &|a| a == "d@x.test"));
        // Whoever has said something else sends nobody.
        let mut accepted = b;
        accepted.set_param("PARTSTAT", "ACCEPTED");
        assert!(delegates(&accepted).is_empty());
    }
}
