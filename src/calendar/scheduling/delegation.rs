//! Whom an attendee sends in their place (RFC 5546 §3.2.2.3): the organizer hears of it and invites them, and they answer
//! for themselves.

use crate::formats::content_line::{Component, Property};
use crate::formats::ical::people::{PartStat, address, address_of};

/// Whom somebody may send at once.
const MOST: usize = 10;

/// To whom an attendee has passed the invitation on; nobody, unless their answer says so.
pub fn delegates(attendee: &Property) -> Vec<String> {
    if PartStat::of(attendee) != PartStat::Delegated {
        return Vec::new();
    }
    let named = attendee.params.iter().filter(|(n, _)| n == "DELEGATED-TO");
    let all = named.flat_map(|(_, all)| all).map(|a| address(a));
    all.filter(|a| a.contains('@')).take(MOST).collect()
}

/// Whether somebody takes part in the place of another.
pub fn is_sent_by(attendee: &Property, is_meant: &dyn Fn(&str) -> bool) -> bool {
    let named = attendee.params.iter().filter(|(n, _)| n == "DELEGATED-FROM");
    named.flat_map(|(_, all)| all).any(|a| is_meant(&address(a)))
}

/// Adds those whom `attendee` sends and who are not asked yet. `said`: where they may have a name. Returns their addresses.
pub fn add_delegates(component: &mut Component, attendee: &Property, said: &Component) -> Vec<String> {
    let mut added = Vec::new();
    let organizer = component.organizer().map(address_of);
    for who in delegates(attendee) {
        let is_known = organizer.as_deref() == Some(who.as_str());
        if is_known || component.attendee(|a| a == who).is_some() {
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

    #[test]
    fn whoever_is_sent_is_asked_once_and_never_the_organizer() {
        let text = "BEGIN:VEVENT\r\nORGANIZER:mailto:boss@x.test\r\nATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=DELEGATED;\
            DELEGATED-TO=\"mailto:c@x.test\",\"mailto:BOSS@x.test\",\"mailto:d@x.test\":mailto:b@x.test\r\nATTENDEE:mailto:d@x.test\r\nEND:VEVENT\r\n";
        let mut component = read_component(text.as_bytes()).unwrap();
        let b = component.attendees().next().unwrap().clone();
        let said = component.clone();
        assert_eq!(add_delegates(&mut component, &b, &said), ["c@x.test"]);
        assert!(add_delegates(&mut component, &b, &said).is_empty());
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
