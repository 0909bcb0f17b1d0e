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

/// Programs that say what they would like are told less, or at once what was stored (RFC 8144).
#[test]
fn less_is_told_to_who_prefers_it_and_what_was_stored_comes_back_at_once() {
    let server = Server::start();
    let web = anna(&server);
    let path = format!("{CALENDAR}p.ics");
    let body = event("p", "DTSTART:20300107T090000Z");
    let representation = "Prefer: return=representation";
    let put = |headers: &[&str], body: &str| web.send("PUT", &path, headers, body.as_bytes());
    let stored = put(&[representation], &body).expect(201);
    assert_eq!(
        (stored.text(), stored.header("preference-applied")),
        (body.clone(), "return=representation")
    );
    let etag = stored.header("etag").to_owned();
    let changed = body.replace("Event p", "Changed");
    let again = put(&[representation, &format!("If-Match: {etag}")], &changed).expect(200);
    assert_eq!(again.text(), changed);
    // What stands in the way.
    let late = put(&[representation, &format!("If-Match: {etag}")], &body).expect(412);
    assert_eq!(
        (late.text(), late.header("etag")),
        (changed, again.header("etag"))
    );
    let bare = put(&[&format!("If-Match: {etag}")], &body).expect(412);
    assert!(bare.text() != late.text());
    // Somebody's event with guests comes back as it was changed on the way.
    let meeting = body.replace(
        "SUMMARY",
        "ORGANIZER:mailto:anna@example.test\r\nATTENDEE:mailto:ben@example.test\r\nSUMMARY",
    );
    let told = put(&[representation], &meeting).expect(200).text();
    assert!(told.replace("\r\n ", "").contains("SCHEDULE-STATUS"), "{told}");

    let asked = b"<D:propfind xmlns:D=\"DAV:\"><D:prop><D:getetag/><D:nothing-such/></D:prop></D:propfind>";
    let ask = |headers: &[&str]| {
        let all = [&["Depth: 1", "Content-Type: application/xml"], headers].concat();
        web.send("PROPFIND", CALENDAR, &all, asked).expect(207)
    };
    let whole = ask(&[]).text();
    assert!(
        whole.contains("404 Not Found") && whole.contains("nothing-such"),
        "{whole}"
    );
    for word in ["Prefer: return=minimal", "Brief: t"] {
        let reply = ask(&[word]);
        assert_eq!(reply.header("preference-applied"), "return=minimal");
        let text = reply.text();
        assert!(
            !text.contains("404") && !text.contains("nothing-such") && text.contains("getetag"),
            "{text}"
        );
        assert_eq!(text.matches("<D:response>").count(), 2, "{text}");
    }
    let below = ask(&["Prefer: return=minimal, depth-noroot"]).text();
    assert_eq!(below.matches("<D:response>").count(), 1, "{below}");
    assert!(below.contains("p.ics"), "{below}");
    let set = "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop><D:displayname>New</D:displayname></D:prop></D:set></D:propertyupdate>";
    let headers = ["Content-Type: application/xml", "Prefer: return=minimal"];
    let done = web
        .send("PROPPATCH", CALENDAR, &headers, set.as_bytes())
        .expect(200);
    assert!(done.text().is_empty());
    let wrong = set.replace("displayname", "getetag");
    web.send("PROPPATCH", CALENDAR, &headers, wrong.as_bytes())
        .expect(207);
}
