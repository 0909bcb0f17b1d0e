//! Calendars at an address that anybody may read who knows it.

use super::{ANNA, BEN, with_events};
use crate::dav::{event, program, put};
use crate::server::Server;
use crate::web::Web;
use serde_json::{Value, json};

fn unfolded(web: &Web, path: &str) -> String {
    web.get(path).expect(200).text().replace("\r\n ", "")
}

#[test]
fn a_calendar_is_published_with_as_much_as_its_owner_wants_and_taken_back() {
    let server = Server::start();
    let anna = with_events(&server);
    let meeting = "DTSTART;TZID=Europe/Berlin:20300107T090000\nDTEND;TZID=Europe/Berlin:20300107T100000\nRRULE:FREQ=WEEKLY\n\
        LOCATION:Saal\nDESCRIPTION:Zahlen\nORGANIZER:mailto:anna@example.test\nATTENDEE:mailto:ben@example.test\n\
        BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM";
    let calendar = "/dav/calendars/anna@example.test/calendar/";
    put(&anna, &format!("{calendar}m.ics"), &event("meeting-uid", meeting)).expect(201);
    let free = "DTSTART:20300201T090000Z\nDTEND:20300201T100000Z\nTRANSP:TRANSPARENT\nLOCATION:Beach";
    put(&anna, &format!("{calendar}f.ics"), &event("free", free)).expect(201);
    let old = "DTSTART:20200201T090000Z\nDTEND:20200201T100000Z\nLOCATION:Long ago";
    put(&anna, &format!("{calendar}o.ics"), &event("old", old)).expect(201);

    let page = Web::page(&server, ANNA);
    let listed = page.get("/v1.0/me/calendars").expect(200).json();
    let id = listed["value"][0]["id"].as_str().unwrap().to_owned();
    let about = format!("/api/calendar/calendars/{id}/publication");
    let change = |web: &Web, detail: &str| {
        let body = json!({"detail": detail}).to_string();
        web.send(
            "PUT",
            &about,
            &["Content-Type: application/json"],
            body.as_bytes(),
        )
    };
    assert_eq!(page.get(&about).expect(200).json()["publication"], Value::Null);
    page.delete(&about).expect(404);
    assert_eq!(
        change(&page, "much").expect(400).json()["error"]["field"],
        "detail"
    );
    // Those of others are not there for Ben: the number means one of his own.
    change(&Web::new(&server), "all").expect(401);

    let stranger = Web::new(&server);
    let publish = |detail: &str| {
        let made = change(&page, detail).expect(200).json();
        let url = made["url"].as_str().unwrap().to_owned();
        let at = url.find("/published/").unwrap();
        assert!(url.starts_with("https://"), "{url}");
        url[at..].to_owned()
    };
    let busy = publish("busy");
    assert_eq!(
        page.get(&about).expect(200).json()["publication"]["detail"],
        "busy"
    );
    let text = unfolded(&stranger, &busy);
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 3, "{text}");
    for part in [
        "SUMMARY:Busy",
        "RRULE:FREQ=WEEKLY",
        "TZID=Europe/Berlin:20300107T090000",
        "METHOD:PUBLISH",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for secret in [
        "Saal",
        "Zahlen",
        "meeting-uid",
        "ben@",
        "anna@",
        "Beach",
        "Doctor",
        "Long ago",
        "VALARM",
        "CLASS",
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }

    let titles = publish("titles");
    stranger.get(&busy).expect(404);
    let text = unfolded(&stranger, &titles);
    assert!(
        text.contains("LOCATION:Saal") && text.contains("LOCATION:Beach") && text.contains("SUMMARY:Private")
    );
    for secret in ["Zahlen", "UID:meeting-uid", "ben@", "Doctor"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }

    let all = publish("all");
    let first = stranger.get(&all).expect(200);
    let etag = first.header("etag").to_owned();
    let text = first.text().replace("\r\n ", "");
    assert!(
        text.contains("DESCRIPTION:Zahlen") && text.contains("mailto:ben@example.test"),
        "{text}"
    );
    for secret in ["UID:meeting-uid", "Doctor", "VALARM", "SCHEDULE-STATUS"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let again = stranger.send("GET", &all, &[&format!("If-None-Match: {etag}")], b"");
    assert!(again.expect(304).text().is_empty());
    // Programs that subscribe know events again.
    put(
        &anna,
        &format!("{calendar}n.ics"),
        &event("n", "DTSTART:20300301T090000Z"),
    )
    .expect(201);
    let later = unfolded(&stranger, &all);
    let uids = |t: &str| -> Vec<String> {
        t.lines()
            .filter(|l| l.starts_with("UID:"))
            .map(str::to_owned)
            .collect()
    };
    assert!(
        uids(&text).iter().all(|u| uids(&later).contains(u)) && uids(&later).len() == uids(&text).len() + 1
    );

    page.delete(&about).expect(204);
    stranger.get(&all).expect(404);
    stranger.get("/published/x/calendar.ics").expect(404);
}

#[test]
fn the_command_line_publishes_and_who_is_disabled_publishes_nothing() {
    let server = Server::start();
    let ben = program(&server, BEN);
    let calendar = "/dav/calendars/ben@example.test/calendar/";
    let lines = "DTSTART:20300301T090000Z\nDTEND:20300301T100000Z";
    put(&ben, &format!("{calendar}n.ics"), &event("n", lines)).expect(201);
    let made = server.cli(&["calendar", "publish", BEN, "--detail", "titles", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let path = made["path"].as_str().unwrap();
    let stranger = Web::new(&server);
    assert!(unfolded(&stranger, path).contains("DTSTART:20300301T090000Z"));
    server.cli(&["account", "disable", BEN]);
    stranger.get(path).expect(404);
    server.cli(&["account", "set", BEN, "--enable"]);
    stranger.get(path).expect(200);
    server.cli(&["calendar", "unpublish", BEN]);
    stranger.get(path).expect(404);
}
