//! Calendars and events, beside what DAV programs do with the same ones.

use super::code;
use crate::dav::{CALENDAR, event as ical, put, sync, token};
use crate::server::{Server, wait_until};
use crate::web::{Reply, Web, encode};
use serde_json::{Value, json};
use std::time::Duration;

fn ids_of(list: &Value) -> Vec<&str> {
    let all = list["value"].as_array().unwrap();
    all.iter().map(|e| e["id"].as_str().unwrap()).collect()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value:#}"))
}

/// What takes place in these days of November and December 2026: subject and start.
fn view(web: &Web, from: &str, to: &str, more: &str) -> Value {
    let path = format!("/v1.0/me/calendarView?startDateTime={from}&endDateTime={to}&$top=100{more}");
    web.get(&path).expect(200).json()
}

fn starts(list: &Value) -> Vec<String> {
    let all = list["value"].as_array().unwrap();
    all.iter()
        .map(|e| text(&e["start"], "dateTime")[..16].to_owned())
        .collect()
}

fn berlin(web: &Web, method: &str, path: &str, body: &Value) -> Reply {
    let headers = [
        "Content-Type: application/json",
        "Prefer: outlook.timezone=\"W. Europe Standard Time\"",
    ];
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    web.send(method, path, &headers, body.as_bytes())
}

#[test]
fn calendars_are_made_changed_and_removed() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let all = web.get("/v1.0/me/calendars").expect(200).json();
    assert_eq!(ids_of(&all).len(), 1);
    assert_eq!(
        (&all["value"][0]["isDefaultCalendar"], &all["value"][0]["canEdit"]),
        (&json!(true), &json!(true))
    );
    let default = web
        .get("/v1.0/me/calendar?$select=name,isDefaultCalendar")
        .expect(200)
        .json();
    assert_eq!(default["id"], all["value"][0]["id"]);
    let made = web
        .post(
            "/v1.0/me/calendars",
            &json!({"name": "Team", "color": "lightRed"}),
        )
        .expect(201)
        .json();
    assert_eq!(
        (text(&made, "color"), text(&made, "hexColor")),
        ("lightRed", "#F88C9B")
    );
    let path = format!("/v1.0/me/calendarGroups/G1/calendars/{}", text(&made, "id"));
    let changed = web
        .patch(&path, &json!({"name": "Team 2", "hexColor": "#123456"}))
        .expect(200)
        .json();
    assert_eq!(
        (text(&changed, "name"), text(&changed, "color")),
        ("Team 2", "auto")
    );
    let found = web
        .get("/v1.0/me/calendars?$filter=name%20eq%20'Team%202'&$count=true")
        .expect(200)
        .json();
    assert_eq!(
        (ids_of(&found), &found["@odata.count"]),
        (vec![text(&made, "id")], &json!(1))
    );
    let home = crate::dav::propfind(
        &crate::dav::anna(&server),
        "/dav/calendars/anna@example.test/",
        "1",
        "<D:displayname/>",
    );
    assert!(home.contains("Team 2"), "{home}");
    web.delete(&path).expect(204);
    web.get(&path).expect(404);
    let kept = web
        .delete(&format!("/v1.0/me/calendars/{}", text(&default, "id")))
        .expect(400)
        .json();
    assert_eq!(code(&kept), "ErrorDeleteDistinguishedFolder");
    web.get("/v1.0/me/calendarGroups").expect(200);
    web.get("/v1.0/me/calendar/calendarPermissions").expect(200);
    assert_eq!(
        code(&web.get("/v1.0/me/calendars/x/events").expect(400).json()),
        "ErrorInvalidIdMalformed"
    );
}

