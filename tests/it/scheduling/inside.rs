//! Between people of one office.

use super::{PATIENCE, calendar_of, copy, meeting, settle, wait_for};
use crate::dav::{anna, program, put};
use crate::mailbox::Mailbox;
use crate::server::{Server, wait_until};

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";
const WHEN: &str = "DTSTART;TZID=Europe/Berlin:20300107T090000\nDTEND;TZID=Europe/Berlin:20300107T100000";
const WEEKLY: &str = "DTSTART;TZID=Europe/Berlin:20300107T090000\nDTEND;TZID=Europe/Berlin:20300107T100000\nRRULE:FREQ=WEEKLY;COUNT=5";

fn at(who: &str, name: &str) -> String {
    format!("{}{name}", calendar_of(who))
}

/// The one line that begins so.
fn line<'t>(text: &'t str, begin: &str, holds: &str) -> &'t str {
    text.lines()
        .find(|l| l.starts_with(begin) && l.contains(holds))
        .unwrap_or_else(|| panic!("no {begin} with {holds}: {text}"))
}

#[test]
fn an_invitation_is_answered_changed_and_cancelled() {
    let server = Server::start();
    let (web, ben) = (anna(&server), program(&server, BEN));
    let made = put(&web, &at(ANNA, "m.ics"), &meeting("m1", ANNA, &[ANNA, BEN], WHEN)).expect(201);
    assert_eq!(made.header("etag"), "", "the status of the invitation was added");
    let tag = made.header("schedule-tag").to_owned();
    assert!(!tag.is_empty());
    let (name, invited) = wait_for(&server, BEN, "m1", "invited", |_| true);
    assert!(line(&invited, "ATTENDEE", BEN).contains("PARTSTAT=NEEDS-ACTION"));
    assert!(
        !invited.contains("METHOD") && !invited.contains("SCHEDULE-STATUS"),
        "{invited}"
    );
    let own = copy(&web, ANNA, "m1").unwrap().1;
    assert!(
        line(&own, "ATTENDEE", BEN).contains("SCHEDULE-STATUS=1.2"),
        "{own}"
    );

    // Ben says yes, and wants to be reminded.
    let yes = invited
        .replace(
            "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ben@",
            "PARTSTAT=ACCEPTED:mailto:ben@",
        )
        .replace(
            "END:VEVENT",
            "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT",
        );
    put(&ben, &at(BEN, &name), &yes).expect(204);
    let answered = |t: &str| line(t, "ATTENDEE", BEN).contains("PARTSTAT=ACCEPTED");
    wait_for(&server, ANNA, "m1", "ben has accepted", answered);
    let read = web.send("GET", &at(ANNA, "m.ics"), &[], b"").expect(200);
    assert_eq!(
        read.header("schedule-tag"),
        tag,
        "an answer is nothing that Anna has to look at"
    );

    // Another room: Ben hears of it, keeps his answer and his alarm.
    let own = copy(&web, ANNA, "m1").unwrap().1;
    let moved = own.replace("SUMMARY:Meeting m1", "SUMMARY:Meeting m1\r\nLOCATION:Room 2");
    put(&web, &at(ANNA, "m.ics"), &moved).expect(204);
    let (_, news) = wait_for(&server, BEN, "m1", "elsewhere", |t| t.contains("LOCATION:Room 2"));
    assert!(
        answered(&news) && news.contains("BEGIN:VALARM") && news.contains("SEQUENCE:1"),
        "{news}"
    );

    // Another time: everybody is asked again.
    let later = copy(&web, ANNA, "m1")
        .unwrap()
        .1
        .replace("20300107T", "20300108T");
    put(&web, &at(ANNA, "m.ics"), &later).expect(204);
    let (_, news) = wait_for(&server, BEN, "m1", "another day", |t| {
        t.contains("20300108T090000")
    });
    assert!(!answered(&news) && news.contains("SEQUENCE:2"), "{news}");
    assert!(!answered(&copy(&web, ANNA, "m1").unwrap().1));

    web.send("DELETE", &at(ANNA, "m.ics"), &[], b"").expect(204);
    wait_for(&server, BEN, "m1", "called off", |t| {
        t.contains("STATUS:CANCELLED")
    });
    let mut mailbox = Mailbox::open(server.imap, BEN);
    assert_eq!(mailbox.count("INBOX"), 0, "between us there is no mail");
}

