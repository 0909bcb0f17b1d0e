//! Messages about events that come by mail from other programs, in the shapes that these write.

use super::{PATIENCE, calendar_of, copy, meeting, settle, wait_for};
use crate::dav::{anna, put};
use crate::mailbox::{Mailbox, wait_for_messages};
use crate::server::{Server, wait_until};
use crate::smtp::Talk;
use crate::web::{Web, encode};
use base64::Engine;

const ANNA: &str = "anna@example.test";

/// A mail with a calendar in it; `head`: the Content-Type and what follows in the header.
pub fn mail(from: &str, head: &str, body: &str) -> String {
    format!("From: {from}\r\nTo: {ANNA}\r\nSubject: event\r\nMIME-Version: 1.0\r\n{head}\r\n\r\n{body}\r\n")
        .replace('\n', "\r\n")
        .replace("\r\r\n", "\r\n")
}

pub fn deliver(server: &Server, from: &str, mail: &str) {
    let mut talk = Talk::hello(server.smtp);
    let reply = talk.deliver(from, &[ANNA], mail.as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
}

pub fn calendar(method: &str, event: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\n{method}\nBEGIN:VEVENT\n{event}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
}

pub const EVENT: &str = "UID:q1\nDTSTAMP:20260101T000000Z\nDTSTART:20300107T090000Z\nDTEND:20300107T100000Z\nSUMMARY:From outside\n\
    ORGANIZER:mailto:boss@other.test\nATTENDEE;RSVP=TRUE:mailto:anna@example.test\nATTENDEE:mailto:boss@other.test";
pub const PLAIN: &str = "Content-Type: text/calendar; charset=utf-8; method=REQUEST";

#[test]
fn quirks_of_programs_do_not_keep_an_invitation_out() {
    let packed = base64::engine::general_purpose::STANDARD.encode(calendar("METHOD:REQUEST", EVENT));
    let windows = EVENT.replace("DTSTART:20300107T090000Z\nDTEND:20300107T100000Z", "DTSTART;TZID=W. Europe Standard Time:20300107T100000\nDTEND;TZID=W. Europe Standard Time:20300107T110000");
    let html = EVENT.replace("SUMMARY:From outside", "SUMMARY:From outside\nDESCRIPTION:\nX-ALT-DESC;FMTTYPE=text/html:<html><body>only <b>here</b></body></html>");
    let two = format!(
        "--b\n{PLAIN}\n\n{}\n--b\n{PLAIN}\n\n{}\n--b--\n",
        calendar("METHOD:REQUEST", &EVENT.replace("UID:q1", "UID:other")),
        calendar("METHOD:REQUEST", EVENT)
    );
    // Google: the calendar beside text and HTML, and again as a file.
    let google = format!(
        "--a\nContent-Type: multipart/alternative; boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\nInvited\n--b\nContent-Type: text/html\n\n<p>Invited\n\
         --b\nContent-Type: text/calendar; charset=\"UTF-8\"; method=REQUEST\nContent-Transfer-Encoding: 7bit\n\n{c}\n--b--\n\
         --a\nContent-Type: application/ics; name=\"invite.ics\"\nContent-Disposition: attachment; filename=\"invite.ics\"\n\
         Content-Transfer-Encoding: base64\n\n{packed}\n--a--\n",
        c = calendar("CALSCALE:GREGORIAN\nMETHOD:REQUEST", EVENT)
    );
    // Exchange: base64, the zone by its Windows name and with its rules.
    let exchange = calendar("METHOD:REQUEST", &windows).replace(
        "BEGIN:VEVENT",
        "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\n\
         TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
         DTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\n\
         END:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VEVENT",
    );
    let exchange = base64::engine::general_purpose::STANDARD.encode(exchange.replace('\n', "\r\n"));
    let boss = "Boss <boss@other.test>";
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "the method in the header only",
            mail(boss, PLAIN, &calendar("X-A:b", EVENT)),
            "SUMMARY:From outside",
        ),
        (
            "no organizer",
            mail(
                boss,
                PLAIN,
                &calendar(
                    "METHOD:REQUEST",
                    &EVENT.replace("ORGANIZER:mailto:boss@other.test\n", ""),
                ),
            ),
            "ORGANIZER:mailto:boss@other.test",
        ),
        (
            "a Windows zone",
            mail(boss, PLAIN, &calendar("METHOD:REQUEST", &windows)),
            "W. Europe Standard Time:20300107T100000",
        ),
        (
            "a description in HTML only",
            mail(boss, PLAIN, &calendar("METHOD:REQUEST", &html)),
            "only <b>here</b>",
        ),
        (
            "base64",
            mail(
                boss,
                &format!("{PLAIN}\nContent-Transfer-Encoding: base64"),
                &packed,
            ),
            "SUMMARY:From outside",
        ),
        (
            "two calendars",
            mail(boss, "Content-Type: multipart/mixed; boundary=b", &two),
            "SUMMARY:From outside",
        ),
        (
            "Google",
            mail(
                "Boss <boss@other.test>\nSender: Calendar <notification@calendar.test>",
                "Content-Type: multipart/mixed; boundary=\"a\"",
                &google,
            ),
            "SUMMARY:From outside",
        ),
        (
            "Exchange",
            mail(
                boss,
                "Content-Class: urn:content-classes:calendarmessage\nContent-Type: text/calendar; charset=\"utf-8\"; method=REQUEST\nContent-Transfer-Encoding: base64",
                &exchange,
            ),
            "20300107T100000",
        ),
        (
            "Apple, in its own name",
            mail(
                "Boss <noreply@mail.provider.test>\nReply-To: Boss <boss@other.test>",
                "Content-Type: text/calendar; method=REQUEST; charset=utf-8",
                &calendar(
                    "METHOD:REQUEST",
                    &EVENT.replace(
                        "ORGANIZER:mailto",
                        "ORGANIZER;CN=Boss;EMAIL=boss@other.test:mailto",
                    ),
                ),
            ),
            "X-HAUSPOST-VIA=noreply@mail.provider.test",
        ),
        (
            "Nextcloud, a file only",
            mail(
                boss,
                "Content-Type: multipart/mixed; boundary=b",
                &format!(
                    "--b\nContent-Type: text/plain\n\nInvited\n--b\nContent-Type: application/ics; name=event.ics\n\n{}--b--\n",
                    calendar("METHOD:REQUEST", EVENT)
                ),
            ),
            "SUMMARY:From outside",
        ),
    ];
    let server = Server::start();
    let web = anna(&server);
    for (n, (what, mail, expected)) in cases.iter().enumerate() {
        let uid = format!("q-{n}");
        let own = format!("UID:{uid}");
        // Calendars in base64 keep their UID; the event is removed after each.
        let mail = mail.replace("UID:q1", &own);
        let uid = if mail.contains(&own) { uid } else { "q1".to_owned() };
        deliver(&server, "boss@other.test", &mail);
        let (name, _) = wait_for(&server, ANNA, &uid, what, |t| t.contains(expected));
        web.send(
            "DELETE",
            &format!("{}{name}", calendar_of(ANNA)),
            &["Schedule-Reply: F"],
            b"",
        )
        .expect(204);
        assert_eq!(
            Mailbox::open(server.imap, ANNA).count("INBOX"),
            n + 1,
            "{what}: the mail stays where it is"
        );
    }
}

