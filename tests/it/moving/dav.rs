//! From other servers by CalDAV and CardDAV: a real Radicale, and another Hauspost.

use super::{assert_proven, sum};
use crate::counterparts::{PROVIDER_PASSWORD, Radicale};
use crate::dav::{self, put};
use crate::server::{PASSWORD, Server, run_with};
use serde_json::Value;
use std::path::Path;

fn import(server: &Server, what: &str, url: &str, (ca, password): (&Path, &str), more: &[&str]) -> Value {
    let common = ["--account", "anna@example.test", "--password-stdin", "--json"];
    let ca = ["--extra-ca", ca.to_str().unwrap()];
    let all = [&["import", what, url], &common[..], &ca[..], more].concat();
    let out = run_with(server.data.path(), &all, &format!("{password}\n"));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stderr)))
}

const SERIES: &str = "DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\n\
    ORGANIZER:mailto:office@provider.test\nATTENDEE:mailto:ben@example.test\nATTENDEE:mailto:anna@example.test";

fn task(uid: &str) -> String {
    dav::event(uid, "STATUS:NEEDS-ACTION").replace("VEVENT", "VTODO")
}

fn card(uid: &str, name: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\n\
         PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQEAYABgAAD/\r\nEND:VCARD\r\n"
    )
}

#[test]
fn a_radicale_comes_in_and_is_caught_up_with() {
    let there = Radicale::start();
    there.make("work", "MKCALENDAR", "Büro &amp; Team");
    there.make("people", "MKCOL", "Leute");
    let web = there.web();
    // With an exception of the series, and a guest here: nobody hears of it a second time.
    let series = dav::event("s", SERIES);
    let exception = dav::event("s", "RECURRENCE-ID:20260106T090000Z\nDTSTART:20260106T110000Z");
    let exception =
        &exception[exception.find("BEGIN:VEVENT").unwrap()..exception.find("END:VCALENDAR").unwrap()];
    let series = series.replace("END:VCALENDAR", &format!("{exception}END:VCALENDAR"));
    put(&web, "/office/work/s.ics", &series).expect(201);
    for n in 0..120 {
        let event = dav::event(&format!("e{n}"), "DTSTART:20260107T090000Z");
        put(&web, &format!("/office/work/e{n}.ics"), &event).expect(201);
    }
    put(&web, "/office/work/t.ics", &task("t")).expect(201);
    put(&web, "/office/people/c1.vcf", &card("c1", "Zoë")).expect(201);

    let server = Server::start();
    let url = format!("https://office@localhost:{}", there.port);
    let login = (there.ca.as_path(), PROVIDER_PASSWORD);
    let dry = import(&server, "caldav", &url, login, &["--dry-run"]);
    assert_eq!(sum(&dry, "new"), 122);
    let report = import(&server, "caldav", &url, login, &["--verify"]);
    assert_eq!(sum(&report, "stored"), 122, "{report}");
    assert_proven(&report, 122);
    let report = import(&server, "carddav", &url, login, &["--verify"]);
    assert_proven(&report, 1);
    let anna = dav::anna(&server);
    let home = "/dav/calendars/anna@example.test/";
    let text = anna
        .get(&format!("{home}büro---team/s.ics").replace('ü', "%C3%BC"))
        .expect(200)
        .text();
    assert!(
        text.contains("RECURRENCE-ID") && text.contains("COUNT=5"),
        "{text}"
    );
    let photo = anna
        .get("/dav/addressbooks/anna@example.test/leute/c1.vcf")
        .expect(200)
        .text();
    assert!(photo.contains("PHOTO") && photo.contains("Zoë"), "{photo}");
    let ben = dav::program(&server, "ben@example.test");
    let invited = dav::propfind(
        &ben,
        "/dav/calendars/ben@example.test/calendar/",
        "1",
        "<D:getetag/>",
    );
    assert!(!invited.contains(".ics"), "{invited}");

    // Changed, new and gone there.
    put(
        &web,
        "/office/work/e1.ics",
        &dav::event("e1", "DTSTART:20270107T090000Z"),
    )
    .expect(204);
    put(
        &web,
        "/office/work/n.ics",
        &dav::event("n", "DTSTART:20260107T090000Z"),
    )
    .expect(201);
    web.send("DELETE", "/office/work/e2.ics", &[], b"").expect(200);
    let report = import(
        &server,
        "caldav",
        &url,
        login,
        &["--follow-deletions", "--verify"],
    );
    assert_eq!(
        (sum(&report, "stored"), sum(&report, "changed")),
        (1, 1),
        "{report}"
    );
    assert_eq!(report["imported"][0]["removed"], 1);
    let report = import(&server, "caldav", &url, login, &["--check"]);
    assert_proven(&report, 122);
}

#[test]
fn another_hauspost_comes_in_with_tasks() {
    let there = Server::start();
    let web = dav::anna(&there);
    let home = "/dav/calendars/anna@example.test/";
    dav::propfind(&web, home, "1", "<D:resourcetype/>");
    put(
        &web,
        &format!("{home}calendar/a.ics"),
        &dav::event("a", "DTSTART:20260107T090000Z"),
    )
    .expect(201);
    put(&web, &format!("{home}tasks/t.ics"), &task("t")).expect(201);
    let here = Server::start();
    let url = format!("https://anna%40example.test@localhost:{}", there.one.port());
    let ca = there.data.path().join("tls/ca.pem");
    let report = import(&here, "caldav", &url, (&ca, PASSWORD), &["--verify"]);
    assert_proven(&report, 2);
    let ours = dav::anna(&here);
    for path in ["calendar/a.ics", "tasks/t.ics"] {
        let path = format!("{home}{path}");
        assert_eq!(
            ours.get(&path).expect(200).text(),
            web.get(&path).expect(200).text()
        );
    }
    // The address of one calendar is enough, and a wrong password says so.
    let one = format!("{url}{home}calendar/");
    assert_eq!(
        sum(
            &import(&here, "caldav", &one, (&ca, PASSWORD), &["--dry-run"]),
            "items"
        ),
        1
    );
    let all = [
        "import",
        "caldav",
        &url,
        "--account",
        "anna@example.test",
        "--password-stdin",
    ];
    let out = run_with(
        here.data.path(),
        &[&all[..], &["--extra-ca", ca.to_str().unwrap()]].concat(),
        "no\n",
    );
    assert_eq!(
        out.status.code(),
        Some(5),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
}