#[test]
fn an_event_is_made_read_changed_and_removed() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let dav = crate::dav::anna(&server);
    let before = token(&sync(&dav, CALENDAR, ""));
    let body = json!({
        "subject": "Planung, Teil 1", "body": {"contentType": "HTML", "content": "<p>Guten <b>Tag</b></p>"},
        "start": {"dateTime": "2026-11-23T09:00:00", "timeZone": "W. Europe Standard Time"},
        "end": {"dateTime": "2026-11-23T10:30:00.0000000", "timeZone": "Europe/Berlin"},
        "location": {"displayName": "Raum 1", "locationType": "conferenceRoom", "address": {"city": "Köln"}},
        "categories": ["Rot", "a,b"], "importance": "high", "showAs": "oof", "sensitivity": "personal",
        "reminderMinutesBeforeStart": 30, "hideAttendees": true, "transactionId": "T-1",
        "singleValueExtendedProperties": [{"id": "String {a} Name b", "value": "x"}],
    });
    let made = berlin(&web, "POST", "/v1.0/me/calendar/events", &body).expect(201);
    let location = made.header("location").to_owned();
    let made = made.json();
    let id = text(&made, "id").to_owned();
    assert!(location.ends_with(&format!("/me/events/{id}")));
    assert_eq!(
        made["start"],
        json!({"dateTime": "2026-11-23T09:00:00.0000000", "timeZone": "W. Europe Standard Time"})
    );
    assert_eq!(text(&made, "originalStartTimeZone"), "Europe/Berlin");
    for (name, want) in [
        ("subject", json!("Planung, Teil 1")),
        ("categories", json!(["Rot", "a,b"])),
        ("importance", json!("high")),
        ("showAs", json!("oof")),
        ("sensitivity", json!("personal")),
        ("reminderMinutesBeforeStart", json!(30)),
        ("isReminderOn", json!(true)),
        ("hideAttendees", json!(true)),
        ("transactionId", json!("T-1")),
        ("type", json!("singleInstance")),
        ("isOrganizer", json!(true)),
        ("isAllDay", json!(false)),
        ("recurrence", Value::Null),
        ("bodyPreview", json!("Guten Tag")),
    ] {
        assert_eq!(made[name], want, "{name}");
    }
    assert_eq!(made["location"]["address"]["city"], "Köln");
    // Tried again it is the same one.
    let again = web.post("/v1.0/me/events", &body).expect(201).json();
    assert_eq!(text(&again, "id"), id);
    // The calendar program hears of it.
    let told = sync(&dav, CALENDAR, &before);
    let href = crate::dav::names(&told).remove(0);
    let stored = dav.get(&format!("{CALENDAR}{href}")).expect(200).text();
    for line in [
        "SUMMARY:Planung\\, Teil 1\r\n",
        "DTSTART;TZID=Europe/Berlin:20261123T090000\r\n",
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n",
        "TRIGGER:-PT30M\r\n",
        "DESCRIPTION:Guten Tag\r\n",
        "LOCATION:Raum 1\r\n",
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n",
    ] {
        assert!(stored.contains(line), "{line} in {stored}");
    }
    // Only what is named changes, under its condition.
    let path = format!("/v1.0/me/events/{id}");
    let etag = format!("If-Match: {}", text(&made, "@odata.etag"));
    let kind = "Content-Type: application/json";
    let change = json!({"subject": "Anders", "location": null}).to_string();
    let changed = web
        .send("PATCH", &path, &[&etag, kind], change.as_bytes())
        .expect(200)
        .json();
    assert_eq!(
        (
            text(&changed, "subject"),
            text(&changed["location"], "displayName")
        ),
        ("Anders", "")
    );
    assert_eq!(changed["start"]["dateTime"], "2026-11-23T08:00:00.0000000");
    web.send("PATCH", &path, &[&etag, kind], change.as_bytes())
        .expect(412);
    web.send("DELETE", &path, &[&etag], b"").expect(412);
    let expanded = web
        .get(&format!("{path}?$select=id&$expand=singleValueExtendedProperties($filter=id%20eq%20'String%20%7Ba%7D%20Name%20b')"))
        .expect(200)
        .json();
    assert_eq!(expanded["singleValueExtendedProperties"][0]["value"], "x");
    let kept = "/v1.0/me/events?$filter=singleValueExtendedProperties/any(ep:ep/id%20eq%20'STRING%20%7BA%7D%20name%20b'%20and%20ep/value%20eq%20'x')";
    assert_eq!(ids_of(&web.get(kept).expect(200).json()), [id.as_str()]);
    assert_eq!(
        ids_of(&web.get(&kept.replace("'x'", "'y'")).expect(200).json()),
        Vec::<&str>::new()
    );
    let calendar = web.get(&format!("{path}/calendar")).expect(200).json();
    assert_eq!(calendar["isDefaultCalendar"], true);
    let plain = web
        .send("GET", &path, &["Prefer: outlook.body-content-type=\"text\""], b"")
        .expect(200);
    assert!(plain.header("preference-applied").contains("body-content-type"));
    assert_eq!(
        plain.json()["body"],
        json!({"contentType": "text", "content": "Guten Tag"})
    );
    // A client that speaks UTC leaves the event its zone.
    let utc = json!({"start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "UTC"}, "end": {"dateTime": "2026-11-23T11:00:00Z"}});
    web.patch(&path, &utc).expect(200);
    let stored = dav.get(&format!("{CALENDAR}{href}")).expect(200).text();
    assert!(
        stored.contains("DTSTART;TZID=Europe/Berlin:20261123T110000"),
        "{stored}"
    );
    web.delete(&path).expect(204);
    web.get(&path).expect(404);
    dav.get(&format!("{CALENDAR}{href}")).expect(404);
}

#[test]
fn what_calendar_programs_say_beyond_graph_stays() {
    let server = Server::start();
    let (web, dav) = (Web::page(&server, "anna@example.test"), crate::dav::anna(&server));
    let lines = "DTSTART;X-A=1:20261123T090000Z\nDURATION:PT1H\nX-ODD;P=\"q:r\":ä\\,\nCLASS:PRIVATE\nSTATUS:TENTATIVE\n\
        ORGANIZER;CN=Ben:mailto:ben@other.test\nATTENDEE;PARTSTAT=ACCEPTED;X-NUM=7:mailto:anna@example.test\n\
        ATTENDEE;CUTYPE=ROOM;CN=\"Saal, 1\":mailto:saal@other.test\n\
        BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-P1D\nEND:VALARM\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT5M\nEND:VALARM";
    put(&dav, &format!("{CALENDAR}a.ics"), &ical("a", lines)).expect(201);
    let found = web
        .get("/v1.0/me/events?$filter=iCalUid%20eq%20'a'")
        .expect(200)
        .json();
    let event = &found["value"][0];
    assert_eq!(
        (
            text(event, "subject"),
            text(event, "showAs"),
            text(event, "sensitivity")
        ),
        ("Event a", "tentative", "private")
    );
    assert_eq!(
        (&event["isOrganizer"], text(&event["responseStatus"], "response")),
        (&json!(false), "accepted")
    );
    assert_eq!(event["reminderMinutesBeforeStart"], 5);
    assert_eq!(
        (
            text(&event["attendees"][1], "type"),
            text(&event["attendees"][1]["emailAddress"], "name")
        ),
        ("resource", "Saal, 1")
    );
    assert_eq!(event["end"]["dateTime"], "2026-11-23T10:00:00.0000000");
    let path = format!("/v1.0/me/events/{}", text(event, "id"));
    let change = json!({"categories": ["Blau"], "reminderMinutesBeforeStart": 10});
    web.patch(&path, &change).expect(200);
    let stored = dav.get(&format!("{CALENDAR}a.ics")).expect(200).text();
    for line in [
        "X-ODD;P=\"q:r\":ä\\,\r\n",
        "DTSTART;X-A=1:20261123T090000Z\r\nDURATION:PT1H\r\n",
        "STATUS:TENTATIVE\r\n",
        "ATTENDEE;PARTSTAT=ACCEPTED;X-NUM=7:mailto:anna@example.test\r\n",
        "ACTION:EMAIL\r\nTRIGGER:-P1D\r\n",
        "ACTION:AUDIO\r\nTRIGGER:-PT10M\r\n",
        "CATEGORIES:Blau\r\n",
    ] {
        assert!(stored.contains(line), "{line} in {stored}");
    }
}

#[test]
fn one_of_a_series_is_changed_and_another_one_removed() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let body = json!({
        "subject": "Runde",
        "start": {"dateTime": "2026-11-23T09:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-23T10:00:00", "timeZone": "Europe/Berlin"},
        "recurrence": {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["Monday", "Wednesday"]},
            "range": {"type": "numbered", "numberOfOccurrences": 5, "startDate": "2026-11-23"}},
    });
    let master = web.post("/v1.0/me/events", &body).expect(201).json();
    let id = text(&master, "id").to_owned();
    assert_eq!(text(&master, "type"), "seriesMaster");
    assert_eq!(
        master["recurrence"]["pattern"],
        json!({"type": "weekly", "interval": 1, "month": 0, "dayOfMonth": 0, "daysOfWeek": ["monday", "wednesday"],
            "firstDayOfWeek": "sunday", "index": "first"})
    );
    let window = ("2026-11-01T00:00:00Z", "2026-12-31T00:00:00Z");
    let all = view(&web, window.0, window.1, "");
    assert_eq!(
        starts(&all),
        [
            "2026-11-23T08:00",
            "2026-11-25T08:00",
            "2026-11-30T08:00",
            "2026-12-02T08:00",
            "2026-12-07T08:00"
        ]
    );
    let occurrence = text(&all["value"][1], "id").to_owned();
    assert_eq!(
        (
            text(&all["value"][1], "type"),
            text(&all["value"][1], "seriesMasterId")
        ),
        ("occurrence", id.as_str())
    );
    // One is moved, to after the next one.
    let change = json!({"subject": "Verschoben", "start": {"dateTime": "2026-12-01T09:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-12-01T09:30:00", "timeZone": "Europe/Berlin"}});
    let changed = web
        .patch(&format!("/v1.0/me/events/{occurrence}"), &change)
        .expect(200)
        .json();
    assert_eq!(
        (text(&changed, "type"), text(&changed, "id")),
        ("exception", occurrence.as_str())
    );
    let one = web
        .get(&format!(
            "/v1.0/me/events/{occurrence}?$select=originalStart,subject"
        ))
        .expect(200)
        .json();
    assert_eq!(
        (text(&one, "originalStart"), text(&one, "subject")),
        ("2026-11-25T08:00:00Z", "Verschoben")
    );
    // Another one goes.
    let gone = text(&all["value"][3], "id").to_owned();
    web.delete(&format!("/v1.0/me/events/{gone}")).expect(204);
    web.get(&format!("/v1.0/me/events/{gone}")).expect(404);
    let left = view(&web, window.0, window.1, "&$select=subject,start");
    assert_eq!(
        starts(&left),
        [
            "2026-11-23T08:00",
            "2026-11-30T08:00",
            "2026-12-01T08:00",
            "2026-12-07T08:00"
        ]
    );
    let whole = web
        .get(&format!(
            "/v1.0/me/events/{id}?$select=cancelledOccurrences&$expand=exceptionOccurrences($select=subject)"
        ))
        .expect(200)
        .json();
    assert_eq!(whole["cancelledOccurrences"], json!([gone]));
    assert_eq!(whole["exceptionOccurrences"][0]["subject"], "Verschoben");
    let instances = web
        .get(&format!(
            "/v1.0/me/events/{id}/instances?startDateTime=2026-11-24T00:00:00&endDateTime=2026-12-02T00:00:00"
        ))
        .expect(200)
        .json();
    assert_eq!(starts(&instances), ["2026-11-30T08:00", "2026-12-01T08:00"]);
    // An hour later for all: what was said about single ones goes along.
    let later = json!({"start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-23T11:00:00", "timeZone": "Europe/Berlin"}});
    web.patch(&format!("/v1.0/me/events/{id}"), &later).expect(200);
    let left = view(&web, window.0, window.1, "");
    assert_eq!(
        starts(&left),
        [
            "2026-11-23T09:00",
            "2026-11-30T09:00",
            "2026-12-01T08:00",
            "2026-12-07T09:00"
        ]
    );
    // Another pattern: single ones that it does not mean are forgotten.
    let daily = json!({"recurrence": {"pattern": {"type": "daily", "interval": 2}, "range": {"type": "endDate", "endDate": "2026-11-28"}}});
    let changed = web
        .patch(&format!("/v1.0/me/events/{id}"), &daily)
        .expect(200)
        .json();
    assert_eq!(text(&changed["recurrence"]["range"], "endDate"), "2026-11-28");
    let left = view(&web, window.0, window.1, "");
    assert_eq!(
        starts(&left),
        ["2026-11-23T09:00", "2026-11-27T09:00", "2026-12-01T08:00"]
    );
    web.patch(&format!("/v1.0/me/events/{id}"), &json!({"recurrence": null}))
        .expect(200);
    assert_eq!(
        web.get(&format!("/v1.0/me/events/{id}")).expect(200).json()["type"],
        "singleInstance"
    );
}

