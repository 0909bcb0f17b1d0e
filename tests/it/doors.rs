//! One store behind every door: what is written through one is read through each other one, as the same.

use crate::dav::{BOOK, anna, names, program, propfind, put};
use crate::mailbox::Mailbox;
use crate::scheduling::{calendar_of, copy};
use crate::server::{PASSWORD, Server, run_with, wait_until};
use crate::sharing::shared_homes;
use crate::smtp::Talk;
use crate::web::{Web, encode};
use serde_json::{Value, json};
use std::time::Duration;

const ANNA: &str = "anna@example.test";
const PATIENCE: Duration = Duration::from_secs(20);

/// What an event says, whoever tells it.
#[derive(Debug, PartialEq, Eq, Clone)]
struct Event {
    title: String,
    /// In UTC, `20300107T080000`.
    start: String,
    end: String,
    place: String,
    is_weekly: bool,
}

impl Event {
    fn planned(title: &str) -> Event {
        Event {
            title: title.to_owned(),
            start: "20300107T080000".to_owned(),
            end: "20300107T093000".to_owned(),
            place: "Küche, 2. Stock".to_owned(),
            is_weekly: true,
        }
    }

    fn ical(&self, uid: &str, more: &str) -> String {
        let place = self.place.replace(',', "\\,");
        let rule = if self.is_weekly {
            "RRULE:FREQ=WEEKLY;COUNT=3\r\n"
        } else {
            ""
        };
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{more}BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n\
             DTSTART:{}Z\r\nDTEND:{}Z\r\nSUMMARY:{}\r\nLOCATION:{place}\r\n{rule}",
            self.start, self.end, self.title
        )
    }

    fn graph(&self) -> Value {
        let time = |t: &str| {
            let (d, h) = (&t[..8], &t[9..]);
            let text = format!(
                "{}-{}-{}T{}:{}:{}",
                &d[..4],
                &d[4..6],
                &d[6..],
                &h[..2],
                &h[2..4],
                &h[4..]
            );
            json!({"dateTime": text, "timeZone": "UTC"})
        };
        json!({
            "subject": self.title, "start": time(&self.start), "end": time(&self.end), "location": {"displayName": self.place},
            "recurrence": {
                "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
                "range": {"type": "numbered", "startDate": "2030-01-07", "numberOfOccurrences": 3},
            },
        })
    }
}

fn by_dav(text: &str) -> Event {
    let value = |name: &str| {
        let line = text.lines().find(|l| l.split([':', ';']).next() == Some(name));
        let value = line.and_then(|l| l.split_once(':')).map_or("", |(_, v)| v);
        value.trim_end_matches('Z').replace("\\,", ",")
    };
    Event {
        title: value("SUMMARY"),
        start: value("DTSTART"),
        end: value("DTEND"),
        place: value("LOCATION"),
        is_weekly: value("RRULE").contains("FREQ=WEEKLY"),
    }
}

fn by_graph(event: &Value) -> Event {
    let time = |name: &str| {
        assert_eq!(event[name]["timeZone"], "UTC", "{event:#}");
        let text = event[name]["dateTime"].as_str().unwrap();
        text[..19].replace(['-', ':'], "")
    };
    Event {
        title: event["subject"].as_str().unwrap().to_owned(),
        start: time("start"),
        end: time("end"),
        place: event["location"]["displayName"].as_str().unwrap().to_owned(),
        is_weekly: event["recurrence"]["pattern"]["type"] == "weekly",
    }
}

/// The event of this UID as each door has it, once it is there.
fn read_everywhere(server: &Server, uid: &str) -> [Event; 2] {
    let (dav, graph) = (anna(server), Web::page(server, ANNA));
    let mut found = None;
    wait_until("the event is there", PATIENCE, || {
        found = copy(&dav, ANNA, uid);
        found.is_some()
    });
    let filter = encode(&format!("iCalUId eq '{uid}'"));
    let list = graph
        .get(&format!("/v1.0/me/events?$filter={filter}"))
        .expect(200)
        .json();
    assert_eq!(list["value"].as_array().unwrap().len(), 1, "{list:#}");
    [by_dav(&found.unwrap().1), by_graph(&list["value"][0])]
}

