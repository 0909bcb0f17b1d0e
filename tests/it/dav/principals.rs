//! Who is there, who may do what, and what hangs together, in one question each.

use super::{BOOK, CALENDAR, anna, ask, event, program, propfind, put};
use crate::server::Server;
use crate::sharing::{share, with_events};

const ANNA: &str = "/dav/principals/anna@example.test/";
const BEN: &str = "/dav/principals/ben@example.test/";
const HOME: &str = "/dav/calendars/anna@example.test/";

fn report(web: &crate::web::Web, path: &str, root: &str, inner: &str) -> String {
    ask(web, "REPORT", path, "0", root, inner).expect(207).text()
}

#[test]
fn properties_are_told_with_those_of_what_they_point_to() {
    let server = Server::start();
    let anna = anna(&server);
    let caldav = "namespace=\"urn:ietf:params:xml:ns:caldav\"";
    let wish = format!(
        "<D:property name=\"current-user-principal\"><D:property name=\"displayname\"/>\
         <D:property name=\"calendar-home-set\" {caldav}><D:property name=\"resourcetype\"/><D:property name=\"getetag\"/></D:property>\
         <D:property name=\"calendar-user-address-set\" {caldav}><D:property name=\"displayname\"/></D:property></D:property>"
    );
    let told = report(&anna, CALENDAR, "D:expand-property", &wish);
    assert!(told.contains(&format!("<D:href>{CALENDAR}</D:href>")), "{told}");
    assert!(
        told.contains(&format!(
            "<D:current-user-principal><D:response><D:href>{ANNA}</D:href>"
        )),
        "{told}"
    );
    assert!(
        told.contains(&format!(
            "<C:calendar-home-set><D:response><D:href>{HOME}</D:href><D:propstat><D:prop><D:resourcetype><D:collection/>"
        )),
        "{told}"
    );
    assert!(
        told.contains("<D:getetag/></D:prop><D:status>HTTP/1.1 404"),
        "{told}"
    );
    // What is no address of ours stays as it is.
    assert!(
        told.contains("<D:href>mailto:anna@example.test</D:href>"),
        "{told}"
    );
    for bad in [
        "<D:property/>".to_owned(),
        "<D:property name=\"a b\"/>".to_owned(),
        format!(
            "{}{}",
            "<D:property name=\"owner\">".repeat(9),
            "</D:property>".repeat(9)
        ),
    ] {
        ask(&anna, "REPORT", CALENDAR, "0", "D:expand-property", &bad).expect(400);
    }
    // A question that leads everywhere again and again is not followed without end.
    let again = "<D:property name=\"owner\"><D:property name=\"owner\"><D:property name=\"owner\"/></D:property></D:property>";
    let many = format!("<D:property name=\"owner\">{}</D:property>", again.repeat(90)).repeat(90);
    ask(&anna, "REPORT", ANNA, "0", "D:expand-property", &many).expect(400);
}

#[test]
fn people_are_found_by_name_address_and_kind() {
    let server = Server::start();
    with_events(&server);
    server.cli(&[
        "account",
        "add",
        "--kind",
        "room",
        "--name",
        "Großer Saal",
        "saal@example.test",
    ]);
    let anna = anna(&server);
    let find = |attributes: &str, conditions: &[(&str, &str)]| {
        let all: String = conditions
            .iter()
            .map(|(p, m)| {
                format!("<D:property-search><D:prop>{p}</D:prop><D:match>{m}</D:match></D:property-search>")
            })
            .collect();
        let body = format!(
            "<?xml version=\"1.0\"?><D:principal-property-search xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" \
             xmlns:S=\"http://calendarserver.org/ns/\" {attributes}>{all}<D:prop><D:displayname/><C:calendar-user-type/></D:prop>\
             </D:principal-property-search>"
        );
        anna.send("REPORT", "/dav/principals/", &["Depth: 0"], body.as_bytes())
            .expect(207)
            .text()
    };
    let told = find("", &[("<D:displayname/>", "SAAL")]);
    assert_eq!(told.matches("<D:response>").count(), 1, "{told}");
    assert!(
        told.contains("<D:href>/dav/principals/saal@example.test/</D:href>") && told.contains(">ROOM<"),
        "{told}"
    );
    let told = find("", &[("<S:email-address-set/>", "ben@")]);
    assert!(told.contains(BEN) && !told.contains(ANNA), "{told}");
    let both = [
        ("<S:email-address-set/>", "ben@"),
        ("<C:calendar-user-type/>", "room"),
    ];
    assert!(!find("", &both).contains("<D:response>"));
    assert_eq!(find("test=\"anyof\"", &both).matches("<D:response>").count(), 2);
    // What is not searched finds nobody.
    assert!(!find("", &[("<D:getetag/>", "a")]).contains("<D:response>"));
    ask(
        &anna,
        "REPORT",
        "/dav/principals/",
        "0",
        "D:principal-property-search",
        "",
    )
    .expect(400);
    let set = ask(
        &anna,
        "REPORT",
        "/dav/principals/",
        "0",
        "D:principal-search-property-set",
        "",
    )
    .expect(200)
    .text();
    assert_eq!(set.matches("<D:principal-search-property>").count(), 4, "{set}");
}

