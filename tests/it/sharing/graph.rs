//! What others share, through Graph.

use super::{ANNA, BEN, RIGHTS, share, shared_homes, with_events};
use crate::dav::program;
use crate::server::Server;
use crate::web::{Reply, Web};
use serde_json::{Value, json};

const WINDOW: &str = "startDateTime=2026-11-23T00:00:00Z&endDateTime=2026-11-30T00:00:00Z";

fn new_event(subject: &str) -> Value {
    json!({"subject": subject, "start": {"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"}})
}

/// The calendar that ben sees of anna's.
fn shared_calendar(ben: &Web) -> Option<Value> {
    let all = ben.get("/v1.0/me/calendars").expect(200).json();
    let found = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["owner"]["address"] == ANNA);
    found.cloned()
}

fn subjects(reply: Reply) -> Vec<String> {
    let all = reply.json();
    let all = all["value"].as_array().unwrap().iter();
    let mut all: Vec<String> = all.map(|e| e["subject"].as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

/// Each right and each verb, by ben's own list and by anna's path.
#[test]
fn each_right_allows_the_same_as_over_dav() {
    let server = Server::start();
    with_events(&server);
    let ben = Web::page(&server, BEN);
    ben.get("/v1.0/users/anna@example.test/calendar").expect(404);
    assert!(shared_calendar(&ben).is_none());
    for (i, level) in RIGHTS.iter().enumerate() {
        share(&server, "calendar", BEN, level);
        let (reads, writes, manages) = (i >= 1, i >= 2, i >= 3);
        let if_so = |is: bool, code: u16| if is { code } else { 403 };
        let seen = shared_calendar(&ben).expect(level);
        assert_eq!(
            (&seen["canEdit"], &seen["canShare"], &seen["canViewPrivateItems"]),
            (&json!(writes), &json!(manages), &json!(manages)),
            "{level}"
        );
        let id = seen["id"].as_str().unwrap();
        for calendar in [
            format!("/v1.0/me/calendars/{id}"),
            "/v1.0/users/anna@example.test/calendar".to_owned(),
        ] {
            let got = ben.get(&calendar).expect(200).json();
            assert_eq!(got["canEdit"], writes, "{level} {calendar}");
            let window = ben
                .get(&format!("{calendar}/calendarView?{WINDOW}"))
                .expect(if_so(reads, 200));
            if reads {
                let private = if manages { "Event secret" } else { "Private" };
                assert_eq!(subjects(window), ["Event open", private], "{level}");
            }
            ben.get(&format!("{calendar}/events")).expect(if_so(reads, 200));
            let made = ben
                .post(&format!("{calendar}/events"), &new_event("new"))
                .expect(if_so(writes, 201));
            if writes {
                let made = made.json();
                let own = calendar.starts_with("/v1.0/me");
                let base = if own {
                    "/v1.0/me"
                } else {
                    "/v1.0/users/anna@example.test"
                };
                let path = format!("{base}/events/{}", made["id"].as_str().unwrap());
                let changed = ben.patch(&path, &json!({"subject": "newer"})).expect(200).json();
                assert_eq!(changed["id"], made["id"]);
                ben.delete(&path).expect(204);
            }
            ben.patch(&calendar, &json!({"name": "Team"}))
                .expect(if_so(manages, 200));
            ben.get(&format!("{calendar}/calendarPermissions"))
                .expect(if_so(manages, 200));
        }
        // The rest of the mailbox is not open with it.
        for path in [
            "messages",
            "mailFolders",
            "mailboxSettings",
            "todo/lists/tasks/tasks",
        ] {
            ben.get(&format!("/v1.0/users/anna@example.test/{path}"))
                .expect(404);
        }
    }
}

#[test]
fn a_private_event_is_not_written_over_by_who_may_not_see_it() {
    let server = Server::start();
    with_events(&server);
    let (anna, ben) = (Web::page(&server, ANNA), Web::page(&server, BEN));
    share(&server, "calendar", BEN, "write");
    let id = shared_calendar(&ben).unwrap()["id"].as_str().unwrap().to_owned();
    let events = ben
        .get(&format!("/v1.0/me/calendars/{id}/events"))
        .expect(200)
        .json();
    let private = events["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["subject"] == "Private");
    let path = format!(
        "/v1.0/me/events/{}",
        private.expect("it shows")["id"].as_str().unwrap()
    );
    ben.patch(&path, &json!({"subject": "mine"})).expect(403);
    ben.delete(&path).expect(403);
    let all = anna.get("/v1.0/me/events").expect(200);
    assert_eq!(subjects(all), ["Event open", "Event secret"]);
}

#[test]
fn the_owner_gives_changes_and_takes_rights_and_a_manager_too() {
    let server = Server::start();
    with_events(&server);
    let (anna, ben) = (Web::page(&server, ANNA), Web::page(&server, BEN));
    let path = "/v1.0/me/calendar/calendarPermissions";
    let wanted = json!({"emailAddress": {"name": "Ben", "address": BEN}, "isInsideOrganization": true,
        "isRemovable": true, "role": "read"});
    let made = anna.post(path, &wanted).expect(201).json();
    assert_eq!(
        (&made["role"], &made["isRemovable"]),
        (&json!("read"), &json!(true))
    );
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(anna.get(&one).expect(200).json()["emailAddress"]["address"], BEN);
    let list = anna.get(path).expect(200).json();
    let roles: Vec<&str> = list["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["freeBusyRead", "read"]);
    assert_eq!(shared_calendar(&ben).unwrap()["canEdit"], false);
    let id = shared_calendar(&ben).unwrap()["id"].as_str().unwrap().to_owned();
    ben.post(&format!("/v1.0/me/calendars/{id}/calendarPermissions"), &wanted)
        .expect(403);
    anna.patch(&one, &json!({"role": "delegateWithPrivateEventAccess"}))
        .expect(200);
    let theirs = format!("/v1.0/me/calendars/{id}/calendarPermissions");
    assert_eq!(
        ben.get(&theirs).expect(200).json()["value"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    anna.patch(&one, &json!({"role": "limitedRead"})).expect(400);
    anna.patch(&format!("{path}/everybody"), &json!({"role": "read"}))
        .expect(403);
    for (address, status) in [("nobody@example.test", 404), (ANNA, 400), ("", 400)] {
        let body = json!({"emailAddress": {"address": address}, "role": "read"});
        anna.post(path, &body).expect(status);
    }
    anna.delete(&one).expect(204);
    anna.get(&one).expect(404);
    assert!(shared_calendar(&ben).is_none());
    ben.get(&format!("/v1.0/me/calendars/{id}")).expect(404);
    // And DAV says the same.
    assert!(shared_homes(&program(&server, BEN), BEN, "calendars").is_empty());
}

#[test]
fn task_lists_and_address_books_that_are_shared_stand_beside_ones_own() {
    let server = Server::start();
    let (anna, ben) = (Web::page(&server, ANNA), Web::page(&server, BEN));
    share(&server, "tasks", BEN, "write");
    share(&server, "contacts", BEN, "read");
    anna.post("/v1.0/me/contacts", &json!({"givenName": "Eva"}))
        .expect(201);
    let find = |path: &str| {
        let all = ben.get(path).expect(200).json();
        let all = all["value"].as_array().unwrap().clone();
        let found = all
            .into_iter()
            .find(|l| l["id"].as_str().unwrap().starts_with('S'));
        found.expect(path)
    };
    let list = find("/v1.0/me/todo/lists");
    assert_eq!(
        (&list["isOwner"], &list["isShared"]),
        (&json!(false), &json!(true))
    );
    let tasks = format!("/v1.0/me/todo/lists/{}/tasks", list["id"].as_str().unwrap());
    let made = ben.post(&tasks, &json!({"title": "Paper"})).expect(201).json();
    let task = format!("{tasks}/{}", made["id"].as_str().unwrap());
    assert_eq!(ben.get(&task).expect(200).json()["title"], "Paper");
    let hers = anna.get("/v1.0/me/todo/lists/tasks/tasks").expect(200).json();
    assert_eq!(hers["value"][0]["title"], "Paper");
    let book = find("/v1.0/me/contactFolders");
    let cards = format!(
        "/v1.0/me/contactFolders/{}/contacts",
        book["id"].as_str().unwrap()
    );
    let all = ben.get(&cards).expect(200).json();
    assert_eq!(all["value"][0]["givenName"], "Eva");
    let card = format!("/v1.0/me/contacts/{}", all["value"][0]["id"].as_str().unwrap());
    ben.patch(&card, &json!({"givenName": "Eve"})).expect(403);
    ben.post(&cards, &json!({"givenName": "Max"})).expect(403);
    assert_eq!(
        ben.get("/v1.0/me/contacts").expect(200).json()["value"],
        json!([])
    );
}
