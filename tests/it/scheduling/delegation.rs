//! Guests who send somebody else (RFC 5546 §3.2.2.3), groups that are asked, and occurrences that are added.

use super::mail::{EVENT, PLAIN, calendar, deliver, mail};
use super::{calendar_of, copy, meeting, settle, wait_for};
use crate::dav::{anna, program, put};
use crate::outgoing::queue;
use crate::server::{PASSWORD, Server, run_with, wait_until};
use crate::web::Web;
use serde_json::json;

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";
const CORA: &str = "cora@example.test";
const WHEN: &str = "DTSTART:20300107T090000Z\nDTEND:20300107T100000Z";

fn start() -> Server {
    let server = Server::start();
    let add = ["account", "add", CORA, "--name", "Cora", "--password-stdin"];
    let out = run_with(server.data.path(), &add, &format!("{PASSWORD}\n"));
    assert!(out.status.success(), "{out:?}");
    server
}

fn line(text: &str, who: &str) -> String {
    let found = text
        .lines()
        .find(|l| l.starts_with("ATTENDEE") && l.trim_end().ends_with(who));
    found.unwrap_or_default().to_owned()
}

#[test]
fn a_guest_sends_somebody_else_who_answers_for_themselves() {
    let server = start();
    let (web, ben) = (anna(&server), program(&server, BEN));
    let path = format!("{}d.ics", calendar_of(ANNA));
    put(&web, &path, &meeting("d1", ANNA, &[ANNA, BEN], WHEN)).expect(201);
    let (name, text) = wait_for(&server, BEN, "d1", "invited", |_| true);
    let own = line(&text, BEN);
    let passed_on = format!(
        "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:{CORA}\":mailto:{BEN}\r\n\
         ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;DELEGATED-FROM=\"mailto:{BEN}\":mailto:{CORA}"
    );
    let there = format!("{}{name}", calendar_of(BEN));
    // A guest asks nobody else along.
    let stranger = text.replace(
        own.trim_end(),
        &format!("{}\r\nATTENDEE:mailto:{CORA}", own.trim_end()),
    );
    put(&ben, &there, &stranger).expect(403);
    put(&ben, &there, &text.replace(own.trim_end(), &passed_on)).expect(204);
    let (_, known) = wait_for(&server, ANNA, "d1", "the organizer hears of it", |t| {
        line(t, BEN).contains("PARTSTAT=DELEGATED")
    });
    assert!(
        line(&known, BEN).contains(&format!("DELEGATED-TO=\"mailto:{CORA}\"")),
        "{known}"
    );
    assert!(
        line(&known, CORA).contains(&format!("DELEGATED-FROM=\"mailto:{BEN}\"")),
        "{known}"
    );
    let (name, asked) = wait_for(&server, CORA, "d1", "she is asked", |_| true);
    settle(&server, &[ANNA, BEN, CORA]);
    let own = line(&asked, CORA);
    let cora = program(&server, CORA);
    let answer = asked.replace(
        own.trim_end(),
        &own.trim_end().replace("NEEDS-ACTION", "ACCEPTED"),
    );
    put(&cora, &format!("{}{name}", calendar_of(CORA)), &answer).expect(204);
    wait_for(&server, ANNA, "d1", "she comes", |t| {
        line(t, CORA).contains("PARTSTAT=ACCEPTED")
    });
    // Ben is free, and what changes later reaches whoever comes.
    let page = Web::page(&server, ANNA);
    let asked = json!({"schedules": [BEN, CORA], "startTime": {"dateTime": "2030-01-07T09:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"}, "availabilityViewInterval": 60});
    let told = page
        .post("/v1.0/me/calendar/getSchedule", &asked)
        .expect(200)
        .json();
    let views: Vec<&str> = told["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["availabilityView"].as_str().unwrap())
        .collect();
    assert_eq!(views, ["0", "2"]);
    let current = copy(&web, ANNA, "d1").unwrap().1;
    put(&web, &path, &current.replace("20300107T", "20300109T")).expect(204);
    wait_for(&server, CORA, "d1", "the new time", |t| {
        t.contains("DTSTART:20300109T090000Z")
    });
}

#[test]
fn guests_of_other_offices_send_others_by_mail() {
    let server = start();
    let web = anna(&server);
    let path = format!("{}d.ics", calendar_of(ANNA));
    put(&web, &path, &meeting("d2", ANNA, &[ANNA, "x@other.test"], WHEN)).expect(201);
    wait_until("the invitation is on its way", super::PATIENCE, || {
        queue(&server).len() == 1
    });
    let reply = |from: &str, guests: &str| {
        let event = format!("UID:d2\nDTSTAMP:20270101T000000Z\nORGANIZER:mailto:{ANNA}\n{guests}");
        let head = "Content-Type: text/calendar; method=REPLY";
        deliver(
            &server,
            from,
            &mail(from, head, &calendar("METHOD:REPLY", &event)),
        );
    };
    let passed_on = "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:y@third.test\":mailto:x@other.test\n\
        ATTENDEE;CN=Yves;DELEGATED-FROM=\"mailto:x@other.test\":mailto:y@third.test";
    // Nobody sends others in somebody's name, and nobody comes whom no guest has sent.
    reply("evil@evil.test", passed_on);
    reply(
        "y@third.test",
        "ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM=\"mailto:x@other.test\":mailto:y@third.test",
    );
    reply("x@other.test", passed_on);
    let (_, text) = wait_for(&server, ANNA, "d2", "passed on", |t| {
        line(t, "x@other.test").contains("DELEGATED")
    });
    let yves = line(&text, "y@third.test");
    assert!(
        yves.contains("CN=Yves") && yves.contains("PARTSTAT=NEEDS-ACTION"),
        "{text}"
    );
    wait_until("he is asked by the organizer", super::PATIENCE, || {
        queue(&server)
            .iter()
            .any(|m| format!("{m:?}").contains("y@third.test"))
    });
    reply(
        "y@third.test",
        "ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM=\"mailto:x@other.test\":mailto:y@third.test",
    );
    let (_, text) = wait_for(&server, ANNA, "d2", "he comes", |t| {
        line(t, "y@third.test").contains("PARTSTAT=ACCEPTED")
    });
    assert!(
        line(&text, "x@other.test").contains("PARTSTAT=DELEGATED"),
        "{text}"
    );

    // The other way round: anna is asked by another office, and sends cora.
    deliver(
        &server,
        "boss@other.test",
        &mail("boss@other.test", PLAIN, &calendar("METHOD:REQUEST", EVENT)),
    );
    let (name, text) = wait_for(&server, ANNA, "q1", "invited", |_| true);
    let own = line(&text, ANNA);
    let passed_on = format!("ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:{CORA}\":mailto:{ANNA}");
    let waiting = queue(&server).len();
    let there = format!("{}{name}", calendar_of(ANNA));
    put(&web, &there, &text.replace(own.trim_end(), &passed_on)).expect(204);
    wait_for(&server, CORA, "q1", "she is asked", |t| {
        line(t, CORA).contains(&format!("DELEGATED-FROM=\"mailto:{ANNA}\""))
    });
    wait_until("the boss hears of it", super::PATIENCE, || {
        queue(&server).len() == waiting + 1
    });
    // What the boss changes afterwards counts for her, too.
    let newer = EVENT
        .replace("DTSTAMP:2026", "SEQUENCE:1\nDTSTAMP:2040")
        .replace("20300107T", "20300108T")
        .replace(&format!("mailto:{ANNA}"), &format!("mailto:{CORA}"));
    let mail = mail("boss@other.test", PLAIN, &calendar("METHOD:REQUEST", &newer)).replace(ANNA, CORA);
    let mut talk = crate::smtp::Talk::hello(server.smtp);
    assert!(
        talk.deliver("boss@other.test", &[CORA], mail.as_bytes())
            .starts_with("250")
    );
    wait_for(&server, CORA, "q1", "the new time", |t| {
        t.contains("DTSTART:20300108T090000Z")
    });
}

/// Everybody in a group is asked, once; whom the organizer takes out stays out.
#[test]
fn a_group_that_is_asked_is_everybody_in_it() {
    let server = start();
    server.cli(&["account", "add", "team@example.test", "--kind", "group"]);
    for who in [ANNA, BEN, CORA] {
        server.cli(&["account", "member", "add", "team@example.test", who]);
    }
    let page = Web::page(&server, ANNA);
    let body = json!({"subject": "Alle", "start": {"dateTime": "2030-01-07T09:00:00"}, "end": {"dateTime": "2030-01-07T10:00:00"},
        "attendees": [{"type": "optional", "emailAddress": {"address": "team@example.test"}}, {"emailAddress": {"address": BEN}}]});
    let made = page.post("/v1.0/me/events", &body).expect(201).json();
    let uid = made["iCalUId"].as_str().unwrap();
    for who in [BEN, CORA] {
        wait_for(&server, who, uid, "asked", |_| true);
    }
    let web = anna(&server);
    let (name, text) = copy(&web, ANNA, uid).unwrap();
    let cora = line(&text, CORA);
    assert!(
        cora.contains("MEMBER=\"mailto:team@example.test\"") && cora.contains("ROLE=OPT-PARTICIPANT"),
        "{text}"
    );
    assert!(
        line(&text, "team@example.test").contains("CUTYPE=GROUP"),
        "{text}"
    );
    assert!(
        !line(&text, BEN).contains("MEMBER") && line(&text, ANNA).is_empty(),
        "{text}"
    );
    // She answers as everybody does.
    let asked = Web::page(&server, CORA);
    let listed = asked.get("/v1.0/me/events?$select=id").expect(200).json();
    let id = listed["value"][0]["id"].as_str().unwrap();
    asked
        .post(
            &format!("/v1.0/me/events/{id}/accept"),
            &json!({"sendResponse": true}),
        )
        .expect(202);
    let (_, text) = wait_for(&server, ANNA, uid, "she comes", |t| {
        line(t, CORA).contains("ACCEPTED")
    });
    // Taken out again.
    let without = text.replace(&format!("{}\r\n", line(&text, CORA)), "");
    put(&web, &format!("{}{name}", calendar_of(ANNA)), &without).expect(204);
    wait_for(&server, CORA, uid, "called off", |t| {
        t.contains("STATUS:CANCELLED")
    });
    assert!(line(&copy(&web, ANNA, uid).unwrap().1, CORA).is_empty());
}

/// ADD (RFC 5546 §3.2.4), and what overtakes another on the way.
#[test]
fn occurrences_are_added_by_mail_and_what_comes_late_is_late() {
    let server = start();
    let send = |method: &str, event: &str| {
        let head = format!("Content-Type: text/calendar; charset=utf-8; method={method}");
        let body = calendar(&format!("METHOD:{method}"), event);
        deliver(&server, "boss@other.test", &mail("boss@other.test", &head, &body));
    };
    let weekly = EVENT.replace("SUMMARY:", "RRULE:FREQ=WEEKLY;COUNT=2\nSUMMARY:");
    send("REQUEST", &weekly);
    wait_for(&server, ANNA, "q1", "invited", |_| true);
    send(
        "ADD",
        &EVENT
            .replace("DTSTAMP:2026", "SEQUENCE:1\nDTSTAMP:2027")
            .replace("20300107T", "20300110T"),
    );
    let (_, text) = wait_for(&server, ANNA, "q1", "one more", |t| t.contains("RDATE"));
    assert!(
        text.contains("RDATE:20300110T090000Z") && text.contains("RECURRENCE-ID:20300110T090000Z"),
        "{text}"
    );
    let view = "/v1.0/me/calendarView?startDateTime=2030-01-01T00:00:00Z&endDateTime=2030-02-01T00:00:00Z&$select=start";
    let seen = Web::page(&server, ANNA).get(view).expect(200).json();
    assert_eq!(seen["value"].as_array().unwrap().len(), 3, "{seen:#}");
    // The second change comes before the first, which changes nothing any more; nor does a call-off that was taken back.
    let third = weekly
        .replace("DTSTAMP:2026", "SEQUENCE:3\nDTSTAMP:2029")
        .replace("SUMMARY:", "LOCATION:third\nSUMMARY:");
    send("REQUEST", &third);
    wait_for(&server, ANNA, "q1", "the third", |t| t.contains("LOCATION:third"));
    send(
        "REQUEST",
        &weekly
            .replace("DTSTAMP:2026", "SEQUENCE:2\nDTSTAMP:2030")
            .replace("SUMMARY:", "LOCATION:second\nSUMMARY:"),
    );
    send(
        "REQUEST",
        &third
            .replace("DTSTAMP:2029", "DTSTAMP:2028")
            .replace("LOCATION:third", "LOCATION:older"),
    );
    send(
        "CANCEL",
        &weekly.replace("DTSTAMP:2026", "SEQUENCE:2\nDTSTAMP:2030"),
    );
    crate::mailbox::wait_for_messages(server.imap, ANNA, "INBOX", 6);
    settle(&server, &[ANNA]);
    let text = copy(&anna(&server), ANNA, "q1").unwrap().1;
    assert!(
        text.contains("LOCATION:third") && !text.contains("STATUS:CANCELLED"),
        "{text}"
    );
    // The same number, written later.
    send(
        "REQUEST",
        &third
            .replace("DTSTAMP:2029", "DTSTAMP:2031")
            .replace("LOCATION:third", "LOCATION:newer"),
    );
    wait_for(&server, ANNA, "q1", "the newer", |t| t.contains("LOCATION:newer"));
}
