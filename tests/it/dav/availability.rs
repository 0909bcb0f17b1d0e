//! When somebody can be met at all (RFC 7953): said by one door, honoured by all.

use super::{CALENDAR, anna, ask, program, propfind, put};
use crate::server::Server;
use crate::web::Web;
use serde_json::{Value, json};

const INBOX: &str = "/dav/calendars/anna@example.test/inbox/";
const BEN: &str = "ben@example.test";

fn office(inner: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VAVAILABILITY\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n{inner}\
         BEGIN:AVAILABLE\r\nUID:b\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20260105T090000\r\n\
         DTEND;TZID=Europe/Berlin:20260105T150000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE\r\nEND:AVAILABLE\r\nEND:VAVAILABILITY\r\nEND:VCALENDAR\r\n"
    )
}

/// Sets what anna says of herself.
fn say(web: &Web, name: &str, said: &str) -> crate::web::Reply {
    let inner = format!("<D:set><D:prop><{name}>{said}</{name}></D:prop></D:set>");
    ask(web, "PROPPATCH", INBOX, "0", "D:propertyupdate", &inner)
}

/// What ben's program learns of anna's Monday and Tuesday.
fn busy(server: &Server) -> Vec<String> {
    let ben = program(server, BEN);
    let question = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:q\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART:20301125T000000Z\r\nDTEND:20301127T000000Z\r\nORGANIZER:mailto:{BEN}\r\nATTENDEE:mailto:anna@example.test\r\n\
         END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    );
    let path = format!("/dav/calendars/{BEN}/outbox/");
    let answer = ben
        .send(
            "POST",
            &path,
            &["Content-Type: text/calendar"],
            question.as_bytes(),
        )
        .expect(200)
        .text();
    let lines = answer.lines().filter(|l| l.starts_with("FREEBUSY"));
    lines.map(|l| l.trim_end_matches("&#13;").to_owned()).collect()
}

fn schedule(web: &Web) -> Value {
    let asked = json!({"schedules": ["anna@example.test"], "availabilityViewInterval": 120,
        "startTime": {"dateTime": "2030-11-25T00:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2030-11-26T00:00:00", "timeZone": "UTC"}});
    web.post("/v1.0/me/calendar/getSchedule", &asked)
        .expect(200)
        .json()["value"][0]
        .clone()
}

/// Starts that are suggested for an hour on that Monday.
fn suggested(web: &Web) -> Vec<String> {
    let asked = json!({"attendees": [{"type": "required", "emailAddress": {"address": "anna@example.test"}}],
        "meetingDuration": "PT1H", "maxCandidates": 50, "timeConstraint": {"activityDomain": "work", "timeSlots": [
            {"start": {"dateTime": "2030-11-25T00:00:00"}, "end": {"dateTime": "2030-11-26T00:00:00"}}]}});
    let found = web.post("/v1.0/me/findMeetingTimes", &asked).expect(200).json();
    let all = found["meetingTimeSuggestions"].as_array().unwrap().clone();
    let start = |s: &Value| s["meetingTimeSlot"]["start"]["dateTime"].as_str().unwrap()[11..16].to_owned();
    all.iter().map(start).collect()
}

#[test]
fn hours_that_a_program_sets_are_those_of_every_door() {
    let server = Server::start();
    let (dav, page, ben) = (
        anna(&server),
        Web::page(&server, "anna@example.test"),
        Web::page(&server, BEN),
    );
    assert!(busy(&server).is_empty());
    let options = dav.send("OPTIONS", INBOX, &[], b"").expect(200);
    assert!(options.header("dav").contains("calendar-availability"));
    let told = propfind(&dav, INBOX, "0", "<C:calendar-availability/>");
    assert!(told.contains("404 Not Found"), "{told}");
    put(
        &dav,
        &format!("{CALENDAR}1.ics"),
        &super::event("1", "DTSTART:20301125T100000Z\nDTEND:20301125T110000Z"),
    )
    .expect(201);
    say(&dav, "C:calendar-availability", &office("")).expect(207);
    let told = propfind(
        &dav,
        INBOX,
        "0",
        "<C:calendar-availability/><S:calendar-availability/>",
    );
    assert_eq!(told.matches("UID:b").count(), 2, "{told}");
    // 9 to 15 in Berlin is 8 to 14 in UTC.
    assert_eq!(
        busy(&server),
        [
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20301125T000000Z/20301125T080000Z",
            "FREEBUSY:20301125T100000Z/20301125T110000Z",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20301125T140000Z/20301126T080000Z",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20301126T140000Z/20301127T000000Z",
        ]
    );
    // Microsoft has a word for hours, and does not call somebody away at night.
    let seen = schedule(&ben);
    assert_eq!(seen["availabilityView"], "000002000000");
    assert_eq!(
        seen["workingHours"],
        json!({"daysOfWeek": ["monday", "tuesday", "wednesday"], "startTime": "09:00:00.0000000",
            "endTime": "15:00:00.0000000", "timeZone": {"name": "Europe/Berlin"}})
    );
    let own = page
        .get("/v1.0/me/mailboxSettings/workingHours")
        .expect(200)
        .json();
    assert_eq!(own["endTime"], "15:00:00.0000000");
    assert_eq!(
        suggested(&ben),
        [
            "08:00", "08:30", "09:00", "11:00", "11:30", "12:00", "12:30", "13:00"
        ]
    );
    // And the other way round.
    let hours = json!({"workingHours": {"daysOfWeek": ["monday"], "startTime": "12:00:00", "endTime": "13:30:00",
        "timeZone": {"name": "W. Europe Standard Time"}}});
    let set = page.patch("/v1.0/me/mailboxSettings", &hours).expect(200).json();
    assert_eq!(set["workingHours"]["timeZone"]["name"], "W. Europe Standard Time");
    let told = propfind(&dav, INBOX, "0", "<C:calendar-availability/>");
    assert!(
        told.contains("DTSTART;TZID=Europe/Berlin:20000103T120000") && told.contains("BYDAY=MO"),
        "{told}"
    );
    assert_eq!(suggested(&ben), ["11:00", "11:30"]);
    // Taken away, all is as if nothing had been said.
    let remove = "<D:remove><D:prop><C:calendar-availability/></D:prop></D:remove>";
    ask(&dav, "PROPPATCH", INBOX, "0", "D:propertyupdate", remove).expect(207);
    assert_eq!(busy(&server), ["FREEBUSY:20301125T100000Z/20301125T110000Z"]);
}

