//! Other times proposed by mail, and people who write for others.

use super::mail::{EVENT, PLAIN, calendar, deliver, mail};
use super::{PATIENCE, calendar_of, copy, meeting, settle, wait_for};
use crate::dav::{anna, put};
use crate::mailbox::wait_for_messages;
use crate::outgoing::queue;
use crate::server::{Server, wait_until};
use crate::web::Web;
use serde_json::json;

const ANNA: &str = "anna@example.test";
const WHEN: &str = "DTSTART:20300107T090000Z\nDTEND:20300107T100000Z";

fn said(text: &str, who: &str) -> String {
    let line = text
        .lines()
        .find(|l| l.starts_with("ATTENDEE") && l.contains(who));
    line.unwrap_or_default().to_owned()
}

/// The shapes of Exchange (a Windows zone, an answer with it), Google (times in UTC) and Apple (no answer with it).
#[test]
fn a_time_that_a_guest_proposes_by_mail_stands_beside_them_until_it_is_decided() {
    let server = Server::start();
    let (web, page) = (anna(&server), Web::page(&server, ANNA));
    let guests = [ANNA, "x@other.test", "y@other.test", "z@third.test"];
    let path = format!("{}p.ics", calendar_of(ANNA));
    put(&web, &path, &meeting("p1", ANNA, &guests, WHEN)).expect(201);
    let queued = queue(&server).len();
    let counter = |from: &str, who: &str, times: &str| {
        let event = format!(
            "UID:p1\nDTSTAMP:20270101T000000Z\n{times}\nORGANIZER:mailto:{ANNA}\nATTENDEE;{who}\nSUMMARY:Meeting p1"
        );
        let head = "Content-Type: text/calendar; method=COUNTER; charset=utf-8";
        deliver(
            &server,
            from,
            &mail(from, head, &calendar("METHOD:COUNTER", &event)),
        );
    };
    let windows = "DTSTART;TZID=W. Europe Standard Time:20300108T150000\nDTEND;TZID=W. Europe Standard Time:20300108T160000";
    counter("x@other.test", "PARTSTAT=TENTATIVE:mailto:x@other.test", windows);
    let utc = "DTSTART:20300109T090000Z\nDTEND:20300109T100000Z";
    counter("y@other.test", "PARTSTAT=NEEDS-ACTION:mailto:y@other.test", utc);
    // Who is not invited, and who writes for a guest from elsewhere without a word of theirs, proposes nothing.
    counter("w@other.test", "PARTSTAT=TENTATIVE:mailto:w@other.test", utc);
    counter("evil@evil.test", "PARTSTAT=TENTATIVE:mailto:z@third.test", utc);
    wait_for_messages(server.imap, ANNA, "INBOX", 4);
    let (_, text) = wait_for(&server, ANNA, "p1", "both", |t| {
        t.matches("X-HAUSPOST-PROPOSED").count() == 2
    });
    settle(&server, &[ANNA]);
    let x = said(&text, "x@other.test");
    assert!(
        x.contains("PROPOSED=20300108T140000Z/20300108T150000Z") && x.contains("PARTSTAT=TENTATIVE"),
        "{x}"
    );
    let y = said(&text, "y@other.test");
    assert!(
        y.contains("20300109T090000Z/20300109T100000Z") && y.contains("PARTSTAT=NEEDS-ACTION"),
        "{y}"
    );
    assert!(!said(&text, "z@third.test").contains("PROPOSED"));

    // One is refused: a mail goes out that says so to people and to programs.
    let listed = page.get("/v1.0/me/events?$select=id").expect(200).json();
    let id = listed["value"][0]["id"].as_str().unwrap().to_owned();
    let refusal = format!("/api/calendar/events/{id}/decline-proposal");
    page.post(&refusal, &json!({"guest": "x@other.test", "comment": "Zu spät"}))
        .expect(204);
    wait_until("it is on its way", PATIENCE, || {
        queue(&server).len() == queued + 1 || queue(&server).len() > queued
    });
    let text = copy(&web, ANNA, "p1").unwrap().1;
    assert!(
        !said(&text, "x@other.test").contains("PROPOSED") && said(&text, "y@other.test").contains("PROPOSED")
    );
    // The other is taken: nothing is open any more, and everybody is asked.
    put(&web, &path, &text.replace("20300107T", "20300109T")).expect(204);
    let text = copy(&web, ANNA, "p1").unwrap().1;
    assert!(
        !text.contains("PROPOSED") && !said(&text, "x@other.test").contains("TENTATIVE"),
        "{text}"
    );
}

