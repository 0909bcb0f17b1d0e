//! REPORT: one file each.

mod addressbook_query;
mod calendar_query;
mod expand_property;
mod free_busy;
mod multiget;
mod principals;
mod sync_collection;

use super::door::{Answer, Call};
use super::error::DavError;
use super::place::{Place, Section};
use super::xml::{self, CALDAV, CARDDAV, DAV, Element};
use crate::formats::content_line::read_component;
use crate::formats::ical::zone::read_zones;
use crate::model::share::ShareLevel;
use crate::objects::shares::Reached;

/// What a report is about.
pub struct About {
    pub section: Section,
    pub place: Reached,
    pub root: Element,
}

pub async fn report(call: &Call, body: &[u8]) -> Answer {
    let root = xml::read(body)?;
    match (root.ns.as_str(), root.name.as_str()) {
        (DAV, "expand-property") => return expand_property::answer(call, &root).await,
        (DAV, "principal-property-search") => return principals::search(call, &root).await,
        (DAV, "principal-search-property-set") => return Ok(principals::search_properties()),
        (DAV, "principal-match") => return principals::matching(call, &root).await,
        _ => {}
    }
    let Place::Collection(section, _, name) = &call.place else {
        return Err(not_known(&root));
    };
    let mut place = call.collection(*section, name).await?;
    if let Some(zone) = root.child(CALDAV, "timezone") {
        // RFC 4791 §9.8: for this question, what floats does so there.
        place.collection.properties.time_zone = Some(check_zone(&zone.text)?);
    }
    let about = About {
        section: *section,
        place,
        root,
    };
    let is_free_busy = about.root.is(CALDAV, "free-busy-query");
    if !is_free_busy {
        call.require(&about.place, ShareLevel::Read)?;
    }
    let (ns, name) = (about.root.ns.as_str(), about.root.name.as_str());
    match (ns, name, about.section) {
        (DAV, "acl-principal-prop-set", _) => principals::of_acl(call, &about).await,
        (DAV, "sync-collection", _) => sync_collection::answer(call, about).await,
        (CALDAV, "calendar-query", Section::Calendars) => calendar_query::answer(call, about).await,
        (CALDAV, "calendar-multiget", Section::Calendars) => multiget::answer(call, about).await,
        (CALDAV, "free-busy-query", Section::Calendars) => free_busy::answer(call, about).await,
        (CARDDAV, "addressbook-query", Section::AddressBooks) => addressbook_query::answer(call, about).await,
        (CARDDAV, "addressbook-multiget", Section::AddressBooks) => multiget::answer(call, about).await,
        _ => Err(not_known(&about.root)),
    }
}

/// A VTIMEZONE that can be read, as text. Errors: 403.
fn check_zone(text: &str) -> Result<String, DavError> {
    let zones = read_component(text.trim().as_bytes()).and_then(|c| read_zones(&c));
    match zones {
        Ok(zones) if !zones.is_empty() => Ok(text.trim().to_owned()),
        _ => Err(DavError::precondition(
            "<C:valid-calendar-data/>",
            "the timezone of the query is no calendar with a VTIMEZONE",
        )),
    }
}

fn not_known(root: &Element) -> DavError {
    DavError::precondition(
        "<D:supported-report/>",
        format!("the report »{}« is not answered here", root.name),
    )
}