/// Whoever sets plain hours loses nothing that was said beside them, and changes nothing when they are refused.
#[test]
fn plain_hours_keep_what_a_calendar_program_has_said_beside_them() {
    let server = Server::start();
    let (dav, page) = (anna(&server), Web::page(&server, "anna@example.test"));
    let settings = "/v1.0/me/mailboxSettings";
    let hours = |zone: &str| {
        json!({"timeZone": "Europe/Vienna", "workingHours": {"daysOfWeek": ["monday"], "startTime": "12:00:00",
            "endTime": "13:30:00", "timeZone": {"name": zone}}})
    };
    let told = || propfind(&dav, INBOX, "0", "<C:calendar-availability/>");
    let holiday = "BEGIN:VAVAILABILITY\r\nUID:holiday\r\nDTSTAMP:20260101T000000Z\r\nPRIORITY:1\r\nDTSTART:20301126T000000Z\r\n\
        DTEND:20301127T000000Z\r\nEND:VAVAILABILITY\r\nEND:VCALENDAR";
    say(
        &dav,
        "C:calendar-availability",
        &office("").replace("END:VCALENDAR", holiday),
    )
    .expect(207);
    let before = page.get(settings).expect(200).json();
    page.patch(settings, &hours("Nowhere Standard Time")).expect(400);
    assert_eq!(
        page.get(settings).expect(200).json(),
        before,
        "half of it was stored"
    );
    let set = page.patch(settings, &hours("Europe/Berlin")).expect(200).json();
    assert_eq!(set["workingHours"]["startTime"], "12:00:00.0000000");
    let now = told();
    assert!(
        now.contains("UID:holiday") && now.contains("20000103T120000"),
        "{now}"
    );
    // Other hours on each day are more than that door can say.
    let friday = "BEGIN:AVAILABLE\r\nUID:f\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260109T090000Z\r\nDTEND:20260109T120000Z\r\n\
        RRULE:FREQ=WEEKLY\r\nEND:AVAILABLE\r\nEND:VAVAILABILITY";
    say(
        &dav,
        "C:calendar-availability",
        &office("").replace("END:VAVAILABILITY", friday),
    )
    .expect(207);
    let (before, said) = (page.get(settings).expect(200).json(), told());
    page.patch(settings, &hours("Europe/Rome")).expect(409);
    assert_eq!((page.get(settings).expect(200).json(), told()), (before, said));
}

#[test]
fn who_is_away_is_away_by_every_door() {
    let server = Server::start();
    let (dav, ben) = (anna(&server), Web::page(&server, BEN));
    let away = office("DTSTART:20301125T060000Z\r\nDTEND:20301125T120000Z\r\n");
    say(&dav, "S:calendar-availability", &away).expect(207);
    assert_eq!(
        busy(&server),
        ["FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20301125T060000Z/20301125T080000Z"]
    );
    let seen = schedule(&ben);
    assert_eq!(
        (&seen["availabilityView"], &seen["scheduleItems"][0]["status"]),
        (&json!("000300000000"), &json!("oof"))
    );
    // In a calendar it counts for questions about that one, too.
    say(&dav, "S:calendar-availability", &office("")).expect(207);
    put(
        &dav,
        &format!("{CALENDAR}away.ics"),
        &away.replace(
            "DTSTART:20301125T060000Z",
            "PRIORITY:1\r\nBUSYTYPE:BUSY\r\nDTSTART:20301125T060000Z",
        ),
    )
    .expect(201);
    assert_eq!(
        busy(&server)[..3],
        [
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20301125T000000Z/20301125T060000Z",
            "FREEBUSY:20301125T060000Z/20301125T080000Z",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20301125T140000Z/20301126T080000Z",
        ]
    );
    let range = "<C:time-range start=\"20301125T000000Z\" end=\"20301126T000000Z\"/>";
    let one = ask(&dav, "REPORT", CALENDAR, "1", "C:free-busy-query", range)
        .expect(200)
        .text();
    assert!(
        one.contains("FREEBUSY:20301125T060000Z/20301125T080000Z"),
        "{one}"
    );
    assert!(!one.contains("UNAVAILABLE"), "{one}");
}

