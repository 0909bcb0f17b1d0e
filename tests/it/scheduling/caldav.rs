//! What programs find of scheduling (RFC 6638): addresses, inbox, outbox, and the Python library as one of them.

use super::{PATIENCE, calendar_of, meeting, settle, wait_for};
use crate::dav::{anna, names, program, propfind, put};
use crate::server::{Server, wait_until};

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";
const WHEN: &str = "DTSTART:20300107T090000Z\nDTEND:20300107T100000Z";
const INBOX: &str = "/dav/calendars/ben@example.test/inbox/";
const OUTBOX: &str = "/dav/calendars/anna@example.test/outbox/";

#[test]
fn a_principal_names_its_addresses_and_boxes() {
    let server = Server::start();
    server.cli(&["account", "set", ANNA, "--add-alias", "chef@example.test"]);
    let web = anna(&server);
    let asked = "<C:calendar-user-address-set/><C:calendar-user-type/><C:schedule-inbox-URL/><C:schedule-outbox-URL/>";
    let text = propfind(&web, "/dav/principals/anna@example.test/", "0", asked);
    for part in [
        "<D:href>mailto:anna@example.test</D:href>",
        "<D:href>mailto:chef@example.test</D:href>",
        "<C:calendar-user-type>INDIVIDUAL</C:calendar-user-type>",
        "<C:schedule-inbox-URL><D:href>/dav/calendars/anna@example.test/inbox/</D:href>",
        "<C:schedule-outbox-URL><D:href>/dav/calendars/anna@example.test/outbox/</D:href>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let options = web.send("OPTIONS", "/dav/", &[], b"").expect(200);
    assert!(options.header("dav").contains("calendar-auto-schedule"));
    let home = propfind(
        &web,
        "/dav/calendars/anna@example.test/",
        "1",
        "<D:resourcetype/><C:schedule-default-calendar-URL/>",
    );
    assert!(
        home.contains("<C:schedule-inbox/>") && home.contains("<C:schedule-outbox/>"),
        "{home}"
    );
    assert!(home.contains(
        "<C:schedule-default-calendar-URL><D:href>/dav/calendars/anna@example.test/calendar/</D:href>"
    ));
    web.send("MKCALENDAR", "/dav/calendars/anna@example.test/inbox/", &[], b"")
        .expect(405);
}

#[test]
fn invitations_go_into_the_calendar_that_was_chosen() {
    let server = Server::start();
    let (web, ben) = (anna(&server), program(&server, BEN));
    let other = "/dav/calendars/ben@example.test/other/";
    ben.send("MKCALENDAR", other, &[], b"").expect(201);
    let choose = |path: &str| {
        let inner = format!(
            "<D:set><D:prop><C:schedule-default-calendar-URL><D:href>{path}</D:href></C:schedule-default-calendar-URL></D:prop></D:set>"
        );
        crate::dav::ask(&ben, "PROPPATCH", INBOX, "0", "D:propertyupdate", &inner)
    };
    for wrong in [
        INBOX,
        "/dav/calendars/anna@example.test/calendar/",
        "/dav/calendars/ben@example.test/tasks/",
    ] {
        let text = choose(wrong).expect(403).text();
        assert!(
            text.contains("<C:valid-schedule-default-calendar-URL/>"),
            "{wrong}: {text}"
        );
    }
    choose(other).expect(207);
    let said = propfind(&ben, INBOX, "0", "<C:schedule-default-calendar-URL/>");
    assert!(
        said.contains(&format!("<D:href>{other}</D:href></C:schedule-default")),
        "{said}"
    );
    put(
        &web,
        &format!("{}m.ics", calendar_of(ANNA)),
        &meeting("c1", ANNA, &[ANNA, BEN], WHEN),
    )
    .expect(201);
    let listed = || names(&propfind(&ben, other, "1", "<D:getetag/>"));
    wait_until("it is there", PATIENCE, || listed().len() == 1);
    // Another time it is changed where it lies; when that calendar is gone, the usual one is used.
    ben.send("DELETE", other, &[], b"").expect(204);
    put(
        &web,
        &format!("{}n.ics", calendar_of(ANNA)),
        &meeting("c2", ANNA, &[ANNA, BEN], WHEN),
    )
    .expect(201);
    wait_for(&server, BEN, "c2", "in the usual calendar", |_| true);
    wait_for(&server, ANNA, "c1", "declined with its calendar", |t| {
        t.contains("PARTSTAT=DECLINED")
    });
}

#[test]
fn messages_lie_in_the_inbox_until_they_are_removed() {
    let server = Server::start();
    let (web, ben) = (anna(&server), program(&server, BEN));
    put(
        &web,
        &format!("{}m.ics", calendar_of(ANNA)),
        &meeting("i1", ANNA, &[ANNA, BEN], WHEN),
    )
    .expect(201);
    let listed = || names(&propfind(&ben, INBOX, "1", "<D:getetag/>"));
    wait_until("it is there", PATIENCE, || listed().len() == 1);
    let path = format!("{INBOX}{}", listed()[0]);
    let text = ben.send("GET", &path, &[], b"").expect(200).text();
    assert!(
        text.contains("METHOD:REQUEST") && text.contains("UID:i1"),
        "{text}"
    );
    put(&ben, &format!("{INBOX}x.ics"), &meeting("i2", BEN, &[BEN], WHEN)).expect(403);
    ben.send("DELETE", INBOX, &[], b"").expect(403);
    ben.send("DELETE", &path, &[], b"").expect(204);
    settle(&server, &[ANNA]);
    assert!(listed().is_empty());
    let own = wait_for(&server, ANNA, "i1", "still asked", |_| true).1;
    assert!(
        !own.contains("DECLINED"),
        "removing the message is no answer: {own}"
    );
}

/// Asks when people are busy on 2030-01-07, with the answers by their addresses.
fn ask(server: &Server, who: &[&str]) -> Vec<(String, String)> {
    let guests: String = who.iter().map(|w| format!("ATTENDEE:mailto:{w}\r\n")).collect();
    let body = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:f1\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART:20300101T000000Z\r\nDTEND:20300115T000000Z\r\nORGANIZER:mailto:{ANNA}\r\n{guests}END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    );
    let text = anna(server)
        .send("POST", OUTBOX, &["Content-Type: text/calendar"], body.as_bytes())
        .expect(200)
        .text();
    let all = text.split("<C:response>").skip(1).map(|r| {
        let who = r.split("mailto:").nth(1).unwrap().split('<').next().unwrap();
        (who.to_owned(), r.replace("&#13;\n ", ""))
    });
    all.collect()
}

