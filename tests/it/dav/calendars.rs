//! Events and tasks: stored, found by time, synchronised.

use super::{BOOK, CALENDAR, anna, event, names, put, report, sync, token};
use crate::server::{Server, run, wait_until};
use std::io::{BufRead, BufReader};
use std::process::Command;
use std::time::Duration;

fn between(web: &crate::web::Web, from: &str, to: &str) -> Vec<String> {
    let inner = format!(
        "<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">\
         <C:time-range start=\"{from}\" end=\"{to}\"/></C:comp-filter></C:comp-filter></C:filter>"
    );
    names(&report(web, CALENDAR, "C:calendar-query", &inner))
}

#[test]
fn what_is_stored_comes_back_to_the_byte_under_its_conditions() {
    let server = Server::start();
    let anna = anna(&server);
    let path = format!("{CALENDAR}a.ics");
    let body = event(
        "a",
        "DTSTART:20261123T090000Z\nX-ODD;P=\"q\":ä\\,\n  folded\nATTENDEE:mailto:ben@example.test",
    );
    let first = put(&anna, &path, &body).expect(201);
    let tag = first.header("etag").to_owned();
    let read = anna.get(&path).expect(200);
    assert_eq!((read.text(), read.header("etag")), (body.clone(), tag.as_str()));
    anna.send("GET", &path, &[&format!("If-None-Match: {tag}")], b"")
        .expect(304);
    anna.send("PUT", &path, &["If-None-Match: *"], body.as_bytes())
        .expect(412);
    anna.send("PUT", &path, &["If-Match: \"1\""], body.as_bytes())
        .expect(412);
    let changed = body.replace("090000Z", "100000Z");
    let second = anna
        .send("PUT", &path, &[&format!("If-Match: {tag}")], changed.as_bytes())
        .expect(204);
    assert_ne!(second.header("etag"), tag);
    let other = put(&anna, &format!("{CALENDAR}b.ics"), &body).expect(403).text();
    assert!(
        other.contains("<C:no-uid-conflict><D:href>/dav/calendars/anna@example.test/calendar/a.ics"),
        "{other}"
    );
    put(&anna, "/dav/calendars/anna@example.test/none/a.ics", &body).expect(409);
    anna.send("DELETE", &path, &[&format!("If-Match: {tag}")], b"")
        .expect(412);
    anna.delete(&path).expect(204);
    anna.get(&path).expect(404);
    anna.delete(&path).expect(404);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    let server = Server::start();
    let anna = anna(&server);
    let path = format!("{CALENDAR}a.ics");
    for (body, precondition, line) in [
        (
            event("a", "DTSTART:tomorrow"),
            "<C:valid-calendar-data/>",
            "line 7: DTSTART »tomorrow«",
        ),
        ("no calendar".to_owned(), "<C:valid-calendar-data/>", "line 1"),
        (
            event("a", "DTSTART:20260101").replace("VEVENT", "VTODO"),
            "<C:supported-calendar-component/>",
            "VTODO",
        ),
        (
            event("a", "DTSTART:20260101\nRRULE:FREQ=NEVER"),
            "<C:valid-calendar-data/>",
            "line 8",
        ),
    ] {
        let reply = put(&anna, &path, &body).expect(403).text();
        assert!(reply.contains(precondition) && reply.contains(line), "{reply}");
    }
    put(
        &anna,
        "/dav/calendars/anna@example.test/tasks/t.ics",
        &event("t", "DUE:20260101").replace("VEVENT", "VTODO"),
    )
    .expect(201);
    server.cli(&["doctor"]);
}