/// Programs that know zones by their names need no descriptions, others get one (RFC 7809).
#[test]
fn zones_are_described_to_those_who_ask() {
    let server = Server::start();
    let dav = anna(&server);
    let path = format!("{CALENDAR}z.ics");
    let stored = super::event("z", "DTSTART;TZID=Europe/Vienna:20300107T090000\nDURATION:PT1H");
    put(&dav, &path, &stored).expect(201);
    let get = |headers: &[&str]| dav.send("GET", &path, headers, b"").expect(200).text();
    assert_eq!(get(&[]), stored);
    assert_eq!(get(&["CalDAV-Timezones: F"]), stored);
    let described = get(&["CalDAV-Timezones: T"]);
    assert!(
        described.contains("BEGIN:VTIMEZONE\r\nTZID:Europe/Vienna"),
        "{described}"
    );
    // What was stored with a description is told without it.
    put(&dav, &path, &described).expect(204);
    assert_eq!(get(&[]), described);
    let short = get(&["CalDAV-Timezones: F"]);
    assert!(
        !short.contains("VTIMEZONE") && short.contains("TZID=Europe/Vienna"),
        "{short}"
    );
    let body = format!(
        "<C:calendar-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop><C:calendar-data/></D:prop>\
         <D:href>{path}</D:href></C:calendar-multiget>"
    );
    for (word, is_there) in [("T", true), ("F", false)] {
        let header = format!("CalDAV-Timezones: {word}");
        let told = dav
            .send(
                "REPORT",
                CALENDAR,
                &["Depth: 1", "Content-Type: application/xml", &header],
                body.as_bytes(),
            )
            .expect(207)
            .text();
        assert_eq!(told.contains("BEGIN:VTIMEZONE"), is_there, "{told}");
    }
}

#[test]
fn what_says_nothing_that_can_be_read_is_refused_with_its_line() {
    let server = Server::start();
    let dav = anna(&server);
    for (wrong, named) in [
        ("nonsense", "valid-calendar-data"),
        (&office("DTSTART:soon\r\n"), "line 7"),
        (
            &office("").replace("RRULE:FREQ=WEEKLY", "RRULE:FREQ=OFTEN"),
            "OFTEN",
        ),
    ] {
        let refused = say(&dav, "C:calendar-availability", wrong).expect(403).text();
        assert!(
            refused.contains("valid-calendar-data") && refused.contains(named),
            "{refused}"
        );
    }
    // With something else beside it: all or nothing.
    let both = "<D:set><D:prop><D:displayname>Renamed</D:displayname>\
        <C:calendar-availability>nonsense</C:calendar-availability></D:prop></D:set>";
    ask(&dav, "PROPPATCH", INBOX, "0", "D:propertyupdate", both).expect(403);
    let told = propfind(&dav, INBOX, "0", "<D:displayname/>");
    assert!(!told.contains("Renamed"), "{told}");
    let wrong = office("").replace("RRULE:FREQ=WEEKLY", "RRULE:FREQ=OFTEN");
    let refused = put(&dav, &format!("{CALENDAR}x.ics"), &wrong).expect(403).text();
    assert!(refused.contains("valid-calendar-data"), "{refused}");
    // Nobody else's, and nowhere else.
    let set =
        "<D:set><D:prop><C:calendar-timezone-id>Europe/Vienna</C:calendar-timezone-id></D:prop></D:set>";
    ask(&dav, "PROPPATCH", CALENDAR, "0", "D:propertyupdate", set).expect(207);
    let told = propfind(
        &dav,
        CALENDAR,
        "0",
        "<C:calendar-timezone-id/><C:calendar-timezone/><C:supported-rscale-set/>",
    );
    assert!(
        told.contains("<C:calendar-timezone-id>Europe/Vienna<") && told.contains("TZID:Europe/Vienna"),
        "{told}"
    );
    assert!(told.contains("<C:supported-rscale>GREGORIAN<"), "{told}");
    let set = set.replace("Vienna", "Atlantis");
    let refused = ask(&dav, "PROPPATCH", CALENDAR, "0", "D:propertyupdate", &set)
        .expect(207)
        .text();
    assert!(refused.contains("403"), "{refused}");
}