#[test]
fn days_windows_orders_and_pages() {
    let server = Server::start();
    let (web, dav) = (Web::page(&server, "anna@example.test"), crate::dav::anna(&server));
    for n in 1..=12 {
        let body = json!({"subject": format!("E{n:02}"),
            "start": {"dateTime": format!("2026-11-{:02}T09:00:00", 13 - n), "timeZone": "UTC"},
            "end": {"dateTime": format!("2026-11-{:02}T10:00:00", 13 - n), "timeZone": "UTC"}});
        web.post("/v1.0/me/events", &body).expect(201);
    }
    let day = json!({"subject": "Tag", "isAllDay": true, "start": {"dateTime": "2026-11-20T00:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-21T00:00:00", "timeZone": "Europe/Berlin"}});
    let made = web.post("/v1.0/me/events", &day).expect(201).json();
    assert_eq!(
        made["start"],
        json!({"dateTime": "2026-11-20T00:00:00.0000000", "timeZone": "UTC"})
    );
    assert_eq!(made["end"]["dateTime"], "2026-11-21T00:00:00.0000000");
    let midnights = json!({"isAllDay": true, "start": {"dateTime": "2026-11-20T01:00:00"}, "end": {"dateTime": "2026-11-21T00:00:00"}});
    web.post("/v1.0/me/events", &midnights).expect(400);
    let backwards =
        json!({"start": {"dateTime": "2026-11-20T02:00:00"}, "end": {"dateTime": "2026-11-20T01:00:00"}});
    let wrong = web.post("/v1.0/me/events", &backwards).expect(400).json();
    assert_eq!(code(&wrong), "ErrorCalendarEndDateIsEarlierThanStartDate");
    let nowhere = json!({"start": {"dateTime": "2026-11-20T02:00:00", "timeZone": "Mars"}, "end": {"dateTime": "2026-11-20T01:00:00"}});
    assert_eq!(
        code(&web.post("/v1.0/me/events", &nowhere).expect(400).json()),
        "ErrorInvalidTimeZone"
    );
    // The day is Anna's day, wherever the window's hours are.
    let path = "/v1.0/me/calendarView?startDateTime=2026-11-19T23:00:00Z&endDateTime=2026-11-20T23:00:00Z";
    assert_eq!(
        berlin(&web, "GET", path, &Value::Null).expect(200).json()["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let path = "/v1.0/me/calendarView?startDateTime=2026-11-20T23:00:00Z&endDateTime=2026-11-21T23:00:00Z";
    assert_eq!(
        berlin(&web, "GET", path, &Value::Null).expect(200).json()["value"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let missing = web.get("/v1.0/me/calendarView").expect(400).json();
    assert_eq!(code(&missing), "ErrorInvalidParameter");
    // Pages, by the start and back.
    for (path, count) in [
        (
            "/v1.0/me/events?$orderby=start/dateTime%20desc&$top=5&$count=true&$select=subject,start",
            13,
        ),
        (
            "/v1.0/me/calendarView?startDateTime=2026-11-01&endDateTime=2026-11-30&$orderby=start/dateTime%20desc&$top=5&$count=true&$select=subject,start",
            13,
        ),
        (
            "/v1.0/me/events?$filter=start/dateTime%20ge%20'2026-11-03T00:00'%20and%20start/dateTime%20lt%20'2026-11-10T00:00'&$top=3&$count=true&$orderby=start/dateTime%20desc",
            7,
        ),
        ("/v1.0/me/events?$filter=contains(subject,'e1')&$count=true", 3),
        ("/v1.0/me/events?$orderby=subject%20desc&$top=4&$count=true", 13),
        ("/v1.0/me/events?$top=4&$skip=0&$count=true", 13),
    ] {
        let (mut next, mut all, mut pages) = (path.to_owned(), Vec::new(), 0);
        loop {
            let page = web.get(&next).expect(200).json();
            assert_eq!(page["@odata.count"], json!(count), "{path}");
            all.extend(
                page["value"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|e| text(e, "id").to_owned()),
            );
            pages += 1;
            match page["@odata.nextLink"].as_str() {
                Some(link) => next = link.to_owned(),
                None => break,
            }
        }
        assert_eq!(all.len(), count, "{path}");
        assert!(pages > 1 || count == 3, "{path}");
        let mut unique = all.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), count, "{path}");
    }
    let first = web
        .get("/v1.0/me/events?$orderby=start/dateTime&$top=1&$skip=2")
        .expect(200)
        .json();
    assert_eq!(text(&first["value"][0], "subject"), "E10");
    assert_eq!(
        code(&web.get("/v1.0/me/events?$orderby=body").expect(400).json()),
        "ErrorInvalidUrlQuery"
    );
    assert_eq!(web.get("/v1.0/me/events/$count").expect(200).text(), "13");
    // What floats in DAV takes place in the zone that is asked for.
    put(
        &dav,
        &format!("{CALENDAR}f.ics"),
        &ical("f", "DTSTART:20261125T120000\r\nDTEND:20261125T130000"),
    )
    .expect(201);
    let seen = berlin(
        &web,
        "GET",
        "/v1.0/me/events?$filter=iCalUId%20eq%20'f'",
        &Value::Null,
    )
    .expect(200)
    .json();
    assert_eq!(
        seen["value"][0]["start"]["dateTime"],
        "2026-11-25T12:00:00.0000000"
    );
}

#[test]
fn delta_tells_of_events_and_of_what_takes_place() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let event = |subject: &str, day: u32| {
        json!({"subject": subject, "start": {"dateTime": format!("2026-11-{day:02}T09:00:00")},
            "end": {"dateTime": format!("2026-11-{day:02}T10:00:00")}})
    };
    let a = web.post("/v1.0/me/events", &event("A", 3)).expect(201).json();
    let mut series = event("S", 4);
    series["recurrence"] = json!({"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "numberOfOccurrences": 3}});
    let s = web.post("/v1.0/me/events", &series).expect(201).json();
    // Unpadded, as one program writes it.
    let first = web
        .get("/v1.0/me/calendarView/delta?startDateTime=2026-11-1T00:00:00Z&endDateTime=2026-11-10T00:00:00Z")
        .expect(200)
        .json();
    let mut told = ids_of(&first);
    told.sort_unstable();
    assert_eq!(told.len(), 5, "{told:?}");
    let token = text(&first, "@odata.deltaLink")
        .split("$deltatoken=")
        .nth(1)
        .unwrap()
        .to_owned();
    let follow = |token: &str| {
        let next = web
            .get(&format!("/v1.0/me/calendarView/delta?$deltatoken={token}"))
            .expect(200)
            .json();
        let link = text(&next, "@odata.deltaLink")
            .split("$deltatoken=")
            .nth(1)
            .unwrap()
            .to_owned();
        (next, link)
    };
    let (none, token) = follow(&token);
    assert_eq!(none["value"], json!([]));
    let second = format!("{}-20261105T090000", text(&s, "id"));
    web.delete(&format!("/v1.0/me/events/{second}")).expect(204);
    web.delete(&format!("/v1.0/me/events/{}", text(&a, "id")))
        .expect(204);
    web.post("/v1.0/me/events", &event("outside", 20)).expect(201);
    let (next, token) = follow(&token);
    let removed: Vec<&str> = next["value"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["@removed"]["reason"] == "deleted")
        .map(|e| text(e, "id"))
        .collect();
    assert!(
        removed.contains(&second.as_str()) && removed.contains(&text(&a, "id")),
        "{next:#}"
    );
    assert_eq!(next["value"].as_array().unwrap().len() - removed.len(), 3);
    assert_eq!(follow(&token).0["value"], json!([]));
    let calendar = web.get("/v1.0/me/calendar?$select=id").expect(200).json();
    let all = web
        .get(&format!(
            "/v1.0/me/calendars/{}/events/delta()?$select=id",
            text(&calendar, "id")
        ))
        .expect(200)
        .json();
    assert_eq!(ids_of(&all).len(), 2);
    let bad = web
        .get("/v1.0/me/calendarView/delta?$deltatoken=abc")
        .expect(410)
        .json();
    assert_eq!(code(&bad), "SyncStateNotFound");
}

#[test]
fn people_are_invited_and_found_busy() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let body = json!({"subject": "Treffen", "start": {"dateTime": "2026-11-23T09:00:00"}, "end": {"dateTime": "2026-11-23T10:00:00"},
        "attendees": [{"type": "required", "emailAddress": {"address": "ben@example.test", "name": "Ben"}},
            {"type": "Optional", "emailAddress": {"address": "c@other.test"}}], "responseRequested": false});
    let made = web.post("/v1.0/me/events", &body).expect(201).json();
    let kinds: Vec<&str> = made["attendees"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| text(a, "type"))
        .collect();
    assert_eq!(kinds, ["required", "optional"]);
    assert_eq!(
        (&made["isOrganizer"], &made["responseRequested"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        text(&made["organizer"]["emailAddress"], "address"),
        "anna@example.test"
    );
    let wrong = json!({"attendees": [{"emailAddress": {"address": "nobody"}}]});
    let wrong = web
        .patch(&format!("/v1.0/me/events/{}", text(&made, "id")), &wrong)
        .expect(400)
        .json();
    assert_eq!(code(&wrong), "ErrorInvalidRecipients");
    let asked = json!({"Schedules": ["anna@example.test", "ben@example.test", "nobody@example.test"],
        "StartTime": {"dateTime": "2026-11-23T08:00:00", "timeZone": "UTC"},
        "EndTime": {"dateTime": "2026-11-23T11:00:00", "timeZone": "UTC"}, "AvailabilityViewInterval": 30});
    let schedule = web
        .post("/v1.0/me/calendar/getSchedule", &asked)
        .expect(200)
        .json();
    assert_eq!(schedule["value"][0]["availabilityView"], "002200");
    assert_eq!(schedule["value"][0]["scheduleItems"][0]["subject"], "Treffen");
    assert!(
        schedule["value"][1]["scheduleItems"]
            .as_array()
            .unwrap()
            .iter()
            .all(|i| i.get("subject").is_none())
    );
    assert!(schedule["value"][2]["error"]["responseCode"].is_string());
    let asked = json!({"attendees": [{"type": "required", "emailAddress": {"address": "ben@example.test"}}],
        "meetingDuration": "PT1H", "timeConstraint": {"activityDomain": "work", "timeSlots": [
            {"start": {"dateTime": "2026-11-23T08:30:00"}, "end": {"dateTime": "2026-11-23T11:30:00"}}]}});
    let times = web.post("/v1.0/me/findMeetingTimes", &asked).expect(200).json();
    let first = &times["meetingTimeSuggestions"][0]["meetingTimeSlot"]["start"]["dateTime"];
    assert_eq!(first, "2026-11-23T10:00:00.0000000");
}

#[test]
fn files_lie_in_the_event() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let body = json!({"subject": "F", "start": {"dateTime": "2026-11-23T09:00:00"}, "end": {"dateTime": "2026-11-23T10:00:00"}});
    let made = web.post("/v1.0/me/events", &body).expect(201).json();
    let path = format!("/v1.0/me/events/{}/attachments", text(&made, "id"));
    let file = json!({"@odata.type": "#microsoft.graph.fileAttachment", "name": "ä.txt", "contentType": "text/plain", "contentBytes": "aGFsbG8="});
    let made = web.post(&path, &file).expect(201).json();
    assert_eq!((text(&made, "name"), &made["size"]), ("ä.txt", &json!(5)));
    assert_eq!(
        web.get(&path).expect(200).json()["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let one = format!("{path}/{}", text(&made, "id"));
    assert_eq!(web.get(&format!("{one}/$value")).expect(200).text(), "hallo");
    let list = web
        .get("/v1.0/me/events?$select=hasAttachments&$expand=attachments($select=name)")
        .expect(200)
        .json();
    assert_eq!(
        (
            &list["value"][0]["hasAttachments"],
            &list["value"][0]["attachments"][0]["name"]
        ),
        (&json!(true), &json!("ä.txt"))
    );
    web.delete(&one).expect(204);
    assert_eq!(web.get(&path).expect(200).json()["value"], json!([]));
}

#[test]
fn a_program_needs_the_permission_and_the_mailbox() {
    let server = Server::start();
    crate::web::register(&server);
    let reader = Web::program(&server, "anna@example.test", "Calendars.Read");
    reader.get("/v1.0/me/events").expect(200);
    reader.post("/v1.0/me/events", &json!({})).expect(403);
    let mail = Web::program(&server, "anna@example.test", "Mail.Read");
    mail.get("/v1.0/me/calendars").expect(403);
    server.cli(&["account", "add", "team@example.test", "--kind", "shared"]);
    let shared = format!("/v1.0/users/{}/calendar", encode("team@example.test"));
    reader.get(&shared).expect(404);
    server.cli(&[
        "access",
        "set",
        "team@example.test",
        "anna@example.test",
        "--level",
        "read",
    ]);
    assert_eq!(reader.get(&shared).expect(200).json()["canEdit"], false);
}

#[test]
fn an_invitation_is_answered_and_called_off() {
    let server = Server::start();
    let anna = Web::page(&server, "anna@example.test");
    let ben = Web::page(&server, "ben@example.test");
    let body = json!({"subject": "Treffen", "start": {"dateTime": "2030-01-07T09:00:00"}, "end": {"dateTime": "2030-01-07T10:00:00"},
        "attendees": [{"type": "required", "emailAddress": {"address": "ben@example.test"}}]});
    let made = anna.post("/v1.0/me/events", &body).expect(201).json();
    let path = format!("/v1.0/me/events/{}", text(&made, "id"));
    let events = |web: &Web| {
        web.get("/v1.0/me/events").expect(200).json()["value"]
            .as_array()
            .unwrap()
            .clone()
    };
    wait_until("ben has it", Duration::from_secs(10), || !events(&ben).is_empty());
    let invited = events(&ben).remove(0);
    assert_eq!(
        (
            &invited["isOrganizer"],
            text(&invited["responseStatus"], "response")
        ),
        (&json!(false), "notResponded")
    );
    let own = format!("/v1.0/me/events/{}", text(&invited, "id"));
    ben.post(
        &format!("{own}/tentativelyAccept"),
        &json!({"Comment": "vielleicht", "SendResponse": true}),
    )
    .expect(202);
    let answered = || anna.get(&path).expect(200).json()["attendees"][0]["status"]["response"].clone();
    wait_until("anna hears it", Duration::from_secs(10), || {
        answered() == "tentativelyAccepted"
    });
    // Who has said no is free.
    let schedule = |web: &Web| {
        let asked = json!({"Schedules": ["ben@example.test"], "StartTime": {"dateTime": "2030-01-07T09:00:00"}, "EndTime": {"dateTime": "2030-01-07T10:00:00"}});
        text(
            &web.post("/v1.0/me/calendar/getSchedule", &asked)
                .expect(200)
                .json()["value"][0],
            "availabilityView",
        )
        .to_owned()
    };
    assert_eq!(schedule(&anna), "11");
    ben.post(&format!("{own}/decline"), &json!({"SendResponse": false}))
        .expect(202);
    assert_eq!(schedule(&anna), "00");
    let more = json!({"ToRecipients": [{"emailAddress": {"address": "carla@other.test"}}], "Comment": ""});
    ben.post(&format!("{own}/forward"), &more).expect(403);
    anna.post(&format!("{path}/forward"), &more).expect(202);
    assert_eq!(
        anna.get(&path).expect(200).json()["attendees"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    anna.post(&format!("{path}/accept"), &json!({})).expect(400);
    ben.post(&format!("{own}/cancel"), &json!({})).expect(403);
    ben.post(&format!("{own}/dismissReminder"), &json!({}))
        .expect(200);
    anna.post(&format!("{path}/cancel"), &json!({"Comment": "krank"}))
        .expect(202);
    anna.get(&path).expect(404);
    wait_until("ben hears that it is off", Duration::from_secs(10), || {
        events(&ben).iter().all(|e| e["isCancelled"] == true)
    });
}

#[test]
fn delta_names_the_occurrences_that_a_changed_series_has_no_more() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let series = json!({"subject": "S", "start": {"dateTime": "2030-01-07T09:00:00"}, "end": {"dateTime": "2030-01-07T10:00:00"},
        "recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "startDate": "2030-01-07", "numberOfOccurrences": 5}}});
    let s = web.post("/v1.0/me/events", &series).expect(201).json();
    let (id, path) = (text(&s, "id"), format!("/v1.0/me/events/{}", text(&s, "id")));
    let first = web
        .get(
            "/v1.0/me/calendarView/delta?startDateTime=2030-01-08T00:00:00Z&endDateTime=2030-01-20T00:00:00Z",
        )
        .expect(200)
        .json();
    let follow = |page: &Value| web.get(text(page, "@odata.deltaLink")).expect(200).json();
    let days = |page: &Value, is_gone: bool| -> Vec<String> {
        let all = page["value"].as_array().unwrap().iter();
        let wanted = all.filter(|e| e.get("@removed").is_some() == is_gone);
        let ids = wanted
            .map(|e| text(e, "id"))
            .filter_map(|i| i.strip_prefix(id)?.strip_prefix('-'));
        let mut days: Vec<String> = ids.map(|i| i[6..11].to_owned()).collect();
        days.sort_unstable();
        days
    };
    assert_eq!(days(&first, false), ["08T09", "09T09", "10T09", "11T09"]);
    // What has nothing to do with times ends none.
    web.patch(&path, &json!({"subject": "T"})).expect(200);
    let named = follow(&first);
    assert_eq!((days(&named, false).len(), days(&named, true).len()), (4, 0));
    // Every other day, then an hour later: who was away for both hears of both.
    let sparse = json!({"recurrence": {"pattern": {"type": "daily", "interval": 2},
        "range": {"type": "numbered", "startDate": "2030-01-07", "numberOfOccurrences": 3}}});
    web.patch(&path, &sparse).expect(200);
    let fewer = follow(&named);
    assert_eq!(
        (days(&fewer, false), days(&fewer, true)),
        (
            vec!["09T09".into(), "11T09".into()],
            vec!["08T09".into(), "10T09".into()]
        )
    );
    let later =
        json!({"start": {"dateTime": "2030-01-07T10:00:00"}, "end": {"dateTime": "2030-01-07T11:00:00"}});
    web.patch(&path, &later).expect(200);
    let moved = follow(&fewer);
    assert_eq!(
        (days(&moved, false), days(&moved, true)),
        (
            vec!["09T10".into(), "11T10".into()],
            vec!["09T09".into(), "11T09".into()]
        )
    );
    let both = follow(&named);
    assert_eq!(days(&both, true), ["08T09", "09T09", "10T09", "11T09"]);
    // No series any more.
    web.patch(&path, &json!({"recurrence": null})).expect(200);
    assert_eq!(days(&follow(&moved), true), ["09T10", "11T10"]);
}
