//! With another office, by mail (iMIP) in both directions.

use super::{calendar_of, meeting, wait_for};
use crate::dav::{anna, program, put};
use crate::mailbox::{Mailbox, wait_for_messages};
use crate::server::{Folder, PASSWORD, Server, free_port, run_with, set_up};
use crate::sharing::shared_homes;
use crate::web::Web;
use serde_json::json;

const ANNA: &str = "anna@example.test";
const EVE: &str = "eve@other.test";
const WEEKLY: &str = "DTSTART;TZID=Europe/Berlin:20300107T090000\nDTEND;TZID=Europe/Berlin:20300107T100000\nRRULE:FREQ=WEEKLY;COUNT=5";

/// Two offices, each the other's next server: example.test with Anna, other.test with Eve.
pub fn start() -> (Server, Server) {
    let ports = (free_port(), free_port());
    let serve = |data: Folder, own: u16| Server::serve(data, &["--smtp", &format!("127.0.0.1:{own}")]);
    let next = |port: u16| format!("smtp://127.0.0.1:{port}?security=none");
    let (ours, theirs) = (Folder::new(), Folder::new());
    set_up(ours.path(), &["--smarthost", &next(ports.1)]);
    let out = run_with(
        theirs.path(),
        &[
            "setup",
            "--domain",
            "other.test",
            "--admin",
            EVE,
            "--password-stdin",
            "--smarthost",
            &next(ports.0),
        ],
        &format!("{PASSWORD}\n"),
    );
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    (serve(ours, ports.0), serve(theirs, ports.1))
}

fn unfolded(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw)
        .replace("=\r\n", "")
        .replace("\r\n ", "")
}

#[test]
fn offices_invite_accept_change_and_cancel_by_mail() {
    let (ours, theirs) = start();
    let (web, eve) = (anna(&ours), program(&theirs, EVE));
    let path = format!("{}w.ics", calendar_of(ANNA));
    put(&web, &path, &meeting("w1", ANNA, &[ANNA, EVE], WEEKLY)).expect(201);
    let (name, invited) = wait_for(&theirs, EVE, "w1", "invited", |_| true);
    assert!(!invited.contains("METHOD"), "{invited}");

    // The mail is one that people and programs understand.
    let mail = unfolded(&wait_for_messages(theirs.imap, EVE, "INBOX", 1)[0]);
    for part in [
        "From: <anna@example.test>",
        "To: <eve@other.test>",
        "Subject: Invitation: Meeting w1",
        "DKIM-Signature: v=1; a=rsa-sha256;",
        "multipart/alternative",
        "Content-Type: text/calendar; method=\"REQUEST\"; charset=\"utf-8\"",
        "Content-Type: application/ics; name=\"invite.ics\"",
        "METHOD:REQUEST",
        "anna@example.test invites you to an event.",
        "When: 2030-01-07 09:00-10:00 Europe/Berlin (recurring)",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }

    let yes = invited.replace("NEEDS-ACTION;RSVP=TRUE:mailto:eve", "ACCEPTED:mailto:eve");
    put(&eve, &format!("{}{name}", calendar_of(EVE)), &yes).expect(204);
    let (_, own) = wait_for(&ours, ANNA, "w1", "accepted", |t| {
        t.lines()
            .any(|l| l.contains(EVE) && l.contains("PARTSTAT=ACCEPTED"))
    });
    let answer = unfolded(&wait_for_messages(ours.imap, ANNA, "INBOX", 1)[0]);
    assert!(answer.contains("Subject: Accepted: Meeting w1"), "{answer}");

    // Another place, then one occurrence less.
    let moved = own.replace("SUMMARY:Meeting w1", "SUMMARY:Meeting w1\r\nLOCATION:Elsewhere");
    put(&web, &path, &moved).expect(204);
    let (_, news) = wait_for(&theirs, EVE, "w1", "elsewhere", |t| {
        t.contains("LOCATION:Elsewhere")
    });
    assert!(news.contains("PARTSTAT=ACCEPTED"), "the answer stays: {news}");
    let current = super::copy(&web, ANNA, "w1").unwrap().1;
    let less = current.replace(
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Berlin:20300121T090000",
    );
    put(&web, &path, &less).expect(204);
    wait_for(&theirs, EVE, "w1", "one less", |t| {
        t.contains("EXDATE;TZID=Europe/Berlin:20300121T090000")
    });
    let all = wait_for_messages(theirs.imap, EVE, "INBOX", 3);
    assert!(unfolded(&all[2]).contains("METHOD:CANCEL"));
    web.send("DELETE", &path, &[], b"").expect(204);
    wait_for(&theirs, EVE, "w1", "called off", |t| {
        t.contains("STATUS:CANCELLED")
    });
    assert_eq!(
        Mailbox::open(theirs.imap, EVE).count("INBOX"),
        4,
        "one mail for each change"
    );
}