#[test]
fn a_month_is_found_with_its_series_overrides_and_all_day_events() {
    let server = Server::start();
    let anna = anna(&server);
    for (name, lines) in [
        ("single", "DTSTART:20261110T090000Z\nDTEND:20261110T100000Z"),
        ("before", "DTSTART:20261031T090000Z\nDTEND:20261031T100000Z"),
        ("after", "DTSTART:20261201T000000Z"),
        (
            "series",
            "DTSTART;TZID=Europe/Berlin:19960105T090000\nRRULE:FREQ=WEEKLY",
        ),
        ("ended", "DTSTART:20250101T090000Z\nRRULE:FREQ=DAILY;COUNT=20"),
        ("day", "DTSTART;VALUE=DATE:20261130"),
        (
            "moved",
            "DTSTART:20260101T090000Z\nRRULE:FREQ=YEARLY;COUNT=2\nEND:VEVENT\nBEGIN:VEVENT\nUID:moved\n\
          RECURRENCE-ID:20270101T090000Z\nDTSTART:20261115T090000Z",
        ),
    ] {
        put(&anna, &format!("{CALENDAR}{name}"), &event(name, lines)).expect(201);
    }
    assert_eq!(
        between(&anna, "20261101T000000Z", "20261201T000000Z"),
        ["single", "series", "day", "moved"]
    );
    assert_eq!(between(&anna, "20250111T000000Z", "20250112T000000Z"), ["ended"]);
    assert_eq!(between(&anna, "20270101T000000Z", "20270102T000000Z"), ["series"]);
    let text = "<D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">\
        <C:prop-filter name=\"SUMMARY\"><C:text-match>EVENT sing</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter></C:filter>";
    let found = report(&anna, CALENDAR, "C:calendar-query", text);
    assert_eq!(names(&found), ["single"]);
    assert!(found.contains("BEGIN:VCALENDAR&#13;\n"), "{found}");
    let get = format!(
        "<D:prop><D:getetag/></D:prop><D:href>{CALENDAR}day</D:href><D:href>{CALENDAR}none</D:href><D:href>/x</D:href>"
    );
    let got = report(&anna, CALENDAR, "C:calendar-multiget", &get);
    assert_eq!(
        (
            got.matches("200 OK").count(),
            got.matches("404 Not Found").count()
        ),
        (1, 2),
        "{got}"
    );
    let busy = "<C:time-range start=\"20261109T000000Z\" end=\"20261114T000000Z\"/>";
    let busy = super::ask(&anna, "REPORT", CALENDAR, "1", "C:free-busy-query", busy)
        .expect(200)
        .text();
    let periods: Vec<&str> = busy.lines().filter(|l| l.starts_with("FREEBUSY")).collect();
    assert_eq!(periods, ["FREEBUSY:20261110T090000Z/20261110T100000Z"]);
}

#[test]
fn a_copy_is_kept_up_to_date_by_sync_collection() {
    let server = Server::start();
    let anna = anna(&server);
    let at = |name: &str| format!("{CALENDAR}{name}");
    for name in ["a", "b", "c"] {
        put(&anna, &at(name), &event(name, "DTSTART:20260101")).expect(201);
    }
    let all = sync(&anna, CALENDAR, "");
    assert_eq!(names(&all), ["a", "b", "c"]);
    let first = token(&all);
    let nothing = sync(&anna, CALENDAR, &first);
    assert_eq!((names(&nothing).len(), token(&nothing)), (0, first.clone()));
    put(&anna, &at("b"), &event("b", "DTSTART:20260102")).expect(204);
    anna.delete(&at("a")).expect(204);
    anna.send(
        "MOVE",
        &at("c"),
        &[&format!("Destination: {}{}", anna.base, at("d"))],
        b"",
    )
    .expect(201);
    anna.send("COPY", &at("d"), &[&format!("Destination: {}", at("e"))], b"")
        .expect(403);
    let changed = sync(&anna, CALENDAR, &first);
    assert_eq!(names(&changed), ["a", "c", "b", "d"], "{changed}");
    assert_eq!(changed.matches("404 Not Found").count(), 2);
    // What left and came back under its name is there.
    put(&anna, &at("a"), &event("a2", "DTSTART:20260101")).expect(201);
    assert_eq!(names(&sync(&anna, CALENDAR, &first)), ["c", "b", "d", "a"]);
    let limited = "<D:sync-token/><D:sync-level>1</D:sync-level><D:limit><D:nresults>2</D:nresults></D:limit><D:prop><D:getetag/></D:prop>";
    let part = report(&anna, CALENDAR, "D:sync-collection", limited);
    assert_eq!(
        (names(&part), part.contains("507 Insufficient Storage")),
        (vec!["b".to_owned(), "d".to_owned()], true)
    );
    assert_eq!(names(&sync(&anna, CALENDAR, &token(&part))), ["a"]);
    for bad in ["urn:hauspost:sync:1-1", "x", "urn:hauspost:sync:ffff-ffff"] {
        let inner = format!("<D:sync-token>{bad}</D:sync-token><D:prop/>");
        let reply = super::ask(&anna, "REPORT", CALENDAR, "0", "D:sync-collection", &inner).expect(403);
        assert!(reply.text().contains("<D:valid-sync-token/>"));
    }
}

