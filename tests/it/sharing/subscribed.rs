//! Calendars that are read from elsewhere: here another server of ours publishes them.

use super::{ANNA, BEN, objects};
use crate::dav::{event, program, propfind, put};
use crate::server::{Server, wait_until};
use crate::web::Web;
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
const THEIRS: &str = "/dav/calendars/anna@example.test/calendar/";
const FEED: &str = "/dav/calendars/anna@example.test/matches/";

/// A server whose calendar is published, and one that may read it there.
fn start() -> (Server, Server, String) {
    let club = Server::start();
    let ca = club.data.path().join("tls/ca.pem");
    let ours = Server::start_with(&["--extra-ca", ca.to_str().unwrap(), "--notify-to", "localhost"]);
    let url = publish(&club);
    (club, ours, url)
}

fn publish(club: &Server) -> String {
    let made = club.cli(&["calendar", "publish", ANNA, "--detail", "all", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let path = made["path"].as_str().unwrap().to_owned();
    format!("https://localhost:{}{path}", club.one.port())
}

fn at(hour: u32) -> String {
    format!(
        "DTSTART;TZID=Europe/Berlin:20300107T{hour:02}0000\nDTEND;TZID=Europe/Berlin:20300107T{hour:02}3000"
    )
}

fn subscriptions(page: &Web) -> Vec<Value> {
    let all = page.get("/api/calendar/subscriptions").expect(200).json();
    all["subscriptions"].as_array().unwrap().clone()
}

#[test]
fn a_calendar_from_elsewhere_is_read_and_stays_what_it_is_there() {
    let (club, ours, url) = start();
    let source = program(&club, ANNA);
    for (name, hour) in [("one", 9), ("two", 11)] {
        put(&source, &format!("{THEIRS}{name}.ics"), &event(name, &at(hour))).expect(201);
    }
    let (anna, page) = (program(&ours, ANNA), Web::page(&ours, ANNA));
    let body = |source: &str| {
        format!(
            "<D:mkcol xmlns:D=\"DAV:\" xmlns:S=\"http://calendarserver.org/ns/\"><D:set><D:prop><D:resourcetype><D:collection/>\
             <S:subscribed/></D:resourcetype><D:displayname>Matches</D:displayname>{source}</D:prop></D:set></D:mkcol>"
        )
    };
    let make = |source: &str| {
        let kind = ["Content-Type: application/xml"];
        anna.send("MKCOL", FEED, &kind, body(source).as_bytes())
    };
    make("").expect(403);
    make("<S:source><D:href>http://localhost/x.ics</D:href></S:source>").expect(400);
    make(&format!(
        "<S:source><D:href>{}</D:href></S:source>",
        url.replace("https", "webcal")
    ))
    .expect(201);
    wait_until("it was read", PATIENCE, || objects(&anna, FEED).len() == 2);
    // The other verb for it.
    let again = body(&format!("<S:source><D:href>{url}</D:href></S:source>"));
    let again = again
        .replace("D:mkcol", "C:mkcalendar")
        .replace("xmlns:D=", "xmlns:C=\"urn:ietf:params:xml:ns:caldav\" xmlns:D=");
    let other = "/dav/calendars/anna@example.test/again/";
    anna.send(
        "MKCALENDAR",
        other,
        &["Content-Type: application/xml"],
        again.as_bytes(),
    )
    .expect(201);
    wait_until("it was read too", PATIENCE, || objects(&anna, other).len() == 2);
    anna.send("DELETE", other, &[], b"").expect(204);

    // Every door shows it, and none lets anything in.
    let said = propfind(
        &anna,
        FEED,
        "0",
        "<D:current-user-privilege-set/><S:source/><D:resourcetype/><C:schedule-calendar-transp/>",
    );
    assert!(said.contains("<D:read/>") && !said.contains("D:write"), "{said}");
    assert!(
        said.contains(&url) && said.contains("C:calendar") && said.contains("transparent"),
        "{said}"
    );
    put(&anna, &format!("{FEED}own.ics"), &event("own", &at(15))).expect(403);
    let name = objects(&anna, FEED).remove(0);
    anna.send("DELETE", &format!("{FEED}{name}"), &[], b"")
        .expect(403);
    let calendars = page.get("/v1.0/me/calendars").expect(200).json();
    let all = calendars["value"].as_array().unwrap();
    let shown = all.iter().find(|c| c["name"] == "Matches").unwrap();
    assert_eq!(
        (&shown["canEdit"], &shown["isDefaultCalendar"]),
        (&json!(false), &json!(false))
    );
    let path = format!("/v1.0/me/calendars/{}/events", shown["id"].as_str().unwrap());
    let events = page.get(&path).expect(200).json();
    assert_eq!(events["value"].as_array().unwrap().len(), 2, "{events}");
    page.post(
        &path,
        &json!({"subject": "x", "start": {"dateTime": "2030-01-07T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"}}),
    )
    .expect(403);
    let id = events["value"][0]["id"].as_str().unwrap();
    page.patch(&format!("/v1.0/me/events/{id}"), &json!({"subject": "mine"}))
        .expect(403);
    page.delete(&format!("/v1.0/me/events/{id}")).expect(403);

    // One is moved, one is called off, one is new; what is the same stays the same.
    let tag = |name: &str| {
        anna.send("GET", &format!("{FEED}{name}"), &[], b"")
            .header("etag")
            .to_owned()
    };
    // One that was listed may be gone when it is read.
    let text = |name: &str| anna.send("GET", &format!("{FEED}{name}"), &[], b"").text();
    let before: Vec<(String, String)> = objects(&anna, FEED).into_iter().map(|n| (tag(&n), n)).collect();
    source
        .send("DELETE", &format!("{THEIRS}two.ics"), &[], b"")
        .expect(204);
    put(&source, &format!("{THEIRS}three.ics"), &event("three", &at(13))).expect(201);
    page.post("/api/calendar/subscriptions/refresh", &json!({}))
        .expect(202);
    wait_until("it was read again", PATIENCE, || {
        objects(&anna, FEED).iter().any(|n| text(n).contains("T130000"))
    });
    let after = objects(&anna, FEED);
    let kept: Vec<&(String, String)> = before.iter().filter(|(_, n)| after.contains(n)).collect();
    assert!(
        after.len() == 2 && kept.len() == 1 && tag(&kept[0].1) == kept[0].0,
        "{before:?} {after:?}"
    );

    // Its address ends: what was there stays, and it is said why.
    assert_eq!(subscriptions(&page)[0]["failure"], Value::Null);
    club.cli(&["calendar", "unpublish", ANNA]);
    ours.cli(&["calendar", "refresh", ANNA]);
    wait_until("it failed", PATIENCE, || {
        subscriptions(&page)[0]["failure"].is_string()
    });
    let listed = ours.cli(&["calendar", "subscriptions", ANNA]);
    assert!(
        listed.contains("there is no calendar at this address any more"),
        "{listed}"
    );
    assert_eq!(objects(&anna, FEED).len(), 2);

    // It is its owner's to rename and to remove.
    anna.send("DELETE", FEED, &[], b"").expect(204);
    assert!(subscriptions(&page).is_empty());
}

#[test]
fn nobody_is_led_into_the_office_and_nobody_is_invited_by_a_feed() {
    let (club, ours, url) = start();
    let guests = format!(
        "{}\nORGANIZER:mailto:boss@other.test\nATTENDEE:mailto:{ANNA}\nATTENDEE:mailto:{BEN}",
        at(9)
    );
    put(
        &program(&club, ANNA),
        &format!("{THEIRS}one.ics"),
        &event("one", &guests),
    )
    .expect(201);
    let (page, ben) = (Web::page(&ours, ANNA), program(&ours, BEN));
    let add = |url: &str| {
        page.post(
            "/api/calendar/subscriptions",
            &json!({"url": url, "name": "Feed"}),
        )
    };
    assert_eq!(add("ftp://x").expect(400).json()["error"]["field"], "url");
    add(&url).expect(201);
    wait_until("it was read", PATIENCE, || {
        subscriptions(&page)[0]["readAt"].is_string()
    });
    // An address that was not allowed, by name and by number, is not called.
    for inside in [
        format!("https://127.0.0.1:{}/published/x/calendar.ics", club.one.port()),
        "https://[::1]/x.ics".to_owned(),
    ] {
        add(&inside).expect(201);
        wait_until("it is refused", PATIENCE, || {
            subscriptions(&page).iter().any(|s| {
                s["url"] == inside.as_str()
                    && s["failure"]
                        .as_str()
                        .is_some_and(|f| f.contains("private network"))
            })
        });
    }
    assert!(objects(&ben, "/dav/calendars/ben@example.test/calendar/").is_empty());
    assert!(crate::outgoing::queue(&ours).is_empty());
    // What is no calendar says so.
    add(&format!("https://localhost:{}/healthz", club.one.port())).expect(201);
    wait_until("it cannot be read", PATIENCE, || {
        subscriptions(&page)
            .iter()
            .any(|s| s["url"].as_str().unwrap().ends_with("healthz") && s["failure"].is_string())
    });
}

/// What is imported would be gone with the next reading.
#[test]
fn nothing_is_imported_into_a_calendar_from_elsewhere() {
    let (club, ours, url) = start();
    let source = program(&club, ANNA);
    put(&source, &format!("{THEIRS}one.ics"), &event("one", &at(9))).expect(201);
    let anna = program(&ours, ANNA);
    ours.cli(&["calendar", "subscribe", ANNA, &url, "--name", "Matches"]);
    let folder = crate::server::Folder::new();
    let file = folder.path().join("Matches.ics");
    std::fs::write(&file, event("mine", &at(15))).unwrap();
    let path = file.to_str().unwrap();
    let import = |more: &[&str]| {
        let arguments = [&["import", "ics", path, "--account", ANNA], more].concat();
        crate::server::run_with(ours.data.path(), &arguments, "")
    };
    let refused = import(&["--folder", "Matches=Matches"]);
    let said =
        String::from_utf8_lossy(&refused.stderr).into_owned() + &String::from_utf8_lossy(&refused.stdout);
    assert!(said.contains("is read from elsewhere"), "{said}");
    let taken = import(&[]);
    assert!(
        taken.status.success(),
        "{}",
        String::from_utf8_lossy(&taken.stderr)
    );
    let homes = propfind(
        &anna,
        "/dav/calendars/anna@example.test/",
        "1",
        "<D:displayname/>",
    );
    assert_eq!(homes.matches("<D:displayname>Matches<").count(), 2, "{homes}");
}
