//! What others share, over DAV.

use super::{ANNA, BEN, RIGHTS, objects, share, shared_homes, with_events};
use crate::dav::clients::python;
use crate::dav::{ask, event, names, program, propfind, put, report, sync, token};
use crate::scheduling::{copy, meeting, wait_for};
use crate::server::{Server, run};
use crate::web::Web;

/// Each right and each verb: what ben is told in a calendar of anna's.
#[test]
fn each_right_allows_what_it_says_and_nothing_else() {
    let server = Server::start();
    with_events(&server);
    let ben = program(&server, BEN);
    assert!(shared_homes(&ben, BEN, "calendars").is_empty());
    for (i, level) in RIGHTS.iter().enumerate() {
        share(&server, "calendar", BEN, level);
        let all = shared_homes(&ben, BEN, "calendars");
        let [shared] = all.as_slice() else {
            panic!("{level}: {all:?}")
        };
        let (reads, writes, manages) = (i >= 1, i >= 2, i >= 3);
        let if_so = |is: bool, code: u16| if is { code } else { 403 };
        let new = format!("{shared}new-{level}.ics");
        let body = event(&format!("new-{level}"), "DTSTART:20261124T090000Z");
        put(&ben, &new, &body).expect(if_so(writes, 201));
        ben.send("GET", &format!("{shared}open.ics"), &[], b"")
            .expect(if_so(reads, 200));
        let query = "<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter>";
        for (root, inner) in [
            ("C:calendar-query", query),
            (
                "D:sync-collection",
                "<D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>",
            ),
            ("C:calendar-multiget", "<D:prop><D:getetag/></D:prop>"),
        ] {
            ask(&ben, "REPORT", shared, "1", root, inner).expect(if_so(reads, 207));
        }
        let busy = ask(
            &ben,
            "REPORT",
            shared,
            "1",
            "C:free-busy-query",
            "<C:time-range start=\"20261123T000000Z\" end=\"20261124T000000Z\"/>",
        );
        let busy = busy.expect(200).text();
        assert!(
            busy.contains("20261123T090000Z") && busy.contains("20261123T110000Z"),
            "{busy}"
        );
        assert_eq!(objects(&ben, shared).is_empty(), !reads, "{level}");
        let name = "<D:set><D:prop><D:displayname>Team</D:displayname></D:prop></D:set>";
        ask(&ben, "PROPPATCH", shared, "0", "D:propertyupdate", name).expect(if_so(manages, 207));
        let private = format!("{shared}secret.ics");
        let seen = ben
            .send("GET", &private, &[], b"")
            .expect(if_so(reads, 200))
            .text();
        assert_eq!(seen.contains("Doctor"), manages, "{level}: {seen}");
        let over = event("secret", "DTSTART:20261123T110000Z\nSUMMARY:x");
        put(&ben, &private, &over).expect(if_so(manages, 204));
        ben.delete(&new).expect(if_so(writes, 204));
        let set = propfind(
            &ben,
            shared,
            "0",
            "<D:current-user-privilege-set/><D:owner/><D:displayname/>",
        );
        assert_eq!(set.contains("<D:read/>"), reads, "{set}");
        assert_eq!(set.contains("<D:write-content/>"), writes, "{set}");
        assert_eq!(set.contains("<D:write-properties/>"), manages, "{set}");
        assert!(
            set.contains("<D:owner><D:href>/dav/principals/anna@example.test/</D:href>"),
            "{set}"
        );
        if !manages {
            ben.delete(shared).expect(403);
        }
    }
    // A second right of the same person takes the place of the first.
    server.cli(&["share", "remove", ANNA, "calendar", BEN]);
    assert!(shared_homes(&ben, BEN, "calendars").is_empty());
}

#[test]
fn what_is_refused_names_the_privilege_and_what_is_not_shared_is_not_there() {
    let server = Server::start();
    with_events(&server);
    let (anna, ben) = (program(&server, ANNA), program(&server, BEN));
    share(&server, "calendar", BEN, "read");
    let shared = shared_homes(&ben, BEN, "calendars")[0].clone();
    let refused = put(
        &ben,
        &format!("{shared}x.ics"),
        &event("x", "DTSTART:20261124T090000Z"),
    )
    .expect(403)
    .text();
    assert!(
        refused.contains("<D:need-privileges>") && refused.contains("<D:write-content/>"),
        "{refused}"
    );
    // Another collection of the same account, by its number.
    let (account, folder) = shared
        .trim_end_matches('/')
        .rsplit_once('~')
        .unwrap()
        .1
        .split_once('-')
        .unwrap();
    let folder = i64::from_str_radix(folder, 16).unwrap();
    for other in (1..folder + 8).filter(|f| *f != folder) {
        for section in ["calendars", "addressbooks"] {
            let path = format!("/dav/{section}/{BEN}/~{account}-{other:x}/");
            ben.send("PROPFIND", &path, &["Depth: 0"], b"").expect(404);
        }
    }
    anna.send("PROPFIND", &shared.replace(BEN, ANNA), &["Depth: 0"], b"")
        .expect(404);
    ben.send(
        "PROPFIND",
        "/dav/calendars/anna@example.test/calendar/",
        &["Depth: 0"],
        b"",
    )
    .expect(404);
    // Nobody makes one that looks like another's.
    ask(
        &ben,
        "MKCALENDAR",
        &format!("/dav/calendars/{BEN}/~1-2/"),
        "0",
        "C:mkcalendar",
        "",
    )
    .expect(400);
}