#[test]
fn who_writes_for_somebody_says_so() {
    let server = Server::start();
    let web = anna(&server);
    let path = format!("{}s.ics", calendar_of(ANNA));
    put(&web, &path, &meeting("s1", ANNA, &[ANNA, "x@other.test"], WHEN)).expect(201);
    let reply = |from: &str, guest: &str| {
        let event = format!("UID:s1\nDTSTAMP:20270101T000000Z\nORGANIZER:mailto:{ANNA}\nATTENDEE;{guest}");
        let head = "Content-Type: text/calendar; method=REPLY";
        deliver(
            &server,
            from,
            &mail(from, head, &calendar("METHOD:REPLY", &event)),
        );
    };
    // A guest's secretary at another company; one who only says so is not told apart from one who is, but has to be
    // the one who sends.
    let secretary = "PARTSTAT=ACCEPTED;SENT-BY=\"mailto:office@service.test\":mailto:x@other.test";
    reply("evil@evil.test", &secretary.replace("ACCEPTED", "DECLINED"));
    reply("office@service.test", secretary);
    wait_for(&server, ANNA, "s1", "accepted", |t| {
        said(t, "x@other.test").contains("PARTSTAT=ACCEPTED")
    });

    // An organizer's secretary sends the invitation, then news about it; then the organizer does.
    let event = EVENT.replace("ORGANIZER:", "ORGANIZER;SENT-BY=\"mailto:pa@service.test\":");
    let request = |from: &str, event: &str| {
        deliver(
            &server,
            from,
            &mail(from, PLAIN, &calendar("METHOD:REQUEST", event)),
        );
    };
    request("pa@service.test", &event);
    wait_for(&server, ANNA, "q1", "invited", |_| true);
    let newer = |n: u32| event.replace("DTSTAMP:2026", &format!("SEQUENCE:{n}\nDTSTAMP:2027"));
    request("pa@service.test", &newer(1));
    wait_for(&server, ANNA, "q1", "news", |t| t.contains("SEQUENCE:1"));
    request("evil@evil.test", &newer(2));
    request("boss@other.test", &newer(3));
    wait_for(&server, ANNA, "q1", "more news", |t| t.contains("SEQUENCE:3"));
}

/// Who is invited under another of their names answers under it: others compare.
#[test]
fn an_alias_is_invited_and_answers() {
    let server = Server::start();
    server.cli(&["account", "set", ANNA, "--add-alias", "info@example.test"]);
    let event = EVENT.replace("mailto:anna@example.test", "mailto:info@example.test");
    deliver(
        &server,
        "boss@other.test",
        &mail("boss@other.test", PLAIN, &calendar("METHOD:REQUEST", &event)),
    );
    wait_for(&server, ANNA, "q1", "invited", |_| true);
    let page = Web::page(&server, ANNA);
    let listed = page.get("/v1.0/me/events?$select=id").expect(200).json();
    let id = listed["value"][0]["id"].as_str().unwrap().to_owned();
    page.post(&format!("/v1.0/me/events/{id}/accept"), &json!({}))
        .expect(202);
    wait_until("the answer leaves", PATIENCE, || !queue(&server).is_empty());
    assert_eq!(queue(&server)[0]["sender"], "info@example.test");
    wait_for(&server, ANNA, "q1", "accepted", |t| {
        said(t, "info@example.test").contains("PARTSTAT=ACCEPTED")
    });
}
