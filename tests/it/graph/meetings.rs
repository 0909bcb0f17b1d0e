//! Reminders that somebody has dealt with, and times that somebody would like better.

use super::code;
use crate::server::{Server, wait_until};
use crate::web::Web;
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

fn time(text: &str) -> Value {
    json!({"dateTime": text, "timeZone": "UTC"})
}

/// Where reminders of some days fire.
fn reminders(web: &Web) -> Vec<String> {
    let path =
        "/v1.0/me/reminderView(startDateTime='2030-01-06T00:00:00Z',endDateTime='2030-01-12T00:00:00Z')";
    let found = web.get(path).expect(200).json();
    let all = found["value"].as_array().unwrap().iter();
    all.map(|r| r["reminderFireTime"]["dateTime"].as_str().unwrap()[5..16].to_owned())
        .collect()
}

#[test]
fn a_reminder_that_was_seen_or_put_off_is_kept_so() {
    let mut server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let daily = json!({"subject": "daily", "start": time("2030-01-07T09:00:00"), "end": time("2030-01-07T09:30:00"),
        "isReminderOn": true, "reminderMinutesBeforeStart": 10,
        "recurrence": {"pattern": {"type": "daily", "interval": 1},
                       "range": {"type": "numbered", "startDate": "2030-01-07", "numberOfOccurrences": 4}}});
    web.post("/v1.0/me/events", &daily).expect(201);
    assert_eq!(
        reminders(&web),
        ["01-07T08:50", "01-08T08:50", "01-09T08:50", "01-10T08:50"]
    );
    let view = "/v1.0/me/calendarView?startDateTime=2030-01-06T00:00:00Z&endDateTime=2030-01-12T00:00:00Z";
    let found = web.get(view).expect(200).json();
    let id = |n: usize| found["value"][n]["id"].as_str().unwrap().to_owned();
    let act =
        |n: usize, what: &str, body: &Value| web.post(&format!("/v1.0/me/events/{}/{what}", id(n)), body);
    act(0, "dismissReminder", &json!({})).expect(200);
    assert_eq!(reminders(&web), ["01-08T08:50", "01-09T08:50", "01-10T08:50"]);
    // Both spellings of the body.
    act(
        1,
        "snoozeReminder",
        &json!({"NewReminderTime": time("2030-01-08T11:00:00")}),
    )
    .expect(200);
    assert_eq!(reminders(&web), ["01-08T11:00", "01-09T08:50", "01-10T08:50"]);
    act(
        1,
        "snoozeReminder",
        &json!({"newReminderTime": time("2030-01-08T15:00:00")}),
    )
    .expect(200);
    server.stop();
    server.start_again();
    let web = Web::page(&server, "anna@example.test");
    assert_eq!(reminders(&web), ["01-08T15:00", "01-09T08:50", "01-10T08:50"]);
    let act =
        |n: usize, what: &str, body: &Value| web.post(&format!("/v1.0/me/events/{}/{what}", id(n)), body);
    act(1, "dismissReminder", &json!({})).expect(200);
    assert_eq!(reminders(&web), ["01-09T08:50", "01-10T08:50"]);
    assert_eq!(
        code(&act(2, "snoozeReminder", &json!({})).expect(400).json()),
        "BadRequest"
    );
    // A single one, and the reminder that it has stays what it was.
    let once = json!({"subject": "once", "start": time("2030-01-11T12:00:00"), "end": time("2030-01-11T13:00:00"),
                      "isReminderOn": true, "reminderMinutesBeforeStart": 60});
    let once = web.post("/v1.0/me/events", &once).expect(201).json();
    let path = format!("/v1.0/me/events/{}", once["id"].as_str().unwrap());
    web.post(
        &format!("{path}/snoozeReminder"),
        &json!({"newReminderTime": time("2030-01-11T14:00:00")}),
    )
    .expect(200);
    assert_eq!(reminders(&web).last().unwrap(), "01-11T14:00");
    assert_eq!(
        web.get(&path).expect(200).json()["reminderMinutesBeforeStart"],
        60
    );
}