#[test]
fn what_two_people_write_into_a_shared_calendar_reaches_both() {
    let server = Server::start();
    let anna = with_events(&server);
    let ben = program(&server, BEN);
    share(&server, "calendar", BEN, "write");
    let shared = shared_homes(&ben, BEN, "calendars")[0].clone();
    let first = sync(&ben, &shared, "");
    assert_eq!(names(&first), ["open.ics", "secret.ics"]);
    let tag = |web: &crate::web::Web, path: &str| propfind(web, path, "0", "<S:getctag/>");
    let before = tag(&ben, &shared);
    let calendar = "/dav/calendars/anna@example.test/calendar/";
    put(
        &anna,
        &format!("{calendar}a.ics"),
        &event("a", "DTSTART:20261124T090000Z"),
    )
    .expect(201);
    assert_ne!(tag(&ben, &shared), before);
    let news = sync(&ben, &shared, &token(&first));
    assert_eq!(names(&news), ["a.ics"]);
    put(
        &ben,
        &format!("{shared}b.ics"),
        &event("b", "DTSTART:20261124T090000Z"),
    )
    .expect(201);
    ben.delete(&format!("{shared}a.ics")).expect(204);
    assert_eq!(objects(&anna, calendar), ["open.ics", "secret.ics", "b.ics"]);
    let own = format!("/dav/calendars/{BEN}/calendar/c.ics");
    let copied = format!("Destination: {own}");
    ben.send("COPY", &format!("{shared}b.ics"), &[&copied], b"")
        .expect(201);
    ben.send("MOVE", &format!("{shared}b.ics"), &[&copied], b"")
        .expect(403);
    let multi = format!("<D:prop><C:calendar-data/></D:prop><D:href>{shared}b.ics</D:href>");
    let got = report(&ben, &shared, "C:calendar-multiget", &multi);
    assert!(got.contains("SUMMARY:Event b"), "{got}");
}

#[test]
fn who_writes_into_a_shared_calendar_invites_for_its_owner() {
    let server = Server::start();
    run(
        server.data.path(),
        &["account", "add", "carla@example.test", "--name", "Carla"],
    );
    let mut child = crate::server::run_with(
        server.data.path(),
        &["account", "set", "carla@example.test", "--password-stdin"],
        crate::server::PASSWORD,
    );
    assert!(child.status.success(), "{:?}", std::mem::take(&mut child.stderr));
    with_events(&server);
    let ben = program(&server, BEN);
    share(&server, "calendar", BEN, "write");
    let shared = shared_homes(&ben, BEN, "calendars")[0].clone();
    let body = meeting(
        "m",
        ANNA,
        &["carla@example.test"],
        "DTSTART:20361124T090000Z\nDTEND:20361124T100000Z",
    );
    put(&ben, &format!("{shared}m.ics"), &body).expect(201);
    let carla = wait_for(&server, "carla@example.test", "m", "is invited", |t| {
        t.contains("ORGANIZER")
    });
    assert!(carla.1.contains("mailto:anna@example.test"), "{}", carla.1);
    assert_eq!(copy(&ben, BEN, "m"), None, "ben was not invited");
    ben.delete(&format!("{shared}m.ics")).expect(204);
    wait_for(&server, "carla@example.test", "m", "hears that it is off", |t| {
        t.contains("STATUS:CANCELLED")
    });
}