#[test]
fn an_answer_of_many_pieces_is_whole() {
    let server = Server::start();
    let anna = anna(&server);
    for i in 0..160 {
        put(
            &anna,
            &format!("{CALENDAR}{i}"),
            &event(&i.to_string(), "DTSTART:20260101"),
        )
        .expect(201);
    }
    let all = super::propfind(&anna, CALENDAR, "1", "<D:getetag/><D:getcontentlength/>");
    assert_eq!(
        (names(&all).len(), all.trim_end().ends_with("</D:multistatus>")),
        (160, true)
    );
}

#[test]
fn a_change_rings_the_bell() {
    let server = Server::start();
    let page = crate::web::Web::page(&server, "anna@example.test");
    let mut events = page.follow("/api/events");
    let mut lines = BufReader::new(events.stdout.take().unwrap()).lines();
    assert!(lines.any(|l| l.unwrap().contains("hello")));
    let anna = anna(&server);
    put(&anna, &format!("{CALENDAR}a"), &event("a", "DTSTART:20260101")).expect(201);
    assert!(lines.any(|l| l.unwrap().starts_with("event: change")));
    let _ = events.kill();
    let _ = events.wait();
    wait_until("the event is there", Duration::from_secs(5), || {
        names(&sync(&anna, CALENDAR, "")) == ["a"]
    });
}