#[test]
fn an_event_is_the_same_through_every_door() {
    let server = Server::start();
    let (dav, graph) = (anna(&server), Web::page(&server, ANNA));
    let calendar = calendar_of(ANNA);
    // Made by DAV.
    let event = Event::planned("by dav");
    let body = format!("{}END:VEVENT\r\nEND:VCALENDAR\r\n", event.ical("dav-1", ""));
    put(&dav, &format!("{calendar}dav-1.ics"), &body).expect(201);
    assert_eq!(read_everywhere(&server, "dav-1"), [event.clone(), event]);
    // Made by Graph.
    let event = Event::planned("by graph");
    let made = graph.post("/v1.0/me/events", &event.graph()).expect(201).json();
    let uid = made["iCalUId"].as_str().unwrap().to_owned();
    assert_eq!(read_everywhere(&server, &uid), [event.clone(), event]);
    // Come by mail; its answer goes back by the engine that all have.
    let event = Event::planned("by mail");
    let more = format!(
        "ORGANIZER:mailto:x@other.test\r\nATTENDEE;RSVP=TRUE:mailto:{ANNA}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let body = event.ical("mail-1", "METHOD:REQUEST\r\n") + &more;
    let mail = format!(
        "From: x@other.test\r\nTo: {ANNA}\r\nSubject: come\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
    );
    let reply = Talk::hello(server.smtp).deliver("x@other.test", &[ANNA], mail.as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(read_everywhere(&server, "mail-1"), [event.clone(), event]);
    // Changed by the other door each time.
    let id = |uid: &str| {
        let filter = encode(&format!("iCalUId eq '{uid}'"));
        let list = graph.get(&format!("/v1.0/me/events?$filter={filter}")).json();
        list["value"][0]["id"].as_str().unwrap().to_owned()
    };
    let change = json!({"subject": "dav, changed by graph"});
    graph
        .patch(&format!("/v1.0/me/events/{}", id("dav-1")), &change)
        .expect(200);
    let [there, here] = read_everywhere(&server, "dav-1");
    assert_eq!(
        (&there.title[..], &here.title[..]),
        ("dav, changed by graph", "dav, changed by graph")
    );
    let (name, text) = copy(&dav, ANNA, &uid).unwrap();
    let path = format!("{calendar}{name}");
    put(
        &dav,
        &path,
        &text.replace("SUMMARY:by graph", "SUMMARY:graph\\, changed by dav"),
    )
    .expect(204);
    let [there, here] = read_everywhere(&server, &uid);
    assert_eq!(
        (&there.title[..], &here.title[..]),
        ("graph, changed by dav", "graph, changed by dav")
    );
    // Gone for all.
    graph
        .delete(&format!("/v1.0/me/events/{}", id("dav-1")))
        .expect(204);
    dav.send("GET", &format!("{calendar}dav-1.ics"), &[], b"")
        .expect(404);
    let known = id(&uid);
    dav.send("DELETE", &path, &[], b"").expect(204);
    graph.get(&format!("/v1.0/me/events/{known}")).expect(404);
}

/// What the card says that the page shows beside the mail.
fn by_card(said: &Value) -> Event {
    let time = |name: &str| said[name].as_str().unwrap()[..19].replace(['-', ':'], "");
    Event {
        title: said["subject"].as_str().unwrap().to_owned(),
        start: time("start"),
        end: time("end"),
        place: said["location"].as_str().unwrap().to_owned(),
        is_weekly: said["isSeries"] == true,
    }
}

/// What is written here by any door is the same in every door of another office, and in the mail that brings it there.
#[test]
fn an_event_is_the_same_in_the_office_that_it_is_mailed_to() {
    const EVE: &str = "eve@other.test";
    let (ours, theirs) = crate::scheduling::outside::start();
    let (dav, graph) = (anna(&ours), Web::page(&ours, ANNA));
    let (their_dav, their_page) = (program(&theirs, EVE), Web::page(&theirs, EVE));
    let there = |uid: &str, expected: &Event| {
        let mut found = None;
        wait_until("the event is there", PATIENCE, || {
            found = copy(&their_dav, EVE, uid);
            found.as_ref().is_some_and(|(_, text)| by_dav(text) == *expected)
        });
        let filter = encode(&format!("iCalUId eq '{uid}'"));
        let list = their_page
            .get(&format!("/v1.0/me/events?$filter={filter}"))
            .expect(200)
            .json();
        assert_eq!(by_graph(&list["value"][0]), *expected);
        // The mail: by IMAP, by Graph, and as the page reads it.
        let subject = |n: &str| n.contains(&expected.title);
        let mut mailbox = Mailbox::open(theirs.imap, EVE);
        assert!(
            by_imap(&mut mailbox, "INBOX").iter().any(|(s, ..)| subject(s)),
            "{expected:?}"
        );
        let mails = their_page
            .get("/v1.0/me/messages?$select=id,subject")
            .expect(200)
            .json();
        let all = mails["value"].as_array().unwrap();
        let mail = all
            .iter()
            .find(|m| subject(m["subject"].as_str().unwrap()))
            .unwrap();
        let card = format!("/api/messages/{}/invitation", mail["id"].as_str().unwrap());
        let card = their_page.get(&card).expect(200).json();
        assert_eq!(by_card(&card["event"]), *expected, "{card:#}");
        assert_eq!(card["eventId"], list["value"][0]["id"]);
    };
    let mut event = Event::planned("by dav");
    let people = format!(
        "ORGANIZER:mailto:{ANNA}\r\nATTENDEE;RSVP=TRUE:mailto:{EVE}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let body = event.ical("dav-1", "") + &people;
    put(&dav, &format!("{}dav-1.ics", calendar_of(ANNA)), &body).expect(201);
    there("dav-1", &event);
    let by_graph_made = Event::planned("by graph");
    let mut body = by_graph_made.graph();
    body["attendees"] = json!([{"emailAddress": {"address": EVE}}]);
    let made = graph.post("/v1.0/me/events", &body).expect(201).json();
    there(made["iCalUId"].as_str().unwrap(), &by_graph_made);
    // Changed by the other door; the mail about it says the new.
    event.title = "dav, changed by graph".to_owned();
    let filter = encode("iCalUId eq 'dav-1'");
    let list = graph
        .get(&format!("/v1.0/me/events?$filter={filter}"))
        .expect(200)
        .json();
    let id = list["value"][0]["id"].as_str().unwrap();
    graph
        .patch(&format!("/v1.0/me/events/{id}"), &json!({"subject": event.title}))
        .expect(200);
    there("dav-1", &event);
    // And eve's answer, given by Graph there, is read by each door here.
    let filter = encode("iCalUId eq 'dav-1'");
    let theirs_now = their_page
        .get(&format!("/v1.0/me/events?$filter={filter}"))
        .expect(200)
        .json();
    let their_id = theirs_now["value"][0]["id"].as_str().unwrap();
    their_page
        .post(
            &format!("/v1.0/me/events/{their_id}/accept"),
            &json!({"sendResponse": true}),
        )
        .expect(202);
    wait_until("anna reads the answer by DAV", PATIENCE, || {
        copy(&dav, ANNA, "dav-1").is_some_and(|(_, t)| t.contains("PARTSTAT=ACCEPTED"))
    });
    let seen = graph.get(&format!("/v1.0/me/events/{id}")).expect(200).json();
    assert_eq!(seen["attendees"][0]["status"]["response"], "accepted");
    wait_until("and by mail", PATIENCE, || {
        let mails = graph.get("/v1.0/me/messages?$select=subject").expect(200).json();
        mails["value"]
            .as_array()
            .unwrap()
            .iter()
            .any(|m| m["subject"].as_str().unwrap().starts_with("Accepted"))
    });
}

#[test]
fn contacts_and_tasks_are_the_same_through_every_door() {
    let server = Server::start();
    let (dav, graph) = (anna(&server), Web::page(&server, ANNA));
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Jörg Müller\r\nN:Müller;Jörg;;;\r\nEMAIL;TYPE=WORK:j@a.test\r\n\
        ORG:Muster GmbH\r\nEND:VCARD\r\n";
    put(&dav, &format!("{BOOK}c1.vcf"), card).expect(201);
    let list = graph.get("/v1.0/me/contacts").expect(200).json();
    let one = &list["value"][0];
    assert_eq!(
        (
            &one["displayName"],
            &one["surname"],
            &one["companyName"],
            &one["emailAddresses"][0]["address"]
        ),
        (
            &json!("Jörg Müller"),
            &json!("Müller"),
            &json!("Muster GmbH"),
            &json!("j@a.test")
        )
    );
    let path = format!("/v1.0/me/contacts/{}", one["id"].as_str().unwrap());
    graph.patch(&path, &json!({"jobTitle": "Einkauf"})).expect(200);
    let text = dav.get(&format!("{BOOK}c1.vcf")).expect(200).text();
    assert!(
        text.contains("TITLE:Einkauf\r\n") && text.contains("FN:Jörg Müller\r\n"),
        "{text}"
    );
    graph
        .post("/v1.0/me/contacts", &json!({"givenName": "Ada", "surname": "L"}))
        .expect(201);
    assert_eq!(names(&propfind(&dav, BOOK, "1", "<D:getetag/>")).len(), 2);
    graph.delete(&path).expect(204);
    dav.get(&format!("{BOOK}c1.vcf")).expect(404);

    let tasks = format!("/dav/calendars/{ANNA}/tasks/");
    let todo = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VTODO\r\nUID:t1\r\nDTSTAMP:20260101T000000Z\r\n\
        SUMMARY:Buy paper\r\nDUE;VALUE=DATE:20300108\r\nPRIORITY:1\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    put(&dav, &format!("{tasks}t1.ics"), todo).expect(201);
    let lists = graph.get("/v1.0/me/todo/lists").expect(200).json();
    let list = format!(
        "/v1.0/me/todo/lists/{}/tasks",
        lists["value"][0]["id"].as_str().unwrap()
    );
    let task = graph.get(&list).expect(200).json()["value"][0].clone();
    assert_eq!(
        (&task["title"], &task["importance"], &task["status"]),
        (&json!("Buy paper"), &json!("high"), &json!("notStarted"))
    );
    assert!(
        task["dueDateTime"]["dateTime"]
            .as_str()
            .unwrap()
            .starts_with("2030-01-08"),
        "{task:#}"
    );
    let path = format!("{list}/{}", task["id"].as_str().unwrap());
    graph.patch(&path, &json!({"status": "completed"})).expect(200);
    let text = dav.get(&format!("{tasks}t1.ics")).expect(200).text();
    assert!(
        text.contains("STATUS:COMPLETED\r\n") && text.contains("COMPLETED:"),
        "{text}"
    );
    dav.send("DELETE", &format!("{tasks}t1.ics"), &[], b"")
        .expect(204);
    graph.get(&path).expect(404);
}

/// Subject, read, flagged, keywords of each message of a folder, as IMAP has them.
fn by_imap(mailbox: &mut Mailbox, folder: &str) -> Vec<(String, bool, bool, bool)> {
    mailbox.ok(&format!("SELECT {folder}"));
    let answer = mailbox.ok("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
    let rows = answer
        .lines
        .iter()
        .map(|l| String::from_utf8_lossy(l).into_owned());
    let rows = rows.filter(|l| l.contains("FETCH ("));
    let row = |l: String| {
        let subject = l.split("Subject: ").nth(1).unwrap_or_default();
        let subject = subject.lines().next().unwrap_or_default().to_owned();
        (
            subject,
            l.contains("\\Seen"),
            l.contains("\\Flagged"),
            l.contains("Projekt"),
        )
    };
    rows.map(row).collect()
}

fn mail_by_graph(web: &Web, folder: &str) -> Vec<(String, bool, bool, bool)> {
    let list = web
        .get(&format!(
            "/v1.0/me/mailFolders/{folder}/messages?$orderby=receivedDateTime"
        ))
        .expect(200)
        .json();
    let row = |m: &Value| {
        let categories = m["categories"].as_array().unwrap();
        (
            m["subject"].as_str().unwrap().to_owned(),
            m["isRead"] == true,
            m["flag"]["flagStatus"] == "flagged",
            categories.contains(&json!("Projekt")),
        )
    };
    list["value"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn mail_is_the_same_through_every_door() {
    let server = Server::start();
    let graph = Web::page(&server, ANNA);
    let mut imap = Mailbox::open(server.imap, ANNA);
    // By SMTP, by APPEND, by Graph as MIME.
    let reply = Talk::hello(server.smtp).deliver("x@other.test", &[ANNA], b"Subject: smtp\r\n\r\none\r\n");
    assert!(reply.starts_with("250"), "{reply}");
    wait_until("the mail is there", PATIENCE, || imap.count("INBOX") == 1);
    let message = "Subject: append\r\n\r\ntwo\r\n";
    imap.ok(&format!(
        "APPEND INBOX (\\Seen \\Flagged Projekt) {{{}+}}\r\n{message}",
        message.len()
    ));
    let inbox = graph.get("/v1.0/me/mailFolders/inbox").json();
    let inbox = inbox["id"].as_str().unwrap();
    graph
        .post(
            &format!("/v1.0/me/mailFolders/{inbox}/messages"),
            &json!({"subject": "graph"}),
        )
        .expect(201);
    let row = |subject: &str, read: bool, flagged: bool, keyword: bool| {
        (subject.to_owned(), read, flagged, keyword)
    };
    let expected = [
        row("smtp", false, false, false),
        row("append", true, true, true),
        row("graph", true, false, false),
    ];
    assert_eq!(by_imap(&mut imap, "INBOX"), expected);
    assert_eq!(mail_by_graph(&graph, "inbox"), expected);
    // The bytes are the same.
    let list = graph
        .get("/v1.0/me/mailFolders/inbox/messages?$orderby=receivedDateTime&$select=id")
        .json();
    for (n, entry) in list["value"].as_array().unwrap().iter().enumerate() {
        let raw = graph
            .get(&format!(
                "/v1.0/me/messages/{}/$value",
                entry["id"].as_str().unwrap()
            ))
            .expect(200)
            .body;
        assert!(imap.messages("INBOX")[n] == raw, "message {n}");
    }
    // Changed through one, seen through the other.
    imap.ok("SELECT INBOX");
    imap.ok("STORE 1 +FLAGS (\\Seen Projekt)");
    let second = list["value"][1]["id"].as_str().unwrap();
    let change = json!({"isRead": false, "flag": {"flagStatus": "notFlagged"}, "categories": []});
    graph
        .patch(&format!("/v1.0/me/messages/{second}"), &change)
        .expect(200);
    let expected = [
        row("smtp", true, false, true),
        row("append", false, false, false),
        row("graph", true, false, false),
    ];
    assert_eq!(by_imap(&mut imap, "INBOX"), expected);
    assert_eq!(mail_by_graph(&graph, "inbox"), expected);
    // Folders and moves.
    imap.ok("CREATE Projekte/2030");
    let top = graph
        .get("/v1.0/me/mailFolders?$filter=displayName%20eq%20'Projekte'")
        .json();
    let parent = top["value"][0]["id"].as_str().unwrap();
    let children = graph
        .get(&format!("/v1.0/me/mailFolders/{parent}/childFolders"))
        .json();
    let child = children["value"][0]["id"].as_str().unwrap();
    assert_eq!(children["value"][0]["displayName"], "2030");
    graph
        .post(
            &format!("/v1.0/me/messages/{second}/move"),
            &json!({"destinationId": child}),
        )
        .expect(201);
    assert_eq!(
        by_imap(&mut imap, "Projekte/2030"),
        [row("append", false, false, false)]
    );
    imap.ok("SELECT INBOX");
    imap.ok("MOVE 1 Projekte/2030");
    assert_eq!(mail_by_graph(&graph, child).len(), 2);
    graph
        .patch(
            &format!("/v1.0/me/mailFolders/{parent}"),
            &json!({"displayName": "Akten"}),
        )
        .expect(200);
    assert_eq!(by_imap(&mut imap, "Akten/2030").len(), 2);
}

/// A shared calendar is one thing in every door of both people.
#[test]
fn what_is_shared_is_the_same_for_both() {
    let server = Server::start();
    run_with(
        server.data.path(),
        &["account", "add", "ben@example.test", "--password-stdin"],
        PASSWORD,
    );
    let ben = "ben@example.test";
    let (anna_graph, ben_graph) = (Web::page(&server, ANNA), Web::page(&server, ben));
    let permission = json!({"emailAddress": {"address": ben}, "role": "write"});
    anna_graph
        .post("/v1.0/me/calendar/calendarPermissions", &permission)
        .expect(201);
    let calendars = ben_graph.get("/v1.0/me/calendars").expect(200).json();
    let shared = calendars["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["owner"]["address"] == ANNA);
    let shared = shared.expect("the calendar is listed")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let event = Event::planned("by ben");
    let made = ben_graph
        .post(&format!("/v1.0/me/calendars/{shared}/events"), &event.graph())
        .expect(201)
        .json();
    let uid = made["iCalUId"].as_str().unwrap();
    assert_eq!(read_everywhere(&server, uid), [event.clone(), event]);
    let (name, text) = copy(&anna(&server), ANNA, uid).unwrap();
    let web = program(&server, ben);
    let homes = shared_homes(&web, ben, "calendars");
    let there = web.get(&format!("{}{name}", homes[0])).expect(200).text();
    assert_eq!(there.replace("\r\n ", ""), text);
}
