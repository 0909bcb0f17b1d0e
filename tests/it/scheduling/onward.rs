//! One occurrence and all that follow it, by mail: moved by the organizer, answered by a guest.

use super::mail::{EVENT, PLAIN, calendar, deliver, mail};
use super::{PATIENCE, calendar_of, copy, meeting, wait_for};
use crate::dav::{anna, put};
use crate::server::Server;

const ANNA: &str = "anna@example.test";

/// One occurrence and all that follow it are moved (RFC 5546 §3.2.2); or the series ends there, and another begins.
#[test]
fn the_rest_of_a_series_is_moved_by_mail() {
    let server = Server::start();
    let send = |event: &str| {
        let body = calendar("METHOD:REQUEST", event);
        deliver(&server, "boss@other.test", &mail("boss@other.test", PLAIN, &body));
    };
    let busy = || {
        let report = "<C:free-busy-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><C:time-range start=\"20300101T000000Z\" \
            end=\"20300211T000000Z\"/></C:free-busy-query>";
        let reply = anna(&server).send(
            "REPORT",
            &calendar_of(ANNA),
            &["Depth: 1", "Content-Type: application/xml"],
            report.as_bytes(),
        );
        let text = reply.expect(200).text().replace("\r\n ", "");
        let lines = text.lines().filter(|l| l.starts_with("FREEBUSY"));
        let periods = lines.flat_map(|l| l.rsplit(':').next().unwrap_or_default().split(','));
        let mut out: Vec<String> = periods.map(|p| p[4..11].to_owned()).collect();
        out.sort();
        out
    };
    let is_busy = |expected: &[&str]| {
        let mut now = Vec::new();
        let until = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < until {
            now = busy();
            if now == expected {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("{now:?} instead of {expected:?}");
    };
    for rule in ["RRULE:FREQ=WEEKLY;COUNT=5", "RRULE:FREQ=WEEKLY"] {
        send(&EVENT.replace("SUMMARY:", &format!("{rule}\nSUMMARY:")));
        let (name, _) = wait_for(&server, ANNA, "q1", "invited", |t| t.contains("RRULE"));
        let at = |place: &str, sequence: u32, start: &str, range: &str| {
            let event = EVENT
                .replace("20300107T09", start)
                .replace("20300107T10", &start.replace("T13", "T14"));
            send(&format!(
                "RECURRENCE-ID{range}:{place}T090000Z\nSEQUENCE:{sequence}\n{event}"
            ));
        };
        let onward = ";RANGE=THISANDFUTURE";
        // One alone, then all from the one before it on; what was said of the later one is over.
        at("20300128", 1, "20300129T13", "");
        is_busy(&["0107T09", "0114T09", "0121T09", "0129T13", "0204T09"]);
        at("20300121", 2, "20300122T13", onward);
        is_busy(&["0107T09", "0114T09", "0122T13", "0129T13", "0205T13"]);
        // Older news about the rest changes nothing; newer news about one does.
        at("20300121", 1, "20300123T13", onward);
        at("20300204", 3, "20300206T13", "");
        is_busy(&["0107T09", "0114T09", "0122T13", "0129T13", "0206T13"]);
        let text = copy(&anna(&server), ANNA, "q1").unwrap().1;
        // Few are written out, as programs show them; many cannot be.
        assert_eq!(text.contains("RANGE="), !rule.contains("COUNT"), "{text}");
        anna(&server)
            .send(
                "DELETE",
                &format!("{}{name}", calendar_of(ANNA)),
                &["Schedule-Reply: F"],
                b"",
            )
            .expect(204);
    }
    // As Outlook and Apple send it: the old series ends, a new one begins.
    send(&EVENT.replace("SUMMARY:", "RRULE:FREQ=WEEKLY\nSUMMARY:"));
    wait_for(&server, ANNA, "q1", "invited", |t| t.contains("RRULE"));
    let shorter = EVENT.replace(
        "SUMMARY:",
        "SEQUENCE:1\nRRULE:FREQ=WEEKLY;UNTIL=20300121T085959Z\nSUMMARY:",
    );
    let new = EVENT
        .replace("UID:q1", "UID:q1-new")
        .replace("20300107T09", "20300122T13")
        .replace("20300107T10", "20300122T14")
        .replace("SUMMARY:", "RRULE:FREQ=WEEKLY;COUNT=2\nSUMMARY:");
    send(&shorter);
    send(&new);
    is_busy(&["0107T09", "0114T09", "0122T13", "0129T13"]);
}

/// A guest who answers for one and all that follow (RFC 5546 §3.2.3).
#[test]
fn an_answer_for_the_rest_of_a_series_counts_for_all_that_follow() {
    let server = Server::start();
    let web = anna(&server);
    let answers = |name: &str, uid: &str, rule: &str| {
        let when = format!("DTSTART:20300107T090000Z\nDTEND:20300107T100000Z\n{rule}");
        let path = format!("{}{name}", calendar_of(ANNA));
        put(&web, &path, &meeting(uid, ANNA, &[ANNA, "x@other.test"], &when)).expect(201);
        let reply = |from: &str, said: &str, place: &str, stamp: u32| {
            let event = format!(
                "UID:{uid}\nDTSTAMP:202701{stamp:02}T000000Z\nORGANIZER:mailto:{ANNA}\nRECURRENCE-ID{place}T090000Z\n\
                 ATTENDEE;PARTSTAT={said}:mailto:x@other.test"
            );
            let head = "Content-Type: text/calendar; method=REPLY";
            deliver(
                &server,
                from,
                &mail(from, head, &calendar("METHOD:REPLY", &event)),
            );
        };
        // One of the later ones is answered by itself, and stays so.
        reply("x@other.test", "TENTATIVE", ":20300128", 1);
        wait_for(&server, ANNA, uid, "one", |t| t.contains("PARTSTAT=TENTATIVE"));
        reply("evil@evil.test", "ACCEPTED", ";RANGE=THISANDFUTURE:20300114", 2);
        reply("x@other.test", "DECLINED", ";RANGE=THISANDFUTURE:20300114", 2);
        let (_, text) = wait_for(&server, ANNA, uid, "the rest", |t| {
            t.contains("PARTSTAT=DECLINED")
        });
        assert!(!text.contains("PARTSTAT=ACCEPTED"), "{text}");
        let mut out: Vec<(String, String)> = text
            .split("BEGIN:VEVENT")
            .skip(1)
            .map(|event| {
                let line = |what: &str| event.lines().find(|l| l.contains(what)).unwrap_or("").to_owned();
                let said = line("x@other.test");
                let said = said
                    .split("PARTSTAT=")
                    .nth(1)
                    .unwrap_or("")
                    .split([';', ':'])
                    .next();
                (line("RECURRENCE-ID"), said.unwrap_or("").to_owned())
            })
            .collect();
        out.sort();
        out
    };
    let one = |place: &str, said: &str| (place.to_owned(), said.to_owned());
    assert_eq!(
        answers("a.ics", "few", "RRULE:FREQ=WEEKLY;COUNT=5"),
        [
            one("", "NEEDS-ACTION"),
            one("RECURRENCE-ID:20300114T090000Z", "DECLINED"),
            one("RECURRENCE-ID:20300121T090000Z", "DECLINED"),
            one("RECURRENCE-ID:20300128T090000Z", "TENTATIVE"),
            one("RECURRENCE-ID:20300204T090000Z", "DECLINED"),
        ]
    );
    assert_eq!(
        answers("b.ics", "many", "RRULE:FREQ=WEEKLY"),
        [
            one("", "NEEDS-ACTION"),
            one("RECURRENCE-ID:20300128T090000Z", "TENTATIVE"),
            one("RECURRENCE-ID;RANGE=THISANDFUTURE:20300114T090000Z", "DECLINED"),
        ]
    );
}
