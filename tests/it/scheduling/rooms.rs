//! Rooms and equipment answer for themselves.

use super::{PATIENCE, calendar_of, copy, meeting, settle, wait_for};
use crate::dav::{anna, program, put};
use crate::mailbox::Mailbox;
use crate::server::{PASSWORD, Server, run_with, wait_until};
use crate::smtp::Talk;
use crate::web::Web;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";
const ROOM: &str = "saal@example.test";
const WHEN: &str = "DTSTART;TZID=Europe/Berlin:20300107T090000\nDTEND;TZID=Europe/Berlin:20300107T100000";

fn start(settings: &[&str]) -> Server {
    let server = Server::start();
    let add = [
        "account",
        "add",
        ROOM,
        "--kind",
        "room",
        "--name",
        "Saal",
        "--password-stdin",
    ];
    let out = run_with(server.data.path(), &add, &format!("{PASSWORD}\n"));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    if !settings.is_empty() {
        let mut arguments = vec!["account", "set", ROOM];
        arguments.extend(settings);
        server.cli(&arguments);
    }
    server
}

fn book(server: &Server, uid: &str, when: &str) -> String {
    let path = format!("{}{uid}.ics", calendar_of(ANNA));
    put(&anna(server), &path, &meeting(uid, ANNA, &[ANNA, ROOM], when)).expect(201);
    path
}

/// What the room has said to an event of Anna's, once it has said something else than `before`.
fn answer(server: &Server, uid: &str, before: &str) -> String {
    let said = |t: &str| -> Option<String> {
        let line = t
            .lines()
            .find(|l| l.starts_with("ATTENDEE") && l.contains(ROOM))?;
        Some(
            line.split("PARTSTAT=")
                .nth(1)?
                .split([';', ':'])
                .next()?
                .to_owned(),
        )
    };
    let (_, text) = wait_for(server, ANNA, uid, "an answer", |t| {
        said(t).is_some_and(|s| s != before)
    });
    said(&text).unwrap()
}

fn first_answer(server: &Server, uid: &str) -> String {
    answer(server, uid, "NEEDS-ACTION")
}

#[test]
fn who_comes_first_has_the_room_and_what_is_given_back_is_free() {
    let server = start(&[]);
    let first = book(&server, "b1", WHEN);
    assert_eq!(first_answer(&server, "b1"), "ACCEPTED");
    let half_past = WHEN.replace("T090000", "T093000").replace("T100000", "T103000");
    book(&server, "b2", &half_past);
    assert_eq!(first_answer(&server, "b2"), "DECLINED");
    let after = WHEN.replace("T100000", "T110000").replace("T090000", "T100000");
    book(&server, "b3", &after);
    assert_eq!(
        first_answer(&server, "b3"),
        "ACCEPTED",
        "where one ends another begins"
    );
    // A series that meets it once.
    let weekly = "DTSTART;TZID=Europe/Berlin:20291210T093000\nDTEND;TZID=Europe/Berlin:20291210T094500\nRRULE:FREQ=WEEKLY";
    book(&server, "b4", weekly);
    assert_eq!(first_answer(&server, "b4"), "DECLINED");
    anna(&server).send("DELETE", &first, &[], b"").expect(204);
    settle(&server, &[ROOM]);
    assert!(copy(&program(&server, ROOM), ROOM, "b1").is_none());
    book(&server, "b5", WHEN);
    assert_eq!(first_answer(&server, "b5"), "ACCEPTED");
    // Moved to where another one is: the answer is no, and the old hour is free.
    let moved = copy(&anna(&server), ANNA, "b5")
        .unwrap()
        .1
        .replace("T093000", "T103000")
        .replace("T090000", "T101500")
        .replace(":20300107T100000", ":20300107T104500");
    put(&anna(&server), &format!("{}b5.ics", calendar_of(ANNA)), &moved).expect(204);
    wait_for(&server, ANNA, "b5", "declined", |t| {
        t.contains("PARTSTAT=DECLINED")
    });
    book(&server, "b6", WHEN);
    assert_eq!(first_answer(&server, "b6"), "ACCEPTED");
}

