//! What other programs send, in their shapes.

use super::itip::{Method, read_messages, with_method};
use super::series::Series;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::read_component;

fn calendar(head: &str, body: &str) -> String {
    let lines = |t: &str| t.trim().replace('\n', "\r\n");
    format!(
        "BEGIN:VCALENDAR\r\n{}\r\n{}\r\nEND:VCALENDAR\r\n",
        lines(head),
        lines(body)
    )
}

const EVENT: &str = "BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nDTSTART:20260105T090000Z\nEND:VEVENT";

#[test]
fn the_method_may_stand_in_the_mime_header_only() {
    let raw = calendar("VERSION:2.0", EVENT);
    assert!(read_messages(raw.as_bytes(), None).is_err());
    let all = read_messages(raw.as_bytes(), Some("request")).unwrap();
    assert_eq!((all.len(), all[0].method), (1, Method::Request));
    let own = calendar("METHOD:Cancel", EVENT);
    let all = read_messages(own.as_bytes(), Some("REQUEST")).unwrap();
    assert_eq!(all[0].method, Method::Cancel, "the calendar's own word counts");
    assert!(all[0].object.calendar.property("METHOD").is_none());
}

#[test]
fn several_calendars_and_several_events_are_told_apart() {
    let two = EVENT.replace("UID:1", "UID:2");
    let first = calendar(
        "METHOD:REQUEST",
        &format!(
            "{EVENT}\n{two}\n{}",
            EVENT.replace("UID:1", "UID:1\nRECURRENCE-ID:20260112T090000Z")
        ),
    );
    let raw = format!(
        "{first}{}",
        calendar("METHOD:CANCEL", &EVENT.replace("UID:1", "UID:3"))
    );
    let all = read_messages(raw.as_bytes(), None).unwrap();
    let seen: Vec<_> = all
        .iter()
        .map(|m| (m.method.name(), m.object.uid.as_str(), m.object.parts.len()))
        .collect();
    assert_eq!(
        seen,
        [("REQUEST", "1", 2), ("REQUEST", "2", 1), ("CANCEL", "3", 1)]
    );
}

#[test]
fn an_answer_need_not_say_when() {
    let raw = calendar(
        "METHOD:REPLY",
        "BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nATTENDEE;PARTSTAT=ACCEPTED:mailto:x@y.test\nEND:VEVENT",
    );
    assert!(read_messages(raw.as_bytes(), None).is_ok());
}

#[test]
fn windows_zones_are_understood_with_and_without_description() {
    for described in [
        "",
        "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\n\
         TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
         DTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n\
         END:DAYLIGHT\nEND:VTIMEZONE\n",
    ] {
        let body = format!(
            "{described}BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\n\
             DTSTART;TZID=W. Europe Standard Time:20260701T090000\nEND:VEVENT"
        );
        let all = read_messages(calendar("METHOD:REQUEST", &body).as_bytes(), None).unwrap();
        let start = all[0].object.parts[0].start.as_ref().unwrap();
        assert_eq!(start.to_utc(&super::zone::Zone::utc()), 1_782_889_200);
    }
}

#[test]
fn an_occurrence_is_cut_out_of_its_series() {
    let raw = calendar(
        "VERSION:2.0",
        "BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=Europe/Berlin:20260320T090000\n\
         DTEND;TZID=Europe/Berlin:20260320T100000\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Berlin:20260403T090000\nEND:VEVENT",
    );
    let mut series = Series::read(raw.as_bytes()).unwrap();
    let place = jiff::civil::date(2026, 3, 27).at(9, 0, 0, 0);
    assert!(series.has_occurrence(place));
    assert!(!series.has_occurrence(place.checked_add(jiff::Span::new().hours(1)).unwrap()));
    assert!(!series.has_occurrence(jiff::civil::date(2026, 4, 3).at(9, 0, 0, 0)));
    let one = series.occurrence(place).unwrap();
    let value = |name: &str| one.property(name).map(|p| (p.param("TZID"), p.value.as_str()));
    assert_eq!(
        value("RECURRENCE-ID"),
        Some((Some("Europe/Berlin"), "20260327T090000"))
    );
    assert_eq!(value("DTSTART"), Some((Some("Europe/Berlin"), "20260327T090000")));
    assert_eq!(value("DTEND"), Some((Some("Europe/Berlin"), "20260327T100000")));
    assert_eq!(value("RRULE"), None);
    series.put_override(place, one).unwrap();
    assert!(!series.has_occurrence(place));
    series.exclude(place);
    assert!(series.overrides.is_empty());
    let again = read_component(&series.print()).unwrap();
    assert_eq!(again.parts[0].all("EXDATE").count(), 2);
}

/// Bytes of a message with something wrong at a place, the same in every run.
fn broken(raw: &[u8], n: usize) -> Vec<u8> {
    let mut out = raw.to_vec();
    let at = n.wrapping_mul(2_654_435_761) % out.len();
    match n % 5 {
        0 => out[at] = b"\r\n;:=\",\\^TZ0"[n % 12],
        1 => {
            out.remove(at);
        }
        2 => out.insert(at, b"\r\n;:=\",\\^TZ9"[n % 12]),
        3 => {
            let end = (at + 40).min(out.len());
            let piece = out[at..end].to_vec();
            out.splice(at..at, piece);
        }
        _ => {
            let end = (at + 25).min(out.len());
            out.drain(at..end);
        }
    }
    out
}

#[test]
fn what_is_read_is_printed_so_that_it_reads_the_same_whatever_was_wrong_with_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/corpus/calendar");
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let raw = std::fs::read(file.unwrap().path()).unwrap();
        if raw.len() > 20_000 || raw.is_empty() {
            continue;
        }
        for n in 0..150 {
            let raw = if n == 0 { raw.clone() } else { broken(&raw, n) };
            let Ok(messages) = read_messages(&raw, Some("REQUEST")) else {
                continue;
            };
            for message in messages {
                read += 1;
                let uid = message.object.uid.replace('\r', "");
                let series = Series::of(message.object);
                let text = print_component(&with_method(series.calendar(), message.method));
                let again = read_messages(text.as_bytes(), None).unwrap();
                assert_eq!((again.len(), &again[0].object.uid), (1, &uid), "{text}");
                for place in series.overrides.keys().take(2) {
                    let mut cut = series.clone();
                    cut.exclude(*place);
                    assert!(!cut.has_occurrence(*place));
                    let _ = series.occurrence(*place);
                }
            }
        }
    }
    assert!(read > 1_000, "{read}");
}