/// A guest whom nobody knows there: the organizer's program sees that the invitation did not arrive (RFC 6638 §3.2.9).
#[test]
fn what_does_not_arrive_is_noted_beside_whoever_it_was_for() {
    let (ours, _theirs) = start();
    let web = anna(&ours);
    let path = format!("{}n.ics", calendar_of(ANNA));
    let nobody = "nobody@other.test";
    put(&web, &path, &meeting("n1", ANNA, &[ANNA, EVE, nobody], WEEKLY)).expect(201);
    let status = |text: &str, who: &str| -> String {
        let line = text
            .lines()
            .find(|l| l.starts_with("ATTENDEE") && l.contains(who));
        let status = line
            .and_then(|l| l.split("SCHEDULE-STATUS=").nth(1))
            .unwrap_or_default();
        status.split([';', ':']).next().unwrap_or_default().to_owned()
    };
    let (_, text) = wait_for(&ours, ANNA, "n1", "noted", |t| {
        status(t, nobody).starts_with("5.1")
    });
    assert!(!status(&text, EVE).starts_with('5'), "{text}");
    let report = wait_for_messages(ours.imap, ANNA, "INBOX", 1);
    assert!(String::from_utf8_lossy(&report[0]).contains(nobody));
}

/// Who may write in somebody's calendar answers in their name, and says so.
#[test]
fn a_deputy_answers_in_the_owners_name() {
    const BEN: &str = "ben@example.test";
    let (ours, theirs) = start();
    ours.cli(&["share", "add", ANNA, "calendar", BEN, "--level", "write"]);
    let (eve, ben, page) = (program(&theirs, EVE), program(&ours, BEN), Web::page(&ours, BEN));
    let place = shared_homes(&ben, BEN, "calendars").remove(0);
    // By Graph's word for it, by a CalDAV program that changes the copy, and by one that removes it.
    for (n, said) in ["ACCEPTED", "TENTATIVE", "DECLINED"].into_iter().enumerate() {
        let uid = format!("d{n}");
        let path = format!("{}{uid}.ics", calendar_of(EVE));
        put(&eve, &path, &meeting(&uid, EVE, &[ANNA, EVE], WEEKLY)).expect(201);
        let (name, text) = wait_for(&ours, ANNA, &uid, "invited", |_| true);
        let copy = format!("{place}{name}");
        match n {
            0 => {
                let all = page.get("/v1.0/me/calendars").expect(200).json();
                let all = all["value"].as_array().unwrap().clone();
                let hers = all.iter().find(|c| c["owner"]["address"] == ANNA).unwrap();
                let path = format!("/v1.0/me/calendars/{}/events", hers["id"].as_str().unwrap());
                let events = page.get(&path).expect(200).json();
                let id = events["value"][0]["id"].as_str().unwrap();
                page.post(&format!("/v1.0/me/events/{id}/accept"), &json!({}))
                    .expect(202);
            }
            1 => {
                let yes = text.replace("NEEDS-ACTION;RSVP=TRUE:mailto:anna", "TENTATIVE:mailto:anna");
                put(&ben, &copy, &yes).expect(204);
            }
            _ => {
                ben.send("DELETE", &copy, &[], b"").expect(204);
            }
        }
        wait_for(&theirs, EVE, &uid, said, |t| {
            t.lines()
                .any(|l| l.contains(ANNA) && l.contains(&format!("PARTSTAT={said}")))
        });
        let answer = unfolded(&wait_for_messages(theirs.imap, EVE, "INBOX", n + 1)[n]);
        assert!(answer.contains("<anna@example.test>"), "{answer}");
        assert!(answer.contains("SENT-BY=\"mailto:ben@example.test\""), "{answer}");
    }
    // Who answers for themselves says nothing of the sort.
    let path = format!("{}own.ics", calendar_of(EVE));
    put(&eve, &path, &meeting("own", EVE, &[ANNA, EVE], WEEKLY)).expect(201);
    let (name, text) = wait_for(&ours, ANNA, "own", "invited", |_| true);
    let yes = text.replace("NEEDS-ACTION;RSVP=TRUE:mailto:anna", "ACCEPTED:mailto:anna");
    put(&anna(&ours), &format!("{}{name}", calendar_of(ANNA)), &yes).expect(204);
    let answer = unfolded(&wait_for_messages(theirs.imap, EVE, "INBOX", 4)[3]);
    assert!(
        answer.contains("PARTSTAT=ACCEPTED") && !answer.contains("SENT-BY"),
        "{answer}"
    );
}
