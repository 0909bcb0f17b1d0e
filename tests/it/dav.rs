//! CalDAV and CardDAV as programs speak them, in their own bytes.

pub mod attachments;
mod availability;
mod calendars;
pub mod clients;
mod contacts;
mod data;
mod discovery;
mod evolution;
mod principals;

use crate::server::{PASSWORD, Server};
use crate::web::{Reply, Web};
use base64::Engine;

pub const CALENDAR: &str = "/dav/calendars/anna@example.test/calendar/";
pub const BOOK: &str = "/dav/addressbooks/anna@example.test/contacts/";

const NAMESPACES: &str = "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" \
    xmlns:A=\"urn:ietf:params:xml:ns:carddav\" xmlns:S=\"http://calendarserver.org/ns/\" xmlns:I=\"http://apple.com/ns/ical/\"";

/// A program that signs in with every request.
pub fn program(server: &Server, who: &str) -> Web {
    let packed = base64::engine::general_purpose::STANDARD.encode(format!("{who}:{PASSWORD}"));
    Web::new(server).with(format!("Authorization: Basic {packed}"))
}

pub fn anna(server: &Server) -> Web {
    program(server, "anna@example.test")
}

/// `root` with its children, about a path.
pub fn ask(web: &Web, method: &str, path: &str, depth: &str, root: &str, inner: &str) -> Reply {
    let body = format!("<?xml version=\"1.0\"?><{root} {NAMESPACES}>{inner}</{root}>");
    let depth = format!("Depth: {depth}");
    web.send(
        method,
        path,
        &[&depth, "Content-Type: application/xml"],
        body.as_bytes(),
    )
}

pub fn propfind(web: &Web, path: &str, depth: &str, props: &str) -> String {
    ask(
        web,
        "PROPFIND",
        path,
        depth,
        "D:propfind",
        &format!("<D:prop>{props}</D:prop>"),
    )
    .expect(207)
    .text()
}

pub fn report(web: &Web, path: &str, root: &str, inner: &str) -> String {
    ask(web, "REPORT", path, "1", root, inner).expect(207).text()
}

pub fn event(uid: &str, lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{}\r\n\
         SUMMARY:Event {uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        lines.replace('\n', "\r\n")
    )
}

pub fn put(web: &Web, path: &str, body: &str) -> Reply {
    web.send("PUT", path, &[], body.as_bytes())
}

/// The token at the end of a sync-collection.
pub fn token(text: &str) -> String {
    let after = text.rsplit_once("<D:sync-token>").expect(text).1;
    after.split('<').next().unwrap().to_owned()
}

pub fn sync(web: &Web, path: &str, token: &str) -> String {
    let inner = format!(
        "<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>"
    );
    report(web, path, "D:sync-collection", &inner)
}

/// Names of the objects that an answer lists, in its order.
pub fn names(text: &str) -> Vec<String> {
    let hrefs = text
        .split("<D:href>")
        .skip(1)
        .map(|h| h.split('<').next().unwrap());
    hrefs
        .map(|h| h.rsplit('/').next().unwrap().to_owned())
        .filter(|n| !n.is_empty())
        .collect()
}
