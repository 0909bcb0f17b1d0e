//! Programs of others: the Python library caldav, vdirsyncer, and tsdav for JavaScript. `packaging/dev/install.sh test`
//! puts them into `run/dav-clients` and `tests/dav`.

use super::{CALENDAR, anna, event, names, put, sync};
use crate::counterparts::{PROVIDER_PASSWORD, Radicale};
use crate::server::{Folder, PASSWORD, Server};
use std::path::PathBuf;
use std::process::Command;

fn tool(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("run/dav-clients/bin")
        .join(name);
    assert!(
        path.exists(),
        "{name} is missing: run packaging/dev/install.sh test"
    );
    path
}

/// Runs a script with the Python library caldav: the server's address, its authority, and a password come as arguments.
pub fn python(server: &Server, script: &str) -> String {
    let ca = server.data.path().join("tls/ca.pem");
    let mut python = Command::new(tool("python"));
    let python = python.args(["-W", "ignore", "-c", script]);
    run(python.arg(anna(server).base).arg(ca).arg(PASSWORD))
}

fn run(command: &mut Command) -> String {
    let out = command.output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(out.status.success(), "{command:?}: {text}");
    text
}

const CALDAV: &str = r#"
import caldav, datetime, sys
base, ca, password = sys.argv[1:4]
client = caldav.DAVClient(url=base + "/dav/", username="anna@example.test", password=password, ssl_verify_cert=ca)
principal = client.principal()
assert {c.get_display_name() for c in principal.calendars()} == {"Calendar", "Tasks"}, principal.calendars()
calendar = principal.make_calendar(name="Team", cal_id="team")
event = calendar.save_event(dtstart=datetime.datetime(2026, 11, 23, 9, tzinfo=datetime.timezone.utc),
    dtend=datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.timezone.utc), summary="Stand-up",
    rrule={"FREQ": "DAILY", "COUNT": 5})
found = calendar.search(start=datetime.datetime(2026, 11, 25, tzinfo=datetime.timezone.utc),
    end=datetime.datetime(2026, 11, 26, tzinfo=datetime.timezone.utc), event=True, expand=True)
assert len(found) == 1, found
assert found[0].icalendar_component["DTSTART"].dt.day == 25, found[0].data
assert not calendar.search(start=datetime.datetime(2026, 12, 25, tzinfo=datetime.timezone.utc),
    end=datetime.datetime(2026, 12, 26, tzinfo=datetime.timezone.utc), event=True)
todo = calendar.save_todo(summary="Buy paper", due=datetime.date(2026, 12, 1))
assert len(calendar.todos()) == 1
todo.complete()
assert len(calendar.todos()) == 0
objects = calendar.objects(load_objects=True)
assert len(list(objects)) == 2
event.load()
event.icalendar_component["SUMMARY"] = "Changed"
event.save()
updated, deleted = objects.sync()
assert (len(list(updated)), len(list(deleted))) == (1, 0), (updated, deleted)
event.delete()
updated, deleted = objects.sync()
assert len(list(deleted)) == 1
assert calendar.event_by_url(todo.url) is not None
calendar.delete()
assert len(principal.calendars()) == 2
print("all is well")
"#;

#[test]
fn the_python_library_works_with_calendars() {
    let server = Server::start();
    let said = python(&server, CALDAV);
    assert!(said.contains("all is well"), "{said}");
}

#[test]
fn vdirsyncer_keeps_a_folder_and_a_calendar_the_same() {
    let server = Server::start();
    let anna = anna(&server);
    let folder = Folder::new();
    let local = folder.path().join("local");
    let config = folder.path().join("config");
    let text = format!(
        "[general]\nstatus_path = \"{0}/status\"\n[pair both]\na = \"here\"\nb = \"there\"\ncollections = [\"calendar\"]\n\
         conflict_resolution = \"b wins\"\n[storage here]\ntype = \"filesystem\"\npath = \"{1}\"\nfileext = \".ics\"\n\
         [storage there]\ntype = \"caldav\"\nurl = \"{2}/dav/\"\nusername = \"anna@example.test\"\npassword = \"{PASSWORD}\"\n\
         verify = \"{3}\"\n",
        folder.path().display(),
        local.display(),
        anna.base,
        server.data.path().join("tls/ca.pem").display()
    );
    std::fs::write(&config, text).unwrap();
    std::fs::create_dir_all(local.join("calendar")).unwrap();
    let vdirsyncer = |verb: &[&str]| {
        run(Command::new(tool("vdirsyncer"))
            .env("VDIRSYNCER_CONFIG", &config)
            .args(verb))
    };
    put(
        &anna,
        &format!("{CALENDAR}theirs.ics"),
        &event("theirs", "DTSTART:20261123T090000Z"),
    )
    .expect(201);
    std::fs::write(
        local.join("calendar/ours.ics"),
        event("ours", "DTSTART:20261124T090000Z"),
    )
    .unwrap();
    vdirsyncer(&["discover", "both"]);
    vdirsyncer(&["sync"]);
    assert_eq!(names(&sync(&anna, CALENDAR, "")).len(), 2);
    assert_eq!(std::fs::read_dir(local.join("calendar")).unwrap().count(), 2);
    anna.delete(&format!("{CALENDAR}theirs.ics")).expect(204);
    vdirsyncer(&["sync"]);
    assert_eq!(std::fs::read_dir(local.join("calendar")).unwrap().count(), 1);
    std::fs::remove_file(local.join("calendar/ours.ics")).unwrap();
    std::fs::write(
        local.join("calendar/new.ics"),
        event("new", "DTSTART:20261125T090000Z"),
    )
    .unwrap();
    vdirsyncer(&["sync"]);
    assert_eq!(names(&sync(&anna, CALENDAR, "")), ["new.ics"]);
}