#[test]
fn the_outbox_says_when_people_of_the_office_are_busy() {
    let server = Server::start();
    let web = anna(&server);
    put(
        &web,
        &format!("{}m.ics", calendar_of(ANNA)),
        &meeting("f1", ANNA, &[ANNA, BEN], WHEN),
    )
    .expect(201);
    let (name, invited) = wait_for(&server, BEN, "f1", "invited", |_| true);
    let all = ask(&server, &[ANNA, BEN, "nobody@example.test", "x@other.test"]);
    let of = |who: &str| all.iter().find(|(w, _)| w == who).unwrap().1.clone();
    assert!(of(ANNA).contains("<C:request-status>2.0;Success"), "{}", of(ANNA));
    assert!(
        of(ANNA).contains("FREEBUSY:20300107T090000Z/20300107T100000Z"),
        "{}",
        of(ANNA)
    );
    assert!(
        of(BEN).contains("FREEBUSY;FBTYPE=BUSY-TENTATIVE:20300107T090000Z"),
        "{}",
        of(BEN)
    );
    assert!(!of(BEN).contains("Meeting"), "{}", of(BEN));
    for who in ["nobody@example.test", "x@other.test"] {
        assert!(of(who).contains("3.7;Invalid calendar user"), "{}", of(who));
    }
    let no = invited.replace("NEEDS-ACTION;RSVP=TRUE:mailto:ben", "DECLINED:mailto:ben");
    put(
        &program(&server, BEN),
        &format!("{}{name}", calendar_of(BEN)),
        &no,
    )
    .expect(204);
    assert!(
        !ask(&server, &[BEN])[0].1.contains("FREEBUSY;"),
        "who has declined is free"
    );
    let asked = |body: &str| web.send("POST", OUTBOX, &[], body.as_bytes()).expect(403).text();
    assert!(asked("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").contains("<C:valid-scheduling-message/>"));
    let other = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:1\r\nDTSTART:20300101T000000Z\r\nDTEND:20300102T000000Z\r\n\
        ORGANIZER:mailto:ben@example.test\r\nATTENDEE:mailto:anna@example.test\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n";
    assert!(asked(other).contains("<C:organizer-allowed/>"));
}