#[test]
fn an_attendee_changes_only_what_is_theirs() {
    let server = Server::start();
    let (web, ben) = (anna(&server), program(&server, BEN));
    put(&web, &at(ANNA, "m.ics"), &meeting("m2", ANNA, &[ANNA, BEN], WHEN)).expect(201);
    let (name, invited) = wait_for(&server, BEN, "m2", "invited", |_| true);
    for (from, to) in [
        ("SUMMARY:Meeting m2", "SUMMARY:Mine"),
        ("20300107T090000", "20300107T093000"),
        (
            "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:anna@",
            "PARTSTAT=DECLINED:mailto:anna@",
        ),
        ("ORGANIZER:mailto:anna@", "ORGANIZER:mailto:ben@"),
        ("END:VEVENT", "ATTENDEE:mailto:more@other.test\r\nEND:VEVENT"),
    ] {
        let refused = put(&ben, &at(BEN, &name), &invited.replace(from, to)).expect(403);
        let text = refused.text();
        assert!(
            text.contains("<C:allowed-attendee-scheduling-object-change/>"),
            "{from}: {text}"
        );
    }
    assert_eq!(copy(&ben, BEN, "m2").unwrap().1, invited);
    let mine = invited.replace("END:VEVENT", "CATEGORIES:a\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT");
    put(&ben, &at(BEN, &name), &mine).expect(204);
    // Removing it is a no; without a word when the program says so.
    ben.send("DELETE", &at(BEN, &name), &["Schedule-Reply: F"], b"")
        .expect(204);
    settle(&server, &[ANNA]);
    let own = copy(&web, ANNA, "m2").unwrap().1;
    assert!(
        line(&own, "ATTENDEE", BEN).contains("PARTSTAT=NEEDS-ACTION"),
        "{own}"
    );
    put(
        &web,
        &at(ANNA, "m.ics"),
        &own.replace("Meeting m2", "Meeting m2 again"),
    )
    .expect(204);
    let (name, _) = wait_for(&server, BEN, "m2", "there again", |_| true);
    ben.send("DELETE", &at(BEN, &name), &[], b"").expect(204);
    wait_for(&server, ANNA, "m2", "declined", |t| {
        line(t, "ATTENDEE", BEN).contains("PARTSTAT=DECLINED")
    });
}

