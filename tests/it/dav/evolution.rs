//! Evolution Data Server of the distribution, as GNOME's programs use it, over D-Bus and without a screen.

use super::{BOOK, CALENDAR, anna, event, names, propfind, put};
use crate::scheduling::{copy, wait_for};
use crate::server::{Folder, PASSWORD, Server};
use std::path::Path;
use std::process::Command;

#[test]
fn evolution_finds_lists_makes_and_changes() {
    assert!(
        Path::new("/usr/libexec/evolution-source-registry").exists(),
        "evolution-data-server is missing: run packaging/dev/install.sh test"
    );
    let server = Server::start();
    let web = anna(&server);
    let there = event("there", "DTSTART:20300115T090000Z\nDTEND:20300115T100000Z");
    put(
        &web,
        &format!("{CALENDAR}there.ics"),
        &there.replace("Event there", "There before"),
    )
    .expect(201);
    // A session of its own, that ends with the script; nothing of it is left in the home of whoever runs the tests.
    let home = Folder::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dav/evolution.py");
    let out = Command::new("dbus-run-session")
        .args(["--", "/usr/bin/python3"])
        .arg(script)
        .arg(server.one.port().to_string())
        .arg(server.data.path().join("tls"))
        .arg(PASSWORD)
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env("XDG_DATA_HOME", home.path().join("share"))
        .env("XDG_CACHE_HOME", home.path().join("cache"))
        .env("GIO_USE_VFS", "local")
        .env("GSETTINGS_BACKEND", "memory")
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(
        out.status.success() && said.contains("done"),
        "{said}\n{}",
        server.log()
    );
    // What it says it has done is here, and whoever is invited has heard of it.
    let made = copy(&web, "anna@example.test", "made").unwrap().1;
    assert!(
        made.contains("SUMMARY:Only this one") && made.contains("RRULE:FREQ=DAILY;COUNT=3"),
        "{made}"
    );
    wait_for(&server, "ben@example.test", "made", "invited", |t| {
        t.contains("SUMMARY:Only this one")
    });
    assert!(
        copy(&web, "anna@example.test", "there")
            .unwrap()
            .1
            .contains("Changed by Evolution")
    );
    assert!(copy(&web, "anna@example.test", "brief").is_none());
    let tasks = "/dav/calendars/anna@example.test/tasks/";
    let task = names(&propfind(&web, tasks, "1", "<D:getetag/>")).remove(0);
    let task = web
        .send("GET", &format!("{tasks}{task}"), &[], b"")
        .expect(200)
        .text();
    assert!(task.contains("STATUS:COMPLETED"), "{task}");
    let card = names(&propfind(&web, BOOK, "1", "<D:getetag/>")).remove(0);
    let card = web
        .send("GET", &format!("{BOOK}{card}"), &[], b"")
        .expect(200)
        .text();
    assert!(
        card.contains("Zoë") && card.contains("Changed by Evolution"),
        "{card}"
    );
}
