//! Invitations and answers: between people of one office over CalDAV, with another office by mail, and with rooms.

mod authentic;
mod caldav;
mod delegation;
mod deputies;
mod inside;
mod mail;
mod onward;
pub mod outside;
mod proposals;
mod rooms;

use crate::dav::{names, program, propfind};
use crate::server::{Server, wait_until};
use crate::web::Web;
use std::time::Duration;

pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn calendar_of(who: &str) -> String {
    format!("/dav/calendars/{who}/calendar/")
}

/// An event with guests; `lines` are further ones.
pub fn meeting(uid: &str, organizer: &str, guests: &[&str], lines: &str) -> String {
    let guests: String = guests
        .iter()
        .map(|g| format!("ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{g}\r\n"))
        .collect();
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{}\r\n\
         SUMMARY:Meeting {uid}\r\nORGANIZER:mailto:{organizer}\r\n{guests}END:VEVENT\r\nEND:VCALENDAR\r\n",
        lines.replace('\n', "\r\n")
    )
}

/// The copy that somebody has of an event, unfolded, with its name.
pub fn copy(web: &Web, who: &str, uid: &str) -> Option<(String, String)> {
    let calendar = calendar_of(who);
    let all = names(&propfind(web, &calendar, "1", "<D:getetag/>"));
    all.into_iter().find_map(|name| {
        let reply = web.send("GET", &format!("{calendar}{name}"), &[], b"");
        let text = reply.text().replace("\r\n ", "");
        text.contains(&format!("UID:{uid}\r\n")).then_some((name, text))
    })
}

/// Waits until somebody's copy is as it should be.
pub fn wait_for(
    server: &Server,
    who: &str,
    uid: &str,
    what: &str,
    fits: impl Fn(&str) -> bool,
) -> (String, String) {
    let web = program(server, who);
    let mut found = None;
    let until = std::time::Instant::now() + PATIENCE;
    while std::time::Instant::now() < until {
        found = copy(&web, who, uid);
        if found.as_ref().is_some_and(|(_, text)| fits(text)) {
            return found.unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{who}: {what}: {found:?}\n{}", server.log());
}

/// Waits until all that is to be carried has been.
pub fn settle(server: &Server, who: &[&str]) {
    let marks = || -> Vec<String> {
        let each = who
            .iter()
            .map(|w| propfind(&program(server, w), &calendar_of(w), "0", "<S:getctag/>"));
        each.collect()
    };
    let mut last = marks();
    let mut quiet = 0;
    wait_until("nothing changes any more", PATIENCE, || {
        let now = marks();
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
        quiet > 20
    });
}