#[test]
fn single_occurrences_have_their_own_answers_changes_and_cancellations() {
    let server = Server::start();
    let (web, ben) = (anna(&server), program(&server, BEN));
    put(
        &web,
        &at(ANNA, "s.ics"),
        &meeting("s1", ANNA, &[ANNA, BEN], WEEKLY),
    )
    .expect(201);
    let (name, invited) = wait_for(&server, BEN, "s1", "invited", |_| true);
    // Yes to the series, no to the second.
    let event = &invited[invited.find("BEGIN:VEVENT").unwrap()..invited.find("END:VCALENDAR").unwrap()];
    let series = event.replace(
        "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ben@",
        "PARTSTAT=ACCEPTED:mailto:ben@",
    );
    let second = event
        .replace(
            "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ben@",
            "PARTSTAT=DECLINED:mailto:ben@",
        )
        .replace(
            "RRULE:FREQ=WEEKLY;COUNT=5\r\n",
            "RECURRENCE-ID;TZID=Europe/Berlin:20300114T090000\r\n",
        )
        .replace("20300107T", "20300114T");
    put(
        &ben,
        &at(BEN, &name),
        &invited.replace(event, &format!("{series}{second}")),
    )
    .expect(204);
    let (_, own) = wait_for(&server, ANNA, "s1", "both answers", |t| {
        t.contains("RECURRENCE-ID") && t.contains("PARTSTAT=DECLINED") && t.contains("PARTSTAT=ACCEPTED")
    });
    assert_eq!(own.matches("BEGIN:VEVENT").count(), 2, "{own}");
    assert!(
        own.contains("RECURRENCE-ID;TZID=Europe/Berlin:20300114T090000"),
        "{own}"
    );

    // Anna moves the third and leaves the fourth out: Ben hears of these only.
    let third = "BEGIN:VEVENT\r\nUID:s1\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Berlin:20300121T090000\r\n\
        DTSTART;TZID=Europe/Berlin:20300121T110000\r\nDTEND;TZID=Europe/Berlin:20300121T120000\r\nSUMMARY:Meeting s1\r\n\
        ORGANIZER:mailto:anna@example.test\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.test\r\n\
        ATTENDEE;PARTSTAT=ACCEPTED:mailto:ben@example.test\r\nEND:VEVENT\r\n";
    let changed = own
        .replace("END:VCALENDAR", &format!("{third}END:VCALENDAR"))
        .replace(
            "RRULE:FREQ=WEEKLY;COUNT=5",
            "RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Berlin:20300128T090000",
        );
    put(&web, &at(ANNA, "s.ics"), &changed).expect(204);
    let (_, news) = wait_for(&server, BEN, "s1", "third and fourth", |t| {
        t.contains("20300121T110000") && t.contains("20300128T090000")
    });
    let part = |text: &str, id: &str| -> String {
        text.split("BEGIN:VEVENT")
            .find(|p| p.contains(id))
            .unwrap()
            .to_owned()
    };
    let moved = part(&news, "RECURRENCE-ID;TZID=Europe/Berlin:20300121T090000");
    assert!(
        line(&moved, "ATTENDEE", BEN).contains("NEEDS-ACTION"),
        "asked again about that one: {moved}"
    );
    let whole = part(&news, "RRULE:FREQ=WEEKLY");
    assert!(
        line(&whole, "ATTENDEE", BEN).contains("ACCEPTED"),
        "the series stays answered: {whole}"
    );
    assert!(
        whole.contains("EXDATE;TZID=Europe/Berlin:20300128T090000"),
        "{whole}"
    );
    let refused = part(&news, "RECURRENCE-ID;TZID=Europe/Berlin:20300114T090000");
    assert!(line(&refused, "ATTENDEE", BEN).contains("DECLINED"), "{refused}");
    // Ben takes the last one out of his calendar.
    let gone = news.replace(
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Berlin:20300204T090000",
    );
    put(&ben, &at(BEN, &name), &gone).expect(204);
    wait_for(&server, ANNA, "s1", "declined the last", |t| {
        t.contains("RECURRENCE-ID;TZID=Europe/Berlin:20300204T090000")
            && part(t, "RECURRENCE-ID;TZID=Europe/Berlin:20300204T090000").contains("PARTSTAT=DECLINED")
    });
}

