//! How a program that knows an address and a password finds everything.

use super::{anna, ask, propfind};
use crate::server::Server;
use crate::web::Web;

#[test]
fn from_the_well_known_address_to_calendars_and_address_books() {
    let server = Server::start();
    let nobody = Web::new(&server);
    for service in ["caldav", "carddav"] {
        let reply = nobody
            .send("PROPFIND", &format!("/.well-known/{service}"), &[], b"")
            .expect(301);
        assert_eq!(reply.header("location"), "/dav/");
    }
    let refused = nobody.send("PROPFIND", "/dav/", &["Depth: 0"], b"").expect(401);
    assert!(refused.header("www-authenticate").starts_with("Basic "));
    let options = nobody.send("OPTIONS", "/dav/", &[], b"").expect(200);
    assert!(
        options.header("dav").contains("calendar-access") && options.header("dav").contains("addressbook")
    );

    let anna = anna(&server);
    let root = propfind(&anna, "/dav/", "0", "<D:current-user-principal/>");
    assert!(
        root.contains("<D:current-user-principal><D:href>/dav/principals/anna@example.test/</D:href>"),
        "{root}"
    );
    let person = propfind(
        &anna,
        "/dav/principals/anna@example.test/",
        "0",
        "<C:calendar-home-set/><A:addressbook-home-set/><C:calendar-user-address-set/>",
    );
    assert!(person.contains("/dav/calendars/anna@example.test/"), "{person}");
    assert!(
        person.contains("/dav/addressbooks/anna@example.test/"),
        "{person}"
    );
    assert!(person.contains("mailto:anna@example.test"), "{person}");
    let home = propfind(
        &anna,
        "/dav/calendars/anna@example.test/",
        "1",
        "<D:resourcetype/><D:displayname/><C:supported-calendar-component-set/><S:getctag/><D:sync-token/>",
    );
    assert!(
        home.contains("<D:href>/dav/calendars/anna@example.test/calendar/</D:href>"),
        "{home}"
    );
    assert!(
        home.contains("<D:href>/dav/calendars/anna@example.test/tasks/</D:href>"),
        "{home}"
    );
    assert!(
        home.contains("<D:collection/><C:calendar/>") && home.contains("<C:comp name=\"VTODO\"/>"),
        "{home}"
    );
    let books = propfind(
        &anna,
        "/dav/addressbooks/anna@example.test/",
        "1",
        "<D:resourcetype/>",
    );
    assert!(books.contains("<D:collection/><A:addressbook/>"), "{books}");
}

#[test]
fn what_is_anothers_looks_as_if_it_were_not_there() {
    let server = Server::start();
    let anna = anna(&server);
    for path in [
        "/dav/calendars/ben@example.test/",
        "/dav/calendars/nobody@example.test/calendar/",
        "/dav/x/",
    ] {
        anna.send("PROPFIND", path, &["Depth: 0"], b"").expect(404);
    }
    anna.send("PROPFIND", "/dav/", &["Depth: infinity"], b"")
        .expect(403);
    anna.send("PROPFIND", "/dav/", &["Depth: 0"], b"<a><b>")
        .expect(400);
}

#[test]
fn calendars_are_made_named_coloured_and_removed_and_mail_does_not_see_them() {
    let server = Server::start();
    let anna = anna(&server);
    let path = "/dav/calendars/anna@example.test/B%C3%BCro/";
    let props = "<D:set><D:prop><D:displayname>Büro &amp; Lager</D:displayname><I:calendar-color>#FF0000FF</I:calendar-color>\
        </D:prop></D:set>";
    ask(&anna, "MKCALENDAR", path, "0", "C:mkcalendar", props).expect(201);
    ask(&anna, "MKCALENDAR", path, "0", "C:mkcalendar", props).expect(405);
    let change = "<D:set><D:prop><I:calendar-order>7</I:calendar-order><x:own xmlns:x=\"urn:x\"><x:a/>&lt;</x:own></D:prop></D:set>\
        <D:remove><D:prop><I:calendar-color/></D:prop></D:remove>";
    ask(&anna, "PROPPATCH", path, "0", "D:propertyupdate", change).expect(207);
    let seen = propfind(
        &anna,
        path,
        "0",
        "<D:displayname/><I:calendar-order/><I:calendar-color/><own xmlns=\"urn:x\"/>",
    );
    assert!(
        seen.contains("<D:displayname>Büro &amp; Lager</D:displayname>"),
        "{seen}"
    );
    assert!(seen.contains("<I:calendar-order>7</I:calendar-order>"), "{seen}");
    assert!(
        seen.contains("<x:own xmlns:x=\"urn:x\">&lt;<x:a xmlns:x=\"urn:x\"></x:a></x:own>"),
        "{seen}"
    );
    assert!(
        seen.contains("<I:calendar-color/></D:prop><D:status>HTTP/1.1 404"),
        "{seen}"
    );
    let refused = "<D:set><D:prop><D:displayname>x</D:displayname><D:getetag>1</D:getetag></D:prop></D:set>";
    let answer = ask(&anna, "PROPPATCH", path, "0", "D:propertyupdate", refused)
        .expect(207)
        .text();
    assert!(
        answer.contains("424 Failed Dependency") && answer.contains("403 Forbidden"),
        "{answer}"
    );

    let book = "/dav/addressbooks/anna@example.test/team/";
    let wanted =
        "<D:set><D:prop><D:resourcetype><D:collection/><A:addressbook/></D:resourcetype></D:prop></D:set>";
    ask(&anna, "MKCOL", book, "0", "D:mkcol", wanted).expect(201);

    let mut mailbox = crate::mailbox::Mailbox::open(server.imap, "anna@example.test");
    let folders = mailbox.ok("LIST \"\" \"*\"").lines.concat();
    let folders = String::from_utf8_lossy(&folders).into_owned();
    assert!(
        folders.contains("INBOX") && !folders.contains("alendar") && !folders.contains("team"),
        "{folders}"
    );

    anna.delete(path).expect(204);
    anna.send("PROPFIND", path, &["Depth: 0"], b"").expect(404);
}