#[test]
fn a_room_keeps_its_rules() {
    let server = start(&[
        "--open",
        "mon-fri 08:00-18:00",
        "--time-zone",
        "Europe/Berlin",
        "--longest",
        "120",
        "--recurring",
        "no",
        "--capacity",
        "12",
        "--building",
        "Haus A",
        "--floor",
        "2",
        "--place",
        "am Ende des Gangs",
        "--feature",
        "beamer",
    ]);
    for (uid, when, expected) in [
        ("r1", WHEN.to_owned(), "ACCEPTED"),
        (
            "r2",
            WHEN.replace("T090000", "T063000").replace("T100000", "T073000"),
            "DECLINED",
        ),
        ("r3", WHEN.replace("20300107", "20300112"), "DECLINED"),
        (
            "r4",
            WHEN.replace("T100000", "T130000").replace("20300107", "20300108"),
            "DECLINED",
        ),
        (
            "r5",
            format!(
                "{}\nRRULE:FREQ=DAILY;COUNT=2",
                WHEN.replace("20300107", "20300109")
            ),
            "DECLINED",
        ),
    ] {
        book(&server, uid, &when);
        assert_eq!(first_answer(&server, uid), expected, "{uid}");
    }
    let shown: serde_json::Value =
        serde_json::from_str(&server.cli(&["account", "show", ROOM, "--json"])).unwrap();
    let resource = &shown["resource"];
    assert_eq!(resource["capacity"], 12, "{shown}");
    assert_eq!(resource["features"], serde_json::json!(["beamer"]));
    assert_eq!(
        (&resource["building"], &resource["allowsRecurring"]),
        (&"Haus A".into(), &false.into())
    );
    let text = server.cli(&["account", "show", ROOM]);
    assert!(
        text.contains("mon-fri 08:00-18:00") && text.contains("am Ende des Gangs"),
        "{text}"
    );
    server.cli(&[
        "account",
        "set",
        ROOM,
        "--window",
        "30",
        "--bookers",
        "ben@example.test",
    ]);
    book(&server, "r6", WHEN);
    assert_eq!(first_answer(&server, "r6"), "DECLINED", "Anna is not named");
    let out = run_with(
        server.data.path(),
        &["account", "set", ANNA, "--capacity", "3"],
        "",
    );
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("no room"),
        "{out:?}"
    );
}

#[test]
fn who_approves_is_asked_and_decides() {
    let server = start(&["--approver", BEN]);
    for (uid, word, expected) in [("a1", "ACCEPTED", "ACCEPTED"), ("a2", "DECLINED", "DECLINED")] {
        let when = if uid == "a1" {
            WHEN.to_owned()
        } else {
            WHEN.replace("20300107", "20300108")
        };
        book(&server, uid, &when);
        assert_eq!(first_answer(&server, uid), "TENTATIVE");
        let question = format!("approval-{uid}");
        let (name, asked) = wait_for(&server, BEN, &question, "asked", |_| true);
        assert!(asked.contains("Approve booking of »Saal«: Meeting"), "{asked}");
        let said = asked.replace("PARTSTAT=NEEDS-ACTION", &format!("PARTSTAT={word}"));
        put(
            &program(&server, BEN),
            &format!("{}{name}", calendar_of(BEN)),
            &said,
        )
        .expect(204);
        assert_eq!(answer(&server, uid, "TENTATIVE"), expected);
    }
    assert_eq!(
        Mailbox::open(server.imap, BEN).count("INBOX"),
        2,
        "each question is also a mail"
    );
    settle(&server, &[ROOM]);
    assert!(copy(&program(&server, ROOM), ROOM, "a2").is_none());
}

fn by_graph(n: usize) -> Value {
    let at = |hour: u32| json!({"dateTime": format!("2030-01-07T{hour:02}:00:00"), "timeZone": "W. Europe Standard Time"});
    json!({
        "subject": "Meeting", "body": {"contentType": "text", "content": format!("number {n}")}, "start": at(9), "end": at(10),
        "attendees": [{"type": "resource", "emailAddress": {"address": ROOM}}],
    })
}

