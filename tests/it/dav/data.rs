//! What calendar-data and address-data ask for: occurrences instead of series, and parts instead of the whole.

use super::{BOOK, CALENDAR, anna, ask, event, names, propfind, put, report};
use crate::dav::clients::python;
use crate::server::Server;

/// Told within XML, with line ends as they are in the object.
fn plain(text: &str) -> String {
    text.replace("&#13;", "\r")
}

fn lines<'t>(text: &'t str, begin: &str) -> Vec<&'t str> {
    text.lines()
        .map(str::trim)
        .filter(|l| l.starts_with(begin))
        .collect()
}

const NOVEMBER: &str = "start=\"20261101T000000Z\" end=\"20261201T000000Z\"";

fn query(data: &str, more: &str) -> String {
    format!(
        "<D:prop><D:getetag/><C:calendar-data>{data}</C:calendar-data></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">\
         <C:comp-filter name=\"VEVENT\"><C:time-range {NOVEMBER}/></C:comp-filter></C:comp-filter></C:filter>{more}"
    )
}

#[test]
fn a_series_is_told_as_occurrences_or_with_the_overrides_that_matter() {
    let server = Server::start();
    let anna = anna(&server);
    let series = "DTSTART;TZID=Europe/Berlin:20261012T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=10\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:a\nSUMMARY:early\nRECURRENCE-ID;TZID=Europe/Berlin:20261019T090000\nDTSTART:20261020T090000Z\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:a\nSUMMARY:moved\nRECURRENCE-ID;TZID=Europe/Berlin:20261109T090000\nDTSTART:20261110T090000Z";
    put(&anna, &format!("{CALENDAR}a.ics"), &event("a", series)).expect(201);
    let ask_for = |data: &str| plain(&report(&anna, CALENDAR, "C:calendar-query", &query(data, "")));
    let told = ask_for(&format!("<C:expand {NOVEMBER}/>"));
    assert_eq!(
        lines(&told, "DTSTART"),
        [
            "DTSTART:20261102T080000Z",
            "DTSTART:20261110T090000Z",
            "DTSTART:20261116T080000Z",
            "DTSTART:20261123T080000Z",
            "DTSTART:20261130T080000Z",
        ],
        "{told}"
    );
    assert_eq!(lines(&told, "RECURRENCE-ID")[1], "RECURRENCE-ID:20261109T080000Z");
    assert!(!told.contains("RRULE") && !told.contains("TZID"), "{told}");
    let told = ask_for(&format!("<C:limit-recurrence-set {NOVEMBER}/>"));
    assert_eq!(
        lines(&told, "SUMMARY"),
        ["SUMMARY:moved", "SUMMARY:Event a"],
        "{told}"
    );
    assert!(told.contains("RRULE"), "{told}");
    // As it lies there, for everybody who asks for it whole.
    let whole = plain(&report(&anna, CALENDAR, "C:calendar-query", &query("", "")));
    assert!(whole.contains(&event("a", series)), "{whole}");
    let found = propfind(&anna, CALENDAR, "1", "<D:getetag/>");
    assert_eq!(names(&found), ["a.ics"]);
    for bad in [
        "<C:expand start=\"20261101T000000Z\"/>",
        "<C:unheard-of/>",
        "<C:comp name=\"VEVENT\"/>",
    ] {
        ask(
            &anna,
            "REPORT",
            CALENDAR,
            "1",
            "C:calendar-query",
            &query(bad, ""),
        )
        .expect(400);
    }
    let other = query("", "").replace(
        "<C:calendar-data>",
        "<C:calendar-data content-type=\"application/calendar+json\">",
    );
    let refused = ask(&anna, "REPORT", CALENDAR, "1", "C:calendar-query", &other).expect(403);
    assert!(refused.text().contains("<C:supported-calendar-data/>"));
}

#[test]
fn a_series_beyond_all_measure_is_refused_by_itself() {
    let server = Server::start();
    let anna = anna(&server);
    let long = format!(
        "DTSTART:20260101T000000Z\nRRULE:FREQ=MINUTELY\nDESCRIPTION:{}",
        "x".repeat(3000)
    );
    put(&anna, &format!("{CALENDAR}long.ics"), &event("long", &long)).expect(201);
    put(
        &anna,
        &format!("{CALENDAR}one.ics"),
        &event("one", "DTSTART:20261110T090000Z"),
    )
    .expect(201);
    let expand = format!("<C:expand {NOVEMBER}/>");
    let told = report(&anna, CALENDAR, "C:calendar-query", &query(&expand, ""));
    assert_eq!(names(&told), ["long.ics", "one.ics"]);
    assert_eq!(
        told.matches("507 Insufficient Storage").count(),
        1,
        "{}",
        told.len()
    );
    assert!(told.contains("DTSTART:20261110T090000Z") && told.len() < 10_000);
}

