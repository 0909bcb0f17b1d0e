//! Who takes part in an event: the properties ORGANIZER and ATTENDEE (RFC 5545 §3.8.4, RFC 6638 §7).

use crate::formats::content_line::{Component, Property};
use percent_encoding::percent_decode_str;

/// What somebody has said about an invitation (RFC 5545 §3.2.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartStat {
    NeedsAction,
    Accepted,
    Tentative,
    Declined,
    Delegated,
    Completed,
    InProcess,
}

impl PartStat {
    const ALL: [(PartStat, &'static str); 7] = [
        (PartStat::NeedsAction, "NEEDS-ACTION"),
        (PartStat::Accepted, "ACCEPTED"),
        (PartStat::Tentative, "TENTATIVE"),
        (PartStat::Declined, "DECLINED"),
        (PartStat::Delegated, "DELEGATED"),
        (PartStat::Completed, "COMPLETED"),
        (PartStat::InProcess, "IN-PROCESS"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(p, _)| *p == self)
            .map_or("NEEDS-ACTION", |(_, n)| n)
    }

    /// What is not known counts as not answered (RFC 5545 §3.2.12).
    pub fn of(property: &Property) -> PartStat {
        let word = property.param("PARTSTAT").unwrap_or_default().trim();
        Self::ALL
            .iter()
            .find(|(_, n)| n.eq_ignore_ascii_case(word))
            .map_or(PartStat::NeedsAction, |(p, _)| *p)
    }
}

/// The mail address that a calendar user address means, in lower case. A principal of ours counts as its address.
pub fn address(value: &str) -> String {
    let lower = value.trim().to_lowercase();
    if let Some(mail) = lower.strip_prefix("mailto:") {
        return percent_decode_str(mail.trim())
            .decode_utf8()
            .map_or_else(|_| mail.trim().to_owned(), |m| m.trim().to_owned());
    }
    match lower.split_once("/principals/") {
        Some((_, who)) => {
            let who = who.trim_matches('/');
            percent_decode_str(who)
                .decode_utf8()
                .map_or_else(|_| who.to_owned(), |w| w.into_owned())
        }
        None => lower,
    }
}

/// As [`address`]; the EMAIL beside a value that is no mail address counts (RFC 7986 §6.2).
pub fn address_of(property: &Property) -> String {
    let own = address(&property.value);
    match property.param("EMAIL") {
        Some(email) if !own.contains('@') => address(email),
        _ => own,
    }
}

/// Who speaks for somebody (SENT-BY).
pub fn sent_by(property: &Property) -> Option<String> {
    property.param("SENT-BY").map(address)
}

/// Whether we send messages about it (RFC 6638 §7.1); CLIENT and NONE say that somebody else does or nobody.
pub fn is_scheduled_by_server(property: &Property) -> bool {
    property
        .param("SCHEDULE-AGENT")
        .is_none_or(|agent| agent.eq_ignore_ascii_case("SERVER"))
}

impl Component {
    pub fn organizer(&self) -> Option<&Property> {
        self.property("ORGANIZER")
    }

    pub fn attendees(&self) -> impl Iterator<Item = &Property> {
        self.all("ATTENDEE")
    }

    pub fn attendees_mut(&mut self) -> impl Iterator<Item = &mut Property> {
        self.properties.iter_mut().filter(|p| p.name == "ATTENDEE")
    }

    pub fn attendee(&self, is_meant: impl Fn(&str) -> bool) -> Option<&Property> {
        self.attendees().find(|p| is_meant(&address_of(p)))
    }

    pub fn attendee_mut(&mut self, is_meant: impl Fn(&str) -> bool) -> Option<&mut Property> {
        self.attendees_mut().find(|p| is_meant(&address_of(p)))
    }

    /// SEQUENCE; 0 when nothing is said.
    pub fn sequence(&self) -> i64 {
        let text = self.property("SEQUENCE").map(|p| p.value.trim());
        text.and_then(|t| t.parse().ok())
            .filter(|n: &i64| (0..i64::from(i32::MAX)).contains(n))
            .unwrap_or(0)
    }

    pub fn is_cancelled(&self) -> bool {
        self.property("STATUS")
            .is_some_and(|p| p.value.trim().eq_ignore_ascii_case("CANCELLED"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_what_programs_write() {
        for (value, expected) in [
            ("MAILTO: Anna@Example.TEST ", "anna@example.test"),
            ("mailto:a%2Bb@example.test", "a+b@example.test"),
            ("/dav/principals/anna%40example.test/", "anna@example.test"),
            (
                "https://x.test/dav/principals/anna@example.test",
                "anna@example.test",
            ),
            ("urn:uuid:1", "urn:uuid:1"),
        ] {
            assert_eq!(address(value), expected);
        }
        let odd = Property::new("ATTENDEE", "urn:uuid:1").with("EMAIL", "Ben@example.test");
        assert_eq!(address_of(&odd), "ben@example.test");
    }
}