#[test]
fn two_weeks_of_50_people_are_answered_at_once() {
    let server = Server::start();
    let people: Vec<String> = (0..50).map(|n| format!("p{n}@example.test")).collect();
    for who in &people {
        server.cli(&["account", "add", who]);
    }
    let mut guests: Vec<&str> = people.iter().map(String::as_str).collect();
    guests.push(ANNA);
    let web = anna(&server);
    for n in 0..20 {
        let when = format!(
            "DTSTART:203001{:02}T{:02}0000Z\nDTEND:203001{:02}T{:02}3000Z",
            n / 2 + 1,
            8 + n % 2,
            n / 2 + 1,
            8 + n % 2
        );
        let uid = format!("p{n}");
        put(
            &web,
            &format!("{}{uid}.ics", calendar_of(ANNA)),
            &meeting(&uid, ANNA, &guests, &when),
        )
        .expect(201);
    }
    let who: Vec<&str> = people.iter().map(String::as_str).collect();
    let all_there = || {
        ask(&server, &who)
            .iter()
            .all(|(_, r)| r.matches("FREEBUSY;").count() == 20)
    };
    wait_until("all are invited", PATIENCE * 3, all_there);
    let mut times: Vec<u128> = (0..5)
        .map(|_| {
            let begun = std::time::Instant::now();
            ask(&server, &who);
            begun.elapsed().as_millis()
        })
        .collect();
    times.sort_unstable();
    eprintln!("50 people, 2 weeks, 20 invitations with 51 guests each: {times:?} ms");
    assert!(times[0] < 2_000, "{times:?}");
}

#[test]
fn the_python_library_invites_and_answers() {
    let server = Server::start();
    let script = r#"
import sys, time, caldav
base, ca, password = sys.argv[1:4]
def person(who):
    return caldav.DAVClient(url=base + "/dav/", username=who, password=password, ssl_verify_cert=ca).principal()
anna = person("anna@example.test")
addresses = [str(a) for a in anna.calendar_user_address_set()]
assert "mailto:anna@example.test" in addresses, addresses
mine = next(c for c in anna.calendars() if c.get_display_name() == "Calendar")
mine.save_with_invites("""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y
BEGIN:VEVENT
UID:py1
DTSTAMP:20260101T000000Z
DTSTART:20300107T090000Z
DTEND:20300107T100000Z
SUMMARY:From Python
END:VEVENT
END:VCALENDAR
""", [anna.get_vcal_address(), "ben@example.test"])
ben = person("ben@example.test")
for _ in range(100):
    items = list(ben.schedule_inbox().get_items())
    if items: break
    time.sleep(0.1)
assert len(items) == 1, items
item = items[0]
item.load()
assert item.is_invite_request(), item.data
theirs = next(c for c in ben.calendars() if c.get_display_name() == "Calendar")
event = next(e for e in theirs.events() if "UID:py1" in e.data)
event.change_attendee_status(ben.get_vcal_address(), partstat="ACCEPTED")
event.save()
for _ in range(100):
    event = next(e for e in mine.events() if "UID:py1" in e.data)
    if "PARTSTAT=ACCEPTED" in event.data.replace("\r\n ", "").replace("\n ", "").split("ben@example.test")[0].split("ATTENDEE")[-1]: break
    time.sleep(0.1)
else:
    raise SystemExit("not accepted: " + event.data)
print("done")
"#;
    let out = crate::dav::clients::python(&server, script);
    assert!(out.ends_with("done\n"), "{out}");
}
