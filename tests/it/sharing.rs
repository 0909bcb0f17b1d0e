//! Calendars, address books and task lists that people share, and the office's own address book.

mod caldav;
mod graph;
mod people;
mod published;
mod subscribed;

use crate::dav::{event, names, program, propfind, put};
use crate::server::Server;
use crate::web::Web;

pub const ANNA: &str = "anna@example.test";
pub const BEN: &str = "ben@example.test";
pub const RIGHTS: [&str; 4] = ["freebusy", "read", "write", "manage"];

/// `anna` has a calendar with one event and one that is private.
pub fn with_events(server: &Server) -> Web {
    let anna = program(server, ANNA);
    let calendar = "/dav/calendars/anna@example.test/calendar/";
    put(
        &anna,
        &format!("{calendar}open.ics"),
        &event("open", "DTSTART:20261123T090000Z\nDTEND:20261123T100000Z"),
    )
    .expect(201);
    let lines = "DTSTART:20261123T110000Z\nDTEND:20261123T120000Z\nCLASS:PRIVATE\nLOCATION:Doctor";
    put(&anna, &format!("{calendar}secret.ics"), &event("secret", lines)).expect(201);
    anna
}

pub fn share(server: &Server, collection: &str, who: &str, level: &str) {
    server.cli(&["share", "add", ANNA, collection, who, "--level", level]);
}

/// Where somebody finds what is shared with them, in one of their homes.
pub fn shared_homes(web: &Web, who: &str, section: &str) -> Vec<String> {
    let home = format!("/dav/{section}/{who}/");
    let answer = propfind(web, &home, "1", "<D:resourcetype/>");
    let all = answer.split("<D:response>").skip(1);
    all.filter(|r| r.contains("<S:shared/>"))
        .map(|r| {
            let href = r.split("<D:href>").nth(1).unwrap();
            href.split('<').next().unwrap().to_owned()
        })
        .collect()
}

pub fn objects(web: &Web, path: &str) -> Vec<String> {
    names(&propfind(web, path, "1", "<D:getetag/>"))
}
