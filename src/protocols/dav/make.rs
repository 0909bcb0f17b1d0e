//! MKCALENDAR (RFC 4791 §5.3.1) and extended MKCOL (RFC 5689): a new calendar, task list or address book.

use super::door::{Answer, Call};
use super::error::DavError;
use super::place::{Place, Section};
use super::proppatch::Changes;
use super::xml::{self, CALDAV, CALENDAR_SERVER, CARDDAV, DAV, Element};
use crate::base::Kind;
use crate::calendar::feed::subscribe;
use crate::model::FolderKind;
use crate::model::object::CollectionProperties;
use crate::objects::collections::create_collection;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

pub async fn make(call: &Call, body: &[u8], is_mkcalendar: bool) -> Answer {
    let Place::Collection(section, _, name) = &call.place else {
        return Err(DavError::precondition(
            "<C:calendar-collection-location-ok/>",
            "calendars are made below /dav/calendars/, address books below /dav/addressbooks/",
        ));
    };
    let root = if body.is_empty() {
        Element::default()
    } else {
        xml::read(body)?
    };
    let kind = match section {
        Section::Calendars => FolderKind::Calendar,
        Section::AddressBooks if is_mkcalendar => {
            return Err(DavError::precondition(
                "<C:calendar-collection-location-ok/>",
                "here are address books",
            ));
        }
        Section::AddressBooks => FolderKind::AddressBook,
    };
    let mut is_subscribed = false;
    let mut source = None;
    let mut changes = Changes::new(CollectionProperties::default(), kind);
    let sets = root.children.iter().filter(|c| c.is(DAV, "set"));
    for e in sets
        .flat_map(|s| s.children.iter())
        .flat_map(|p| p.children.iter())
    {
        if e.is(DAV, "resourcetype") {
            is_subscribed = e.child(CALENDAR_SERVER, "subscribed").is_some();
            check_type(e, *section)?;
        } else if e.is(CALENDAR_SERVER, "source") {
            let href = e.child(DAV, "href").map_or(&e.text, |h| &h.text);
            source = Some(href.trim().to_owned());
        } else if e.is(CALDAV, "supported-calendar-component-set") && kind == FolderKind::Calendar {
            changes.take_components(e).ok_or_else(|| {
                DavError::precondition(
                    "<C:supported-calendar-component/>",
                    "the set of components names one that is not known, or none",
                )
            })?;
        } else {
            changes.take(e, true);
        }
    }
    if !changes.refused.is_empty() {
        return Err(DavError::new(
            StatusCode::FORBIDDEN,
            "a property cannot be set to what is asked",
        ));
    }
    let kind = changes.kind();
    let made = match source {
        Some(source) if is_subscribed && kind == FolderKind::Calendar => {
            subscribe(&call.ctx, call.id(), &source, Some(name), changes.properties).await
        }
        _ if is_subscribed => {
            return Err(DavError::new(
                StatusCode::FORBIDDEN,
                "a calendar that is subscribed to needs its address in CS:source",
            ));
        }
        _ => create_collection(&call.ctx, call.id(), kind, name, changes.properties, changes.own).await,
    };
    made.map_err(|e| match e.kind() {
        // RFC 4918 §9.3.1: something is there already.
        Kind::Exists => DavError::new(StatusCode::METHOD_NOT_ALLOWED, e.message()),
        _ => DavError::from(e),
    })?;
    Ok(HttpResponse::Created().finish())
}

fn check_type(e: &Element, section: Section) -> Result<(), DavError> {
    let fits = match section {
        Section::Calendars => {
            e.child(CALDAV, "calendar").is_some() || e.child(CALENDAR_SERVER, "subscribed").is_some()
        }
        Section::AddressBooks => e.child(CARDDAV, "addressbook").is_some(),
    };
    match fits {
        true => Ok(()),
        false => Err(DavError::precondition(
            "<D:valid-resourcetype/>",
            "calendars are made below /dav/calendars/, address books below /dav/addressbooks/",
        )),
    }
}