#[test]
fn tsdav_works_with_events_and_contacts() {
    let server = Server::start();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dav");
    assert!(
        folder.join("node_modules").exists(),
        "tsdav is missing: run packaging/dev/install.sh test"
    );
    let mut node = Command::new("node");
    let node = node.arg(folder.join("tsdav.mjs")).current_dir(&folder);
    let node = node.env("BASE", anna(&server).base).env("PASSWORD", PASSWORD);
    let said = run(node.env("NODE_EXTRA_CA_CERTS", server.data.path().join("tls/ca.pem")));
    assert!(
        said.contains("tsdav: events") && said.contains("tsdav: contacts"),
        "{said}"
    );
}

/// Two servers, each of which is written on, and vdirsyncer between them.
#[test]
fn vdirsyncer_keeps_radicale_and_us_the_same() {
    let (server, radicale, folder) = (Server::start(), Radicale::start(), Folder::new());
    let (anna, office) = (anna(&server), radicale.web());
    radicale.make("calendar", "MKCALENDAR", "Calendar");
    let config = folder.path().join("config");
    let text = format!(
        "[general]\nstatus_path = \"{0}/status\"\n[pair both]\na = \"here\"\nb = \"there\"\ncollections = [\"calendar\"]\n\
         conflict_resolution = \"a wins\"\n[storage here]\ntype = \"caldav\"\nurl = \"{1}/dav/\"\nusername = \"anna@example.test\"\n\
         password = \"{PASSWORD}\"\nverify = \"{2}\"\n[storage there]\ntype = \"caldav\"\nurl = \"https://localhost:{3}/\"\n\
         username = \"office\"\npassword = \"{PROVIDER_PASSWORD}\"\nverify = \"{4}\"\n",
        folder.path().display(),
        anna.base,
        server.data.path().join("tls/ca.pem").display(),
        radicale.port,
        radicale.ca.display(),
    );
    std::fs::write(&config, text).unwrap();
    let vdirsyncer = |verb: &[&str]| {
        let mut command = Command::new(tool("vdirsyncer"));
        run(command.env("VDIRSYNCER_CONFIG", &config).args(verb))
    };
    const THERE: &str = "/office/calendar/";
    let series = "DTSTART;TZID=Europe/Berlin:20261123T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20261130T090000";
    put(&anna, &format!("{CALENDAR}ours.ics"), &event("ours", series)).expect(201);
    put(
        &office,
        &format!("{THERE}theirs.ics"),
        &event("theirs", "DTSTART:20261124T090000Z\nDURATION:PT1H"),
    )
    .expect(201);
    vdirsyncer(&["discover", "both"]);
    vdirsyncer(&["sync"]);
    // Each side by the UID, since every server chooses names of its own.
    let titles = |web: &crate::web::Web, path: &str| -> Vec<String> {
        let all = super::report(
            web,
            path,
            "C:calendar-query",
            "<D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter>",
        );
        let mut out: Vec<String> = all
            .split("SUMMARY:")
            .skip(1)
            .map(|s| s.split(['\r', '\n', '&']).next().unwrap().to_owned())
            .collect();
        out.sort();
        out
    };
    let both = || (titles(&anna, CALENDAR), titles(&office, THERE));
    let same = |expected: &[&str]| {
        let (ours, theirs) = both();
        assert_eq!(ours, expected);
        assert_eq!(theirs, expected);
    };
    same(&["Event ours", "Event theirs"]);
    // Changed on one side, removed on the other.
    let changed = event("ours", series).replace("Event ours", "Moved");
    put(&anna, &format!("{CALENDAR}ours.ics"), &changed).expect(204);
    office.delete(&format!("{THERE}theirs.ics")).expect(200);
    vdirsyncer(&["sync"]);
    same(&["Moved"]);
    // And the other way round, with something new on both.
    let listed = super::propfind(&office, THERE, "1", "<D:getetag/>");
    let mut hrefs = listed.split("href>").filter_map(|h| h.split('<').next());
    let there = hrefs.find(|h| h.ends_with(".ics")).expect(&listed).to_owned();
    put(&office, &there, &changed.replace("Moved", "Back")).expect(204);
    put(
        &office,
        &format!("{THERE}n.ics"),
        &event("n", "DTSTART:20261125T090000Z"),
    )
    .expect(201);
    put(
        &anna,
        &format!("{CALENDAR}m.ics"),
        &event("m", "DTSTART:20261126T090000Z"),
    )
    .expect(201);
    vdirsyncer(&["sync"]);
    same(&["Back", "Event m", "Event n"]);
    anna.delete(&format!("{CALENDAR}ours.ics")).expect(204);
    vdirsyncer(&["sync"]);
    same(&["Event m", "Event n"]);
}