#[test]
fn who_may_do_what_is_told_to_whoever_may_do_everything() {
    let server = Server::start();
    with_events(&server);
    share(&server, "calendar", "ben@example.test", "write");
    server.cli(&["account", "add", "--kind", "group", "team@example.test"]);
    server.cli(&[
        "account",
        "member",
        "add",
        "team@example.test",
        "ben@example.test",
    ]);
    let (anna, ben) = (anna(&server), program(&server, "ben@example.test"));
    let acl = propfind(
        &anna,
        CALENDAR,
        "0",
        "<D:acl/><D:supported-privilege-set/><D:supported-report-set/>",
    );
    assert_eq!(acl.matches("<D:ace>").count(), 2, "{acl}");
    let entry = acl.split("<D:ace>").find(|e| e.contains(BEN)).unwrap();
    let entry = entry.split("</D:ace>").next().unwrap();
    assert!(
        entry.contains("<D:write-content/>") && !entry.contains("<D:write-properties/>"),
        "{entry}"
    );
    assert!(
        acl.contains("<D:supported-privilege><D:privilege><D:all/>"),
        "{acl}"
    );
    assert!(acl.contains("<D:expand-property/>") && acl.contains("<D:acl-principal-prop-set/>"));
    let named = "<D:prop><D:displayname/></D:prop>";
    let people = report(&anna, CALENDAR, "D:acl-principal-prop-set", named);
    assert!(people.contains(ANNA) && people.contains(BEN), "{people}");
    let shared = crate::sharing::shared_homes(&ben, "ben@example.test", "calendars");
    let seen = propfind(&ben, &shared[0], "0", "<D:acl/>");
    assert!(seen.contains("<D:acl/></D:prop><D:status>HTTP/1.1 404"), "{seen}");
    ask(&ben, "REPORT", &shared[0], "0", "D:acl-principal-prop-set", named).expect(403);
    // Who one is, and what is one's own.
    let me = report(
        &ben,
        "/dav/principals/",
        "D:principal-match",
        &format!("<D:self/>{named}"),
    );
    assert!(
        me.contains(BEN) && me.contains("/dav/principals/team@example.test/") && !me.contains(ANNA),
        "{me}"
    );
    let groups = propfind(&ben, BEN, "0", "<D:group-membership/><D:alternate-URI-set/>");
    assert!(
        groups.contains("<D:group-membership><D:href>/dav/principals/team@example.test/</D:href>"),
        "{groups}"
    );
    let owned = "<D:principal-property><D:owner/></D:principal-property><D:prop><D:displayname/></D:prop>";
    let home = "/dav/calendars/ben@example.test/";
    let mine = report(&ben, home, "D:principal-match", owned);
    assert!(
        mine.contains(&format!("<D:href>{home}calendar/</D:href>")) && !mine.contains(&shared[0]),
        "{mine}"
    );
    // Nothing of another's is told on the way.
    put(
        &anna,
        &format!("{CALENDAR}x.ics"),
        &event("x", "DTSTART:20261110T090000Z"),
    )
    .expect(201);
    for path in [CALENDAR, BOOK] {
        ask(
            &ben,
            "REPORT",
            path,
            "0",
            "D:expand-property",
            "<D:property name=\"owner\"/>",
        )
        .expect(404);
    }
}