#[test]
fn a_group_has_what_was_given_to_it_while_somebody_belongs_to_it() {
    let server = Server::start();
    with_events(&server);
    let ben = program(&server, BEN);
    server.cli(&["account", "add", "team@example.test", "--kind", "group"]);
    share(&server, "calendar", "team@example.test", "write");
    share(&server, "tasks", "team@example.test", "read");
    share(&server, "contacts", "team@example.test", "read");
    assert!(shared_homes(&ben, BEN, "calendars").is_empty());
    server.cli(&["account", "member", "add", "team@example.test", BEN]);
    assert_eq!(shared_homes(&ben, BEN, "calendars").len(), 2);
    assert_eq!(shared_homes(&ben, BEN, "addressbooks").len(), 1);
    let listed = server.cli(&["account", "member", "list", "team@example.test", "--json"]);
    assert!(listed.contains(BEN), "{listed}");
    server.cli(&["account", "member", "remove", "team@example.test", BEN]);
    assert!(shared_homes(&ben, BEN, "calendars").is_empty());
    let listed = server.cli(&["share", "list", ANNA, "calendar", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        listed,
        serde_json::json!([{"address": "team@example.test", "level": "write", "isDeputy": false}])
    );
}

const SHARED: &str = r#"
import caldav, datetime, sys
base, ca, password = sys.argv[1:4]
client = caldav.DAVClient(url=base + "/dav/", username="ben@example.test", password=password, ssl_verify_cert=ca)
principal = client.principal()
names = {c.get_display_name(): c for c in principal.calendars()}
assert set(names) == {"Calendar", "Tasks", "Calendar (Anna)"}, names
calendar = names["Calendar (Anna)"]
assert len(calendar.events()) == 2
event = calendar.save_event(dtstart=datetime.datetime(2026, 11, 24, 9, tzinfo=datetime.timezone.utc), summary="From Ben")
objects = calendar.objects(load_objects=True)
assert len(list(objects)) == 3
event.delete()
updated, deleted = objects.sync()
assert len(list(deleted)) == 1
print("all is well")
"#;

#[test]
fn the_python_library_finds_and_writes_a_shared_calendar() {
    let server = Server::start();
    with_events(&server);
    share(&server, "calendar", BEN, "write");
    server.cli(&["account", "set", ANNA, "--name", "Anna"]);
    let said = python(&server, SHARED);
    assert!(said.contains("all is well"), "{said}");
}

/// As programs of the Calendar and Contacts Server ask for it.
#[test]
fn a_program_shares_a_calendar_by_posting_to_it() {
    let server = Server::start();
    let (anna, ben) = (with_events(&server), program(&server, BEN));
    let calendar = "/dav/calendars/anna@example.test/calendar/";
    let post = |web: &Web, path: &str, wishes: &str| {
        let body =
            format!("<S:share xmlns:S=\"http://calendarserver.org/ns/\" xmlns:D=\"DAV:\">{wishes}</S:share>");
        web.send("POST", path, &["Content-Type: application/xml"], body.as_bytes())
    };
    let set = |who: &str, level: &str| format!("<S:set><D:href>{who}</D:href><S:{level}/></S:set>");
    // How programs learn that this may be posted here.
    let options = anna.send("OPTIONS", calendar, &[], b"").expect(200);
    assert!(options.header("dav").contains("calendarserver-sharing"));
    let asked = "<S:allowed-sharing-modes/><S:invite/><D:resourcetype/>";
    let alone = propfind(&anna, calendar, "0", asked);
    assert!(
        alone.contains("<S:allowed-sharing-modes><S:can-be-shared/>"),
        "{alone}"
    );
    assert!(
        !alone.contains("<S:user>") && !alone.contains("shared-owner"),
        "{alone}"
    );
    let inbox = propfind(&anna, "/dav/calendars/anna@example.test/inbox/", "0", asked);
    assert!(!inbox.contains("can-be-shared"), "{inbox}");
    post(&anna, calendar, &set("mailto:Ben@example.test", "read")).expect(200);
    let told = propfind(&anna, calendar, "0", asked);
    assert!(told.contains("<S:shared-owner/>"), "{told}");
    assert!(
        told.contains("<S:user><D:href>mailto:ben@example.test</D:href>")
            && told.contains("<S:invite-accepted/><S:access><S:read/></S:access></S:user>"),
        "{told}"
    );
    let shared = shared_homes(&ben, BEN, "calendars").remove(0);
    // Who only reads shares nothing on, and does not see with whom else it is shared.
    let seen = propfind(&ben, &shared, "0", asked);
    assert!(
        seen.contains("<S:shared/>") && seen.contains("<S:organizer>"),
        "{seen}"
    );
    assert!(
        !seen.contains("<S:user>") && !seen.contains("can-be-shared"),
        "{seen}"
    );
    let body = event("new", "DTSTART:20261124T090000Z");
    put(&ben, &format!("{shared}new.ics"), &body).expect(403);
    // Who may read gives nothing to anybody.
    post(&ben, &shared, &set(&format!("mailto:{BEN}"), "read-write")).expect(403);
    post(
        &anna,
        calendar,
        &set("/dav/principals/ben@example.test/", "read-write"),
    )
    .expect(200);
    put(&ben, &format!("{shared}new.ics"), &body).expect(201);
    post(&anna, calendar, &set("mailto:nobody@example.test", "read")).expect(404);
    post(&anna, calendar, "<S:set><S:read/></S:set>").expect(400);
    anna.send("POST", calendar, &["Content-Type: application/xml"], b"<x/>")
        .expect(400);
    post(
        &anna,
        calendar,
        &format!("<S:remove><D:href>mailto:{BEN}</D:href></S:remove>"),
    )
    .expect(200);
    assert!(shared_homes(&ben, BEN, "calendars").is_empty());
    ben.send("GET", &format!("{shared}new.ics"), &[], b"").expect(404);
}