/// Why nothing was done with messages in somebody's inbox, as Graph shows it; the page's card says the same.
pub fn refusals(server: &Server, who: &str) -> Vec<String> {
    let page = Web::page(server, who);
    let id = "String {00020386-0000-0000-C000-000000000046} Name X-Hauspost-Invitation-Refused";
    let filter = encode(&format!("id eq '{id}'"));
    let path = format!(
        "/v1.0/me/mailFolders/inbox/messages?$top=50&$select=id&$expand=singleValueExtendedProperties($filter={filter})"
    );
    let all = page.get(&path).expect(200).json();
    let mut out = Vec::new();
    for message in all["value"].as_array().unwrap() {
        let card = page.get(&format!(
            "/api/messages/{}/invitation",
            message["id"].as_str().unwrap()
        ));
        let noted = &message["singleValueExtendedProperties"][0]["value"];
        if card.status == 200 {
            assert_eq!(card.json()["refused"], *noted);
        }
        out.extend(noted.as_str().map(str::to_owned));
    }
    out
}

#[test]
fn who_may_not_speak_for_somebody_changes_nothing() {
    let server = Server::start();
    let web = anna(&server);
    let request = |from: &str, event: &str| mail(from, PLAIN, &calendar("METHOD:REQUEST", event));
    deliver(&server, "boss@other.test", &request("boss@other.test", EVENT));
    let (_, known) = wait_for(&server, ANNA, "q1", "invited", |_| true);
    let newer = EVENT.replace("DTSTAMP:2026", "SEQUENCE:3\nDTSTAMP:2027");
    let lies = [
        // Another sender; another organizer; one who names himself as the organizer's secretary.
        request("evil@evil.test", &newer),
        request(
            "evil@evil.test",
            &newer.replace(
                "ORGANIZER:mailto:boss@other.test",
                "ORGANIZER:mailto:evil@evil.test",
            ),
        ),
        request(
            "evil@evil.test",
            &newer.replace("ORGANIZER:", "ORGANIZER;SENT-BY=\"mailto:evil@evil.test\":"),
        ),
        mail(
            "evil@evil.test",
            "Content-Type: text/calendar; method=CANCEL",
            &calendar("METHOD:CANCEL", &newer),
        ),
        // In the name of one of us, from outside.
        request(
            "evil@evil.test",
            &newer.replace("UID:q1", "UID:q2").replace(
                "mailto:boss@other.test\nATTENDEE;",
                "mailto:ben@example.test\nATTENDEE;",
            ),
        ),
        mail(
            "ben@example.test",
            PLAIN,
            &calendar(
                "METHOD:REQUEST",
                &newer
                    .replace("UID:q1", "UID:q4")
                    .replace("boss@other.test", "ben@example.test"),
            ),
        ),
        // Not for Anna at all, and older than what is known.
        request(
            "boss@other.test",
            &newer
                .replace("UID:q1", "UID:q3")
                .replace("mailto:anna@example.test", "mailto:x@other.test"),
        ),
        request(
            "boss@other.test",
            &EVENT
                .replace("DTSTAMP:2026", "DTSTAMP:2025")
                .replace("From outside", "Old"),
        ),
        // No calendar, and one that is broken.
        mail("boss@other.test", PLAIN, "nothing of the kind"),
        mail(
            "boss@other.test",
            PLAIN,
            &calendar("METHOD:REQUEST", &newer).replace("DTSTART:20300107T090000Z", "DTSTART:tomorrow"),
        ),
    ];
    for lie in &lies {
        deliver(&server, "x@evil.test", lie);
    }
    wait_for_messages(server.imap, ANNA, "INBOX", lies.len() + 1);
    settle(&server, &[ANNA]);
    assert_eq!(copy(&web, ANNA, "q1").unwrap().1, known);
    assert!(copy(&web, ANNA, "q2").is_none() && copy(&web, ANNA, "q3").is_none());
    assert!(copy(&web, ANNA, "q4").is_none());
    // Whoever reads them is told why, but not of what is merely late.
    let mut told = refusals(&server, ANNA);
    told.sort();
    assert_eq!(
        told,
        [
            "nameOfOurs",
            "notOrganizer",
            "notOrganizer",
            "notOrganizer",
            "notOrganizer",
            "notOrganizer"
        ]
    );
    deliver(&server, "boss@other.test", &request("boss@other.test", &newer));
    wait_for(&server, ANNA, "q1", "the organizer may", |t| {
        t.contains("SEQUENCE:3")
    });
}