#[test]
fn only_the_parts_that_are_asked_for_are_told() {
    let server = Server::start();
    let anna = anna(&server);
    let lines =
        "DTSTART:20261110T090000Z\nDESCRIPTION:long\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM";
    put(&anna, &format!("{CALENDAR}a.ics"), &event("a", lines)).expect(201);
    let data = "<C:comp name=\"VCALENDAR\"><C:prop name=\"VERSION\"/><C:comp name=\"VEVENT\"><C:prop name=\"UID\"/>\
        <C:prop name=\"SUMMARY\" novalue=\"yes\"/></C:comp></C:comp>";
    let get =
        format!("<D:prop><C:calendar-data>{data}</C:calendar-data></D:prop><D:href>{CALENDAR}a.ics</D:href>");
    let told = plain(&report(&anna, CALENDAR, "C:calendar-multiget", &get));
    let expected = ">BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nSUMMARY:\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n<";
    assert!(told.contains(expected), "{told}");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoe\r\nN:Zoe;;;;\r\nUID:z\r\nNOTE:long\r\nitem1.EMAIL:z@a.test\r\nEND:VCARD\r\n";
    put(&anna, &format!("{BOOK}z.vcf"), card).expect(201);
    let wanted = "<A:address-data><A:prop name=\"VERSION\"/><A:prop name=\"fn\"/><A:prop name=\"EMAIL\"/></A:address-data>";
    let get = format!("<D:prop>{wanted}</D:prop><D:href>{BOOK}z.vcf</D:href>");
    let told = plain(&report(&anna, BOOK, "A:addressbook-multiget", &get));
    let expected = ">BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoe\r\nitem1.EMAIL:z@a.test\r\nEND:VCARD\r\n<";
    assert!(told.contains(expected), "{told}");
    let four = get.replace(
        "<A:address-data>",
        "<A:address-data content-type=\"application/vcard+json\">",
    );
    ask(&anna, "REPORT", BOOK, "1", "A:addressbook-multiget", &four).expect(403);
}

/// What floats lies where the one who asks says they are (RFC 4791 §9.8).
#[test]
fn a_query_may_say_where_it_is_asked_from() {
    let server = Server::start();
    let anna = anna(&server);
    put(
        &anna,
        &format!("{CALENDAR}f.ics"),
        &event("f", "DTSTART:20261130T200000\nDURATION:PT1H"),
    )
    .expect(201);
    let found = |zone: &str| {
        names(&report(
            &anna,
            CALENDAR,
            "C:calendar-query",
            &query("", &format!("<C:timezone>{zone}</C:timezone>")),
        ))
    };
    let zone = |offset: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Z\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n\
             TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
        )
    };
    assert_eq!(found(&zone("+0100")), ["f.ics"]);
    assert!(found(&zone("-0800")).is_empty());
    let bad = query("", "<C:timezone>nowhere</C:timezone>");
    ask(&anna, "REPORT", CALENDAR, "1", "C:calendar-query", &bad).expect(403);
}

const EXPANDED: &str = r#"
import caldav, datetime, sys
base, ca, password = sys.argv[1:4]
client = caldav.DAVClient(url=base + "/dav/", username="anna@example.test", password=password, ssl_verify_cert=ca)
calendar = client.principal().make_calendar(name="Team", cal_id="team")
calendar.save_event("""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//T//EN
BEGIN:VEVENT
UID:weekly
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20261012T090000
DTEND;TZID=Europe/Berlin:20261012T100000
RRULE:FREQ=WEEKLY
SUMMARY:weekly
END:VEVENT
END:VCALENDAR
""")
utc = datetime.timezone.utc
found = calendar.search(start=datetime.datetime(2026, 10, 21, tzinfo=utc), end=datetime.datetime(2026, 11, 10, tzinfo=utc),
    event=True, server_expand=True, expand=False, split_expanded=True)
starts = sorted(e.icalendar_component["DTSTART"].dt for e in found)
assert starts == [datetime.datetime(2026, 10, 26, 8, tzinfo=utc), datetime.datetime(2026, 11, 2, 8, tzinfo=utc),
    datetime.datetime(2026, 11, 9, 8, tzinfo=utc)], starts
assert all("RECURRENCE-ID" in e.icalendar_component for e in found)
print("all is well")
"#;

#[test]
fn the_python_library_lets_the_server_expand() {
    let server = Server::start();
    let said = python(&server, EXPANDED);
    assert!(said.contains("all is well"), "{said}");
}