/// Programs that know zones by name only are led to where they are described (RFC 7809 §5.1, RFC 7808).
#[test]
fn time_zones_are_described_to_whoever_asks() {
    let server = Server::start();
    let nobody = Web::new(&server);
    let home = propfind(
        &anna(&server),
        "/dav/calendars/anna@example.test/",
        "0",
        "<C:timezone-service-set/>",
    );
    assert!(
        home.contains("<C:timezone-service-set><D:href>/timezones</D:href>"),
        "{home}"
    );
    let lead_in = nobody.get("/.well-known/timezone").expect(301);
    assert_eq!(lead_in.header("location"), "/timezones");

    let abilities = nobody.get("/timezones/capabilities").expect(200).json();
    let templates: Vec<&str> = abilities["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["uri-template"].as_str().unwrap())
        .collect();
    assert!(templates.contains(&"/timezones/zones{/tzid}"), "{templates:?}");

    let all = nobody.get("/timezones/zones").expect(200).json();
    let zones = all["timezones"].as_array().unwrap();
    assert!(zones.len() > 400 && zones.iter().any(|z| z["tzid"] == "Europe/Berlin"));
    let token = all["synctoken"].as_str().unwrap();
    let since = nobody
        .get(&format!("/timezones/zones?changedsince={token}"))
        .expect(200)
        .json();
    assert_eq!(since["timezones"], serde_json::json!([]));
    let found = nobody
        .get("/timezones/zones?pattern=*new%20york")
        .expect(200)
        .json();
    assert_eq!(found["timezones"][0]["tzid"], "America/New_York");

    // With the slash as it is or not, and again only when it has changed.
    for name in ["Europe%2FBerlin", "Europe/Berlin"] {
        let reply = nobody.get(&format!("/timezones/zones/{name}")).expect(200);
        assert!(reply.header("content-type").starts_with("text/calendar"));
        let etag = format!("If-None-Match: {}", reply.header("etag"));
        let text = reply.text();
        assert!(
            text.contains("TZID:Europe/Berlin") && text.contains("TZNAME:LMT") && text.contains("RRULE:"),
            "{text}"
        );
        nobody
            .send("GET", &format!("/timezones/zones/{name}"), &[&etag], b"")
            .expect(304);
    }
    let year = "start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z";
    let changes = nobody
        .get(&format!("/timezones/zones/Europe%2FBerlin/observances?{year}"))
        .expect(200)
        .json();
    assert_eq!(changes["observances"][1]["onset"], "2026-03-29T01:00:00Z");
    assert_eq!(changes["observances"].as_array().unwrap().len(), 3);
    let ever = "start=0001-01-01T00:00:00Z&end=9999-01-01T00:00:00Z";
    let cut = nobody
        .get(&format!("/timezones/zones/Europe%2FBerlin/observances?{ever}"))
        .expect(200)
        .json();
    assert!(cut["end"].is_string() && cut["observances"].as_array().unwrap().len() == 2_000);
    let leaps = nobody.get("/timezones/leapseconds").expect(200).json();
    assert_eq!(leaps["leapseconds"].as_array().unwrap().len(), 28);

    for (path, status, problem) in [
        ("zones/Europe%2FNowhere", 404, "tzid-not-found"),
        ("zones/..%2F..%2Fetc%2Fpasswd", 404, "tzid-not-found"),
        (
            "zones/Europe%2FBerlin?start=2026-01-01T00:00:00Z",
            400,
            "invalid-start",
        ),
        (
            "zones/Europe%2FBerlin/observances?start=2026-01-01T00:00:00Z",
            400,
            "invalid-end",
        ),
        (
            "zones/Europe%2FBerlin/observances?start=now&end=then",
            400,
            "invalid-start",
        ),
        ("zones?pattern=a*b", 400, "invalid-pattern"),
        ("zones?changedsince=1&changedsince=2", 400, "invalid-changedsince"),
    ] {
        let reply = nobody.get(&format!("/timezones/{path}")).expect(status);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let told = reply.json()["type"].clone();
        assert_eq!(told, format!("urn:ietf:params:tzdist:error:{problem}"), "{path}");
    }
    nobody
        .send(
            "GET",
            "/timezones/zones/Europe%2FBerlin",
            &["Accept: application/calendar+json"],
            b"",
        )
        .expect(406);
}