#[test]
fn who_is_not_invited_any_more_hears_of_it_and_who_comes_later_sees_all() {
    let server = Server::start();
    crate::server::run_with(
        server.data.path(),
        &["account", "add", "cleo@example.test", "--password-stdin"],
        &format!("{}\n", crate::server::PASSWORD),
    );
    let cleo = "cleo@example.test";
    let web = anna(&server);
    put(&web, &at(ANNA, "m.ics"), &meeting("m3", ANNA, &[ANNA, BEN], WHEN)).expect(201);
    wait_for(&server, BEN, "m3", "invited", |_| true);
    let other = meeting("m3", ANNA, &[ANNA, cleo], WHEN);
    put(&web, &at(ANNA, "m.ics"), &other).expect(204);
    wait_for(&server, cleo, "m3", "invited", |_| true);
    wait_for(&server, BEN, "m3", "uninvited", |t| {
        t.contains("STATUS:CANCELLED")
    });
    // And back again.
    put(
        &web,
        &at(ANNA, "m.ics"),
        &meeting("m3", ANNA, &[ANNA, BEN, cleo], WHEN),
    )
    .expect(204);
    wait_for(&server, BEN, "m3", "invited again", |t| {
        !t.contains("STATUS:CANCELLED")
    });
    // What is over is told to nobody: calendars that are moved here bring years of it along.
    let over = WHEN.replace("2030", "2020");
    put(
        &web,
        &at(ANNA, "o.ics"),
        &meeting("over", ANNA, &[ANNA, BEN], &over),
    )
    .expect(201);
    // Somebody whom the program invites by itself is not told by us, and nobody is there under this name.
    let own = meeting("m4", ANNA, &[ANNA, "nobody@example.test"], WHEN).replace(
        "END:VEVENT",
        "ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:ben@example.test\r\nEND:VEVENT",
    );
    put(&web, &at(ANNA, "n.ics"), &own).expect(201);
    settle(&server, &[BEN]);
    assert!(copy(&program(&server, BEN), BEN, "m4").is_none());
    assert!(copy(&program(&server, BEN), BEN, "over").is_none());
    let stored = copy(&web, ANNA, "m4").unwrap().1;
    assert!(
        line(&stored, "ATTENDEE", "nobody@").contains("SCHEDULE-STATUS=3.7"),
        "{stored}"
    );
}

#[test]
fn a_change_with_the_schedule_tag_keeps_answers_that_came_meanwhile() {
    let server = Server::start();
    let (web, ben) = (anna(&server), program(&server, BEN));
    let made = put(&web, &at(ANNA, "m.ics"), &meeting("m5", ANNA, &[ANNA, BEN], WHEN)).expect(201);
    let tag = made.header("schedule-tag").to_owned();
    let before = copy(&web, ANNA, "m5").unwrap().1;
    let (name, invited) = wait_for(&server, BEN, "m5", "invited", |_| true);
    put(
        &ben,
        &at(BEN, &name),
        &invited.replace("NEEDS-ACTION;RSVP=TRUE:mailto:ben", "ACCEPTED:mailto:ben"),
    )
    .expect(204);
    let accepted = |t: &str| line(t, "ATTENDEE", BEN).contains("PARTSTAT=ACCEPTED");
    wait_for(&server, ANNA, "m5", "accepted", accepted);
    let text = before.replace("SUMMARY:Meeting m5", "SUMMARY:Another title");
    let header = format!("If-Schedule-Tag-Match: {tag}");
    let stored = web
        .send("PUT", &at(ANNA, "m.ics"), &[&header], text.as_bytes())
        .expect(204);
    let own = copy(&web, ANNA, "m5").unwrap().1;
    assert!(own.contains("Another title") && accepted(&own), "{own}");
    assert_ne!(stored.header("schedule-tag"), tag);
    web.send("PUT", &at(ANNA, "m.ics"), &[&header], text.as_bytes())
        .expect(412);
}

#[test]
fn a_kill_between_commit_and_invitation_loses_nothing_and_invites_once() {
    let mut server = Server::start();
    for round in 0..5 {
        let web = anna(&server);
        for n in 0..10 {
            let uid = format!("k{round}-{n}");
            put(
                &web,
                &at(ANNA, &format!("{uid}.ics")),
                &meeting(&uid, ANNA, &[ANNA, BEN], WHEN),
            )
            .expect(201);
        }
        server.kill();
        server.start_again();
    }
    let count = || {
        let web = program(&server, BEN);
        crate::dav::names(&crate::dav::propfind(
            &web,
            &calendar_of(BEN),
            "1",
            "<D:getetag/>",
        ))
        .len()
    };
    wait_until("all are invited", PATIENCE, || count() == 50);
    settle(&server, &[BEN]);
    assert_eq!(count(), 50);
    let text = copy(&program(&server, BEN), BEN, "k4-9").unwrap().1;
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
}