/// One occurrence and all that follow it are called off (RFC 5546 §3.2.5).
#[test]
fn the_rest_of_a_series_is_called_off_by_mail() {
    let server = Server::start();
    let weekly = EVENT.replace("SUMMARY:", "RRULE:FREQ=WEEKLY\nSUMMARY:");
    let send = |method: &str, event: &str| {
        let head = format!("Content-Type: text/calendar; charset=utf-8; method={method}");
        let body = calendar(&format!("METHOD:{method}"), event);
        deliver(&server, "boss@other.test", &mail("boss@other.test", &head, &body));
    };
    send("REQUEST", &weekly);
    wait_for(&server, ANNA, "q1", "invited", |_| true);
    let rest = "UID:q1\nDTSTAMP:20260102T000000Z\nSEQUENCE:1\nORGANIZER:mailto:boss@other.test\n\
        ATTENDEE:mailto:anna@example.test\nRECURRENCE-ID;RANGE=THISANDFUTURE:20300121T090000Z";
    send("CANCEL", rest);
    let (_, text) = wait_for(&server, ANNA, "q1", "shorter", |t| t.contains("UNTIL"));
    assert!(
        text.contains("RRULE:FREQ=WEEKLY;UNTIL=20300121T085959Z"),
        "{text}"
    );
    assert!(!text.contains("STATUS:CANCELLED"), "{text}");
    // From the first on, nothing is left.
    send(
        "CANCEL",
        &rest
            .replace("20300121", "20300107")
            .replace("SEQUENCE:1", "SEQUENCE:2"),
    );
    wait_for(&server, ANNA, "q1", "called off", |t| {
        t.contains("STATUS:CANCELLED")
    });
}

