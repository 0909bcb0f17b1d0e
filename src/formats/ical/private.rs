//! What others see of an event, a task or a journal entry that is not for them (RFC 5545 §3.8.1.3): when it is.

use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, read_component};

/// Times, the rule, and what ties the parts of a series together.
const KEPT: [&str; 20] = [
    "UID",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "DURATION",
    "DUE",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "SEQUENCE",
    "STATUS",
    "TRANSP",
    "CLASS",
    "CREATED",
    "LAST-MODIFIED",
    "COMPLETED",
    "PERCENT-COMPLETE",
    "X-MICROSOFT-CDO-BUSYSTATUS",
    "X-MICROSOFT-CDO-ALLDAYEVENT",
];

/// The same object without what is private in it; as it was, where nothing is. What cannot be read shows nothing.
pub fn without_private(raw: Vec<u8>) -> Vec<u8> {
    // Most objects say nothing of the sort, and are not read for it.
    if !may_be_private(&raw) {
        return raw;
    }
    let Ok(mut calendar) = read_component(&raw) else {
        return Vec::new();
    };
    let mut is_changed = false;
    for part in calendar.parts.iter_mut().filter(|p| is_private(p)) {
        part.properties.retain(|p| KEPT.contains(&p.name.as_str()));
        part.set_text("SUMMARY", "Private");
        part.parts.clear();
        is_changed = true;
    }
    match is_changed {
        true => print_component(&calendar).into_bytes(),
        false => raw,
    }
}

/// Whether any part of an object is for its owner alone; also of one that cannot be read.
pub fn has_private(raw: &[u8]) -> bool {
    may_be_private(raw) && read_component(raw).map_or(true, |c| c.parts.iter().any(is_private))
}

fn is_private(part: &Component) -> bool {
    part.property("CLASS").is_some_and(|class| {
        let word = class.value.trim();
        // RFC 5545 §3.8.1.3: what is not known counts as private.
        !word.eq_ignore_ascii_case("PUBLIC") && !word.is_empty()
    })
}

/// A line may be folded anywhere, so what stands at the beginning of one is looked at letter by letter.
fn may_be_private(raw: &[u8]) -> bool {
    let mut rest = raw.iter().filter(|b| !matches!(b, b'\r' | b'\n' | b' ' | b'\t'));
    let word = b"CLASS";
    let mut at = 0;
    rest.any(|b| {
        let b = b.to_ascii_uppercase();
        at = match (b == word[at], b == word[0]) {
            (true, _) => at + 1,
            (false, true) => 1,
            (false, false) => 0,
        };
        if at == word.len() {
            return true;
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(lines: &str) -> Vec<u8> {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T000000Z\r\n{lines}SUMMARY:Doctor\r\n\
             BEGIN:VALARM\r\nDESCRIPTION:Doctor\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn what_is_private_shows_when_it_is_and_nothing_else() {
        for class in [
            "CLASS:PRIVATE\r\n",
            "class;X=y:confidential\r\n",
            "CL\r\n ASS:PRI\r\n VATE\r\n",
            "CLASS:X-MINE\r\n",
        ] {
            let raw = event(class);
            assert!(has_private(&raw), "{class}");
            let seen = String::from_utf8(without_private(raw)).unwrap();
            assert!(
                !seen.contains("Doctor") && seen.contains("DTSTART:20260101T000000Z"),
                "{seen}"
            );
        }
        for class in ["", "CLASS:PUBLIC\r\n", "COMMENT:first CLASS\r\n"] {
            let raw = event(class);
            assert!(!has_private(&raw), "{class}");
            assert_eq!(without_private(raw.clone()), raw);
        }
    }
}