#[test]
fn a_proposal_that_is_refused_is_off_on_both_sides_and_its_author_reads_it() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let ben = Web::page(&server, "ben@example.test");
    let body = json!({"subject": "Treffen", "start": time("2030-01-07T09:00:00"), "end": time("2030-01-07T10:00:00"),
        "attendees": [{"type": "required", "emailAddress": {"address": "ben@example.test"}}]});
    let id = anna.post("/v1.0/me/events", &body).expect(201).json()["id"].clone();
    let id = id.as_str().unwrap();
    let bens = || ben.get("/v1.0/me/events").expect(200).json()["value"][0].clone();
    wait_until("ben has it", PATIENCE, || bens().is_object());
    let own = format!("/v1.0/me/events/{}", bens()["id"].as_str().unwrap());
    let better = json!({"start": time("2030-01-08T14:00:00"), "end": time("2030-01-08T15:00:00")});
    let propose = || {
        ben.post(&format!("{own}/decline"), &json!({"proposedNewTime": better}))
            .expect(202)
    };
    let guest = || anna.get(&format!("/v1.0/me/events/{id}")).expect(200).json()["attendees"][0].clone();
    let proposed = |guest: &Value| guest.get("proposedNewTime").is_some();
    let refuse = |web: &Web, id: &str, who: &str| {
        let body = json!({"guest": who, "comment": "Da ist zu"});
        web.post(&format!("/api/calendar/events/{id}/decline-proposal"), &body)
    };
    refuse(&anna, id, "ben@example.test").expect(404);
    propose();
    wait_until("anna hears it", PATIENCE, || proposed(&guest()));
    assert!(proposed(&bens()["attendees"][0]), "ben sees what he has proposed");
    let bens_id = bens()["id"].as_str().unwrap().to_owned();
    refuse(&ben, &bens_id, "ben@example.test").expect(400);
    refuse(&anna, id, "nobody@example.test").expect(404);
    refuse(&anna, "E5-tomorrow", "ben@example.test").expect(404);
    refuse(&anna, id, "Ben@Example.test").expect(204);
    assert!(!proposed(&guest()) && guest()["status"]["response"] == "declined");
    wait_until("ben hears it", PATIENCE, || !proposed(&bens()["attendees"][0]));
    let mails = crate::mailbox::wait_for_messages(server.imap, "ben@example.test", "INBOX", 1);
    let mail = String::from_utf8_lossy(&mails[0]).replace("\r\n ", "");
    for part in [
        "Subject: Proposal declined: Treffen",
        "METHOD:DECLINECOUNTER",
        "Comment: Da ist zu",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    // Another subject leaves a proposal open; another time is a decision, too.
    propose();
    wait_until("anna hears it again", PATIENCE, || proposed(&guest()));
    let path = format!("/v1.0/me/events/{id}");
    anna.patch(&path, &json!({"subject": "Besprechung"})).expect(200);
    wait_until("ben sees it", PATIENCE, || bens()["subject"] == "Besprechung");
    assert!(proposed(&guest()) && proposed(&bens()["attendees"][0]));
    let moved = json!({"start": time("2030-01-09T09:00:00"), "end": time("2030-01-09T10:00:00")});
    anna.patch(&path, &moved).expect(200);
    assert!(!proposed(&guest()));
    wait_until("ben is asked anew", PATIENCE, || {
        let now = bens();
        now["start"]["dateTime"]
            .as_str()
            .unwrap()
            .starts_with("2030-01-09")
            && !proposed(&now["attendees"][0])
    });
}

#[test]
fn who_cannot_come_proposes_another_time_and_the_organizer_sees_it() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let ben = Web::page(&server, "ben@example.test");
    let body = json!({"subject": "Treffen", "start": time("2030-01-07T09:00:00"), "end": time("2030-01-07T10:00:00"),
        "attendees": [{"type": "required", "emailAddress": {"address": "ben@example.test"}}]});
    let made = anna.post("/v1.0/me/events", &body).expect(201).json();
    let path = format!("/v1.0/me/events/{}", made["id"].as_str().unwrap());
    let bens = || {
        ben.get("/v1.0/me/events").expect(200).json()["value"]
            .as_array()
            .unwrap()
            .clone()
    };
    wait_until("ben has it", PATIENCE, || !bens().is_empty());
    let own = format!("/v1.0/me/events/{}", bens()[0]["id"].as_str().unwrap());
    let better = json!({"start": time("2030-01-08T14:00:00"), "end": time("2030-01-08T15:00:00")});
    let answer = |what: &str, body: &Value| ben.post(&format!("{own}/{what}"), body);
    for (what, wrong) in [
        ("accept", json!({"proposedNewTime": better})),
        (
            "decline",
            json!({"proposedNewTime": better, "sendResponse": false}),
        ),
        ("decline", json!({"proposedNewTime": {"start": better["start"]}})),
        (
            "decline",
            json!({"proposedNewTime": {"start": better["end"], "end": better["start"]}}),
        ),
    ] {
        assert_eq!(
            code(&answer(what, &wrong).expect(400).json()),
            "ErrorInvalidRequest"
        );
    }
    answer(
        "tentativelyAccept",
        &json!({"ProposedNewTime": better, "Comment": "lieber so", "SendResponse": true}),
    )
    .expect(202);
    let guest = || anna.get(&path).expect(200).json()["attendees"][0].clone();
    wait_until("anna hears it", PATIENCE, || {
        guest()["proposedNewTime"].is_object()
    });
    let seen = guest();
    assert_eq!(seen["status"]["response"], "tentativelyAccepted");
    assert!(
        seen["proposedNewTime"]["start"]["dateTime"]
            .as_str()
            .unwrap()
            .starts_with("2030-01-08T14:00:00"),
        "{seen}"
    );
    // What stands stays until the organizer decides.
    let stands = anna.get(&path).expect(200).json();
    assert!(
        stands["start"]["dateTime"]
            .as_str()
            .unwrap()
            .starts_with("2030-01-07T09:00:00")
    );
    // Another answer takes the proposal back.
    answer("accept", &json!({})).expect(202);
    wait_until("the proposal is over", PATIENCE, || {
        guest().get("proposedNewTime").is_none()
    });
    assert_eq!(guest()["status"]["response"], "accepted");
}