#[test]
fn answers_by_mail_count_for_whoever_sent_them() {
    let server = Server::start();
    let web = anna(&server);
    let path = format!("{}r.ics", calendar_of(ANNA));
    let when = "DTSTART:20300107T090000Z\nDTEND:20300107T100000Z\nRRULE:FREQ=WEEKLY;COUNT=3";
    let guests = [ANNA, "x@other.test", "y@other.test", "z@third.test"];
    put(&web, &path, &meeting("r1", ANNA, &guests, when)).expect(201);
    let reply = |from: &str, who: &str, said: &str, more: &str| {
        let event = format!(
            "UID:r1\nDTSTAMP:20270101T000000Z\nORGANIZER:mailto:{ANNA}\nATTENDEE;PARTSTAT={said}:mailto:{who}{more}"
        );
        let body = calendar("METHOD:REPLY", &event);
        deliver(
            &server,
            from,
            &mail(from, "Content-Type: text/calendar; method=REPLY", &body),
        );
    };
    let has = |who: &str, said: &str| {
        wait_for(&server, ANNA, "r1", said, |t| {
            t.lines()
                .any(|l| l.starts_with("ATTENDEE") && l.contains(who) && l.contains(said))
        })
        .1
    };
    reply("x+office@other.test", "x@other.test", "ACCEPTED", "");
    has("x@other.test", "ACCEPTED");
    // Under another address of the same company.
    reply("alias@other.test", "y@other.test", "TENTATIVE", "");
    has("y@other.test", "TENTATIVE");
    // One occurrence; and a proposal, which is for Anna to read.
    reply(
        "z@third.test",
        "z@third.test",
        "DECLINED",
        "\nRECURRENCE-ID:20300114T090000Z",
    );
    let text = has("z@third.test", "DECLINED");
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 2, "{text}");
    // From the address that was invited, under another name.
    reply("z@third.test", "zoe@fourth.test", "TENTATIVE", "");
    has("z@third.test", "TENTATIVE");
    let before = copy(&web, ANNA, "r1").unwrap().1;
    reply("evil@evil.test", "x@other.test", "DECLINED", "");
    reply("stranger@other.test", "stranger@other.test", "ACCEPTED", "");
    reply(
        "z@third.test",
        "z@third.test",
        "ACCEPTED",
        "\nRECURRENCE-ID:20300115T090000Z",
    );
    let counter = calendar(
        "METHOD:COUNTER",
        &format!(
            "UID:r1\nDTSTAMP:20270101T000000Z\nDTSTART:20300108T090000Z\nORGANIZER:mailto:{ANNA}\nATTENDEE:mailto:x@other.test"
        ),
    );
    deliver(
        &server,
        "x@other.test",
        &mail(
            "x@other.test",
            "Content-Type: text/calendar; method=COUNTER",
            &counter,
        ),
    );
    wait_for_messages(server.imap, ANNA, "INBOX", 8);
    settle(&server, &[ANNA]);
    assert_eq!(copy(&web, ANNA, "r1").unwrap().1, before);
    // Who has lost the invitation asks for it.
    let refresh = calendar(
        "METHOD:REFRESH",
        &format!("UID:r1\nDTSTAMP:20270101T000000Z\nORGANIZER:mailto:{ANNA}\nATTENDEE:mailto:x@other.test"),
    );
    let queued = || crate::outgoing::queue(&server).len();
    let waiting = queued();
    deliver(
        &server,
        "x@other.test",
        &mail(
            "x@other.test",
            "Content-Type: text/calendar; method=REFRESH",
            &refresh,
        ),
    );
    wait_until("it is sent again", PATIENCE, || queued() > waiting);
}

#[test]
fn a_kill_between_delivery_and_reading_loses_no_invitation_and_books_once() {
    let mut server = Server::start();
    let add = [
        "account",
        "add",
        "auto@example.test",
        "--kind",
        "equipment",
        "--name",
        "Auto",
    ];
    server.cli(&add);
    server.cli(&["account", "set", "auto@example.test", "--bookers", "everyone"]);
    let rounds = 4;
    for round in 0..rounds {
        let mut talk = Talk::hello(server.smtp);
        for n in 0..6 {
            // Each in another hour, for Anna and for the car.
            let event = EVENT
                .replace("UID:q1", &format!("UID:k{round}-{n}"))
                .replace("20300107T", &format!("203001{:02}T", 1 + round * 6 + n))
                .replace(
                    "mailto:anna@example.test",
                    "mailto:anna@example.test\nATTENDEE:mailto:auto@example.test",
                );
            let text = mail("boss@other.test", PLAIN, &calendar("METHOD:REQUEST", &event));
            let to = [ANNA, "auto@example.test"];
            let reply = talk.deliver("boss@other.test", &to, text.as_bytes());
            assert!(reply.starts_with("250"), "{reply}");
        }
        server.kill();
        server.start_again();
    }
    let all = rounds * 6;
    let count = || {
        let listed = crate::dav::propfind(&anna(&server), &calendar_of(ANNA), "1", "<D:getetag/>");
        crate::dav::names(&listed).len()
    };
    wait_until("all are in the calendar", PATIENCE, || count() == all);
    // The car has said yes to each, once.
    wait_until("all are answered", PATIENCE, || {
        crate::outgoing::queue(&server).len() == all
    });
    settle(&server, &[ANNA]);
    assert_eq!((count(), crate::outgoing::queue(&server).len()), (all, all));
}