#[test]
fn what_stands_beside_events_and_cards_is_computed_again() {
    let mut server = Server::start();
    let anna = anna(&server);
    put(
        &anna,
        &format!("{CALENDAR}a.ics"),
        &event("a", "DTSTART:20261110T090000Z\nDTEND:20261110T100000Z"),
    )
    .expect(201);
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoe\r\nUID:c\r\nEND:VCARD\r\n";
    put(&anna, &format!("{BOOK}c.vcf"), card).expect(201);
    let month = "<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">\
                 <C:time-range start=\"20261101T000000Z\" end=\"20261201T000000Z\"/></C:comp-filter></C:comp-filter></C:filter>";
    let found = report(&anna, CALENDAR, "C:calendar-query", month);
    assert_eq!(names(&found), ["a.ics"]);
    server.stop();
    let account = server.data.path().join("accounts/1/account.db");
    let program = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as db: print(db.execute(sys.argv[2]).fetchall())";
    let sql = |statement: &str| {
        let out = Command::new("python3")
            .args(["-c", program])
            .arg(&account)
            .arg(statement)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    let look =
        "SELECT name, uid, kind, first_s, last_s, start_s, title, schedule_tag FROM object ORDER BY item_id";
    let before = sql(look);
    assert!(before.contains("'Zoe'"), "{before}");
    sql("UPDATE object SET first_s = 0, last_s = 1, start_s = 0, title = 'wrong'");
    run(server.data.path(), &["doctor", "--rebuild"]);
    assert_eq!(sql(look), before);
    server.start_again();
    assert_eq!(
        report(&anna, CALENDAR, "C:calendar-query", month),
        found,
        "nothing has changed for anybody"
    );
}

#[test]
fn queries_find_alarms_parameters_and_texts_by_their_collation() {
    let server = Server::start();
    let anna = anna(&server);
    let alarm = |trigger: &str| {
        format!(
            "DTSTART:20261110T090000Z\nRRULE:FREQ=DAILY;COUNT=3\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER:{trigger}\nEND:VALARM"
        )
    };
    for (name, lines) in [
        ("early", alarm("-PT1H")),
        ("late", alarm("PT1H")),
        (
            "guests",
            "DTSTART:20261110T090000Z\nLOCATION:KÜCHE\nATTENDEE;PARTSTAT=DECLINED:mailto:x@other.test"
                .to_owned(),
        ),
    ] {
        put(&anna, &format!("{CALENDAR}{name}"), &event(name, &lines)).expect(201);
    }
    let query = |inner: &str| {
        format!(
            "<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">{inner}\
             </C:comp-filter></C:comp-filter></C:filter>"
        )
    };
    let find = |inner: &str| names(&report(&anna, CALENDAR, "C:calendar-query", &query(inner)));
    let ringing = |from: &str, to: &str| {
        find(&format!(
            "<C:comp-filter name=\"VALARM\"><C:time-range start=\"{from}\" end=\"{to}\"/></C:comp-filter>"
        ))
    };
    assert_eq!(ringing("20261112T075900Z", "20261112T080100Z"), ["early"]);
    assert_eq!(ringing("20261112T095900Z", "20261112T100100Z"), ["late"]);
    assert!(ringing("20261112T085900Z", "20261112T090100Z").is_empty());
    assert_eq!(
        find("<C:comp-filter name=\"VALARM\"><C:is-not-defined/></C:comp-filter>"),
        ["guests"]
    );
    let text = |attributes: &str, text: &str| {
        find(&format!(
            "<C:prop-filter name=\"LOCATION\"><C:text-match {attributes}>{text}</C:text-match></C:prop-filter>"
        ))
    };
    assert_eq!(text("collation=\"i;unicode-casemap\"", "küche"), ["guests"]);
    assert!(text("", "küche").is_empty() && text("collation=\"i;octet\"", "KÜche").is_empty());
    assert_eq!(text("", "kÜche"), ["guests"]);
    assert!(text("negate-condition=\"yes\"", "KÜCHE").is_empty());
    assert_eq!(text("negate-condition=\"yes\"", "Keller"), ["guests"]);
    let status = |condition: &str| {
        find(&format!(
            "<C:prop-filter name=\"ATTENDEE\"><C:param-filter name=\"PARTSTAT\">{condition}</C:param-filter></C:prop-filter>"
        ))
    };
    assert_eq!(status("<C:text-match>declined</C:text-match>"), ["guests"]);
    assert!(status("<C:text-match negate-condition=\"yes\">declined</C:text-match>").is_empty());
    assert!(status("<C:is-not-defined/>").is_empty());
    for (bad, precondition) in [
        (
            "<C:prop-filter name=\"SUMMARY\"><C:text-match collation=\"i;none\">x</C:text-match></C:prop-filter>",
            "<C:supported-collation/>",
        ),
        (
            "<C:comp-filter name=\"X-OTHER\"><C:time-range start=\"20261112T000000Z\"/></C:comp-filter>",
            "<C:supported-filter/>",
        ),
        (
            "<C:prop-filter name=\"A\"><C:param-filter name=\"B\"><C:other/></C:param-filter></C:prop-filter>",
            "<C:valid-filter/>",
        ),
    ] {
        let reply = super::ask(&anna, "REPORT", CALENDAR, "1", "C:calendar-query", &query(bad)).expect(403);
        assert!(reply.text().contains(precondition), "{bad}");
    }
}

/// What floats lies where those are who ask (RFC 7809 §5.2.1, RFC 4791 §9.8).
#[test]
fn a_query_says_in_which_zone_it_is_asked() {
    let server = Server::start();
    let anna = super::anna(&server);
    let path = format!("{CALENDAR}floats.ics");
    put(
        &anna,
        &path,
        &event("floats", "DTSTART:20260701T090000\nDURATION:PT1H"),
    )
    .expect(201);
    let query = |zone: &str| {
        format!(
            "<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">\
             <C:time-range start=\"20260701T070000Z\" end=\"20260701T080000Z\"/></C:comp-filter></C:comp-filter></C:filter>{zone}"
        )
    };
    let found = |zone: &str| names(&super::report(&anna, CALENDAR, "C:calendar-query", &query(zone))).len();
    let described = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//T//EN\r\nBEGIN:VTIMEZONE\r\nTZID:own\r\nBEGIN:STANDARD\r\n\
        DTSTART:19700101T000000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n";
    assert_eq!(found(""), 0, "a calendar without a zone is in UTC");
    for (zone, count) in [
        ("<C:timezone-id>Europe/Berlin</C:timezone-id>".to_owned(), 1),
        (
            "<C:timezone-id>W. Europe Standard Time</C:timezone-id>".to_owned(),
            1,
        ),
        ("<C:timezone-id>America/New_York</C:timezone-id>".to_owned(), 0),
        (format!("<C:timezone>{described}</C:timezone>"), 1),
    ] {
        assert_eq!(found(&zone), count, "{zone}");
    }
    for (zone, precondition) in [
        (
            "<C:timezone-id>Europe/Nowhere</C:timezone-id>",
            "<C:valid-timezone/>",
        ),
        ("<C:timezone>x</C:timezone>", "<C:valid-calendar-data/>"),
    ] {
        let reply = super::ask(&anna, "REPORT", CALENDAR, "1", "C:calendar-query", &query(zone)).expect(403);
        assert!(reply.text().contains(precondition), "{zone}");
    }
}