#[test]
fn of_200_who_want_the_same_hour_one_gets_it_and_the_others_hear_why() {
    let server = start(&["--bookers", "everyone"]);
    // Every other one of those in the office by Graph.
    let (by_office, by_mail) = (120, 80);
    let next = AtomicUsize::new(0);
    let mail = |n: usize| {
        format!(
            "From: x{n}@other.test\r\nTo: {ROOM}\r\nSubject: want\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n\
             BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:mail-{n}\r\nDTSTAMP:20260101T000000Z\r\n{}\r\n\
             SUMMARY:Mine\r\nORGANIZER:mailto:x{n}@other.test\r\nATTENDEE:mailto:{ROOM}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            WHEN.replace('\n', "\r\n")
        )
    };
    std::thread::scope(|scope| {
        for who in [ANNA, BEN] {
            for _ in 0..4 {
                scope.spawn(|| {
                    let (web, page) = (program(&server, who), Web::page(&server, who));
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= by_office {
                            break;
                        }
                        if n % 2 == 1 {
                            page.post("/v1.0/me/events", &by_graph(n)).expect(201);
                            continue;
                        }
                        let path = format!("{}dav-{n}.ics", calendar_of(who));
                        put(
                            &web,
                            &path,
                            &meeting(&format!("dav-{n}"), who, &[who, ROOM], WHEN),
                        )
                        .expect(201);
                    }
                });
            }
        }
        for part in 0..4 {
            let mail = &mail;
            let smtp = server.smtp;
            scope.spawn(move || {
                let mut talk = Talk::hello(smtp);
                for n in (0..by_mail).filter(|n| n % 4 == part) {
                    let reply = talk.deliver(&format!("x{n}@other.test"), &[ROOM], mail(n).as_bytes());
                    assert!(reply.starts_with("250"), "{reply}");
                }
            });
        }
    });
    // Answers to those outside wait in the queue, because no way out is set up here.
    let answers = || {
        let queued = crate::outgoing::queue(&server).len();
        let told: usize = [ANNA, BEN]
            .iter()
            .map(|who| {
                let web = program(&server, who);
                let text = crate::dav::report(
                    &web,
                    &calendar_of(who),
                    "C:calendar-query",
                    "<D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter>",
                );
                let text = text.replace("&#13;\n ", "").replace("\r\n ", "");
                let own = text.lines().filter(|l| l.starts_with("ATTENDEE") && l.contains(ROOM));
                own.filter(|l| l.contains("PARTSTAT=DECLINED") || l.contains("PARTSTAT=ACCEPTED")).count()
            })
            .sum();
        (queued, told)
    };
    wait_until("all have their answer", PATIENCE * 6, || {
        answers() == (by_mail, by_office)
    });
    let room = program(&server, ROOM);
    let booked = crate::dav::names(&crate::dav::propfind(
        &room,
        &calendar_of(ROOM),
        "1",
        "<D:getetag/>",
    ));
    assert_eq!(booked.len(), 1, "{booked:?}");
    // Those of the office read the reason in their mail; the one who got the room has none.
    let mails = |who: &str| Mailbox::open(server.imap, who).messages("INBOX");
    let told: Vec<Vec<u8>> = [ANNA, BEN].iter().flat_map(|w| mails(w)).collect();
    let reason = "»Saal« is already booked on 2030-01-07 between 09:00 and 10:00";
    let quoted = reason.replace('»', "=C2=BB").replace('«', "=C2=AB");
    for mail in &told {
        let text = String::from_utf8_lossy(mail).replace("=\r\n", "");
        assert!(
            text.contains("Subject: Declined: Meeting") && text.contains(&quoted),
            "{text}"
        );
    }
    let taken = room
        .send("GET", &format!("{}{}", calendar_of(ROOM), booked[0]), &[], b"")
        .text();
    let taken_by_office = !taken.contains("UID:mail-");
    assert_eq!(told.len(), by_office - usize::from(taken_by_office));
}
