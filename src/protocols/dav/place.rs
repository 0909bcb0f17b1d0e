//! Addresses: what a path names, and how things are named in answers.
//!
//! `/dav/principals/<person>/`, `/dav/calendars/<person>/<collection>/<object>`, `/dav/addressbooks/...` the same.

use super::error::DavError;
use crate::model::FolderKind;
use crate::protocols::http::base_path;
use crate::{calendar, contacts};
use actix_web::http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@');

/// The inbox for scheduling lies between the calendars (RFC 6638 §2.2).
const CALENDARS: [FolderKind; 3] = [calendar::KINDS[0], calendar::KINDS[1], FolderKind::ScheduleInbox];

/// Its last part: a place to ask at, which holds nothing (RFC 6638 §2.1).
pub const OUTBOX: &str = "outbox";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Calendars,
    AddressBooks,
}

impl Section {
    pub fn kinds(self) -> &'static [FolderKind] {
        match self {
            Section::Calendars => &CALENDARS,
            Section::AddressBooks => &contacts::KINDS,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Section::Calendars => "calendars",
            Section::AddressBooks => "addressbooks",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Root,
    Principals,
    /// Whose.
    Principal(String),
    Home(Section, String),
    /// Whose.
    Outbox(String),
    Collection(Section, String, String),
    Object(Section, String, String, String),
    /// A file of an event, by its managed id; what it is called stands behind it and does not matter.
    Attachment(String),
}

impl Place {
    /// Of a path that may still be percent-encoded. Errors: 404.
    pub fn parse(path: &str) -> Result<Place, DavError> {
        let nowhere = || DavError::new(StatusCode::NOT_FOUND, "there is nothing at this address");
        let mut parts = Vec::new();
        for part in path.split('/').filter(|p| !p.is_empty()) {
            parts.push(
                percent_decode_str(part)
                    .decode_utf8()
                    .map_err(|_| nowhere())?
                    .into_owned(),
            );
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let section = |name: &str| match name {
            "calendars" => Ok(Section::Calendars),
            "addressbooks" => Ok(Section::AddressBooks),
            _ => Err(nowhere()),
        };
        Ok(match parts.as_slice() {
            ["dav"] => Place::Root,
            ["dav", "principals"] => Place::Principals,
            ["dav", "principals", who] => Place::Principal(who.to_lowercase()),
            ["dav", "attachments", id, _] => Place::Attachment((*id).to_owned()),
            ["dav", s, who] => Place::Home(section(s)?, who.to_lowercase()),
            ["dav", "calendars", who, OUTBOX] => Place::Outbox(who.to_lowercase()),
            ["dav", s, who, name] => Place::Collection(section(s)?, who.to_lowercase(), (*name).to_owned()),
            ["dav", s, who, name, object] => Place::Object(
                section(s)?,
                who.to_lowercase(),
                (*name).to_owned(),
                (*object).to_owned(),
            ),
            _ => return Err(nowhere()),
        })
    }

    /// Whose it is; None for what is everybody's.
    pub fn owner(&self) -> Option<&str> {
        match self {
            Place::Root | Place::Principals | Place::Attachment(_) => None,
            Place::Principal(who)
            | Place::Home(_, who)
            | Place::Outbox(who)
            | Place::Collection(_, who, _)
            | Place::Object(_, who, _, _) => Some(who),
        }
    }
}

pub fn encode(part: &str) -> String {
    utf8_percent_encode(part, KEPT).to_string()
}

/// `/dav/`, below the base path when there is one.
pub fn root() -> String {
    format!("{}/dav/", base_path::get())
}

pub fn principals() -> String {
    format!("{}principals/", root())
}

pub fn principal(who: &str) -> String {
    format!("{}{}/", principals(), encode(who))
}

pub fn home(section: Section, who: &str) -> String {
    format!("{}{}/{}/", root(), section.name(), encode(who))
}

pub fn collection(section: Section, who: &str, name: &str) -> String {
    format!("{}{}/", home(section, who), encode(name))
}

/// The path of a Destination or href, which may be a whole URL, without the base path.
pub fn path_of(href: &str) -> &str {
    let href = href.trim();
    let path = match href.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |i| &rest[i..]),
        None => href,
    };
    base_path::without(path.split(['?', '#']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back() {
        let href = format!(
            "{}{}",
            collection(Section::Calendars, "anna@example.test", "Büro 1"),
            encode("a/b.ics")
        );
        assert_eq!(href, "/dav/calendars/anna@example.test/B%C3%BCro%201/a%2Fb.ics");
        let place = Place::parse(path_of(&format!("https://x:1{href}?y"))).unwrap();
        let expected = (
            "anna@example.test".to_owned(),
            "Büro 1".to_owned(),
            "a/b.ics".to_owned(),
        );
        assert_eq!(
            place,
            Place::Object(Section::Calendars, expected.0, expected.1, expected.2)
        );
        assert!(Place::parse("/dav/other/x/").is_err());
        assert!(Place::parse("/dav/calendars/x/%ff/").is_err());
    }
}
