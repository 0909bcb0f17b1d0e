//! REPORT: one file each.

mod addressbook_query;
mod calendar_query;
mod free_busy;
mod multiget;
mod sync_collection;

use super::door::{Answer, Call};
use super::error::DavError;
use super::place::{Place, Section};
use super::xml::{self, CALDAV, CARDDAV, DAV, Element};
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
    let Place::Collection(section, _, name) = &call.place else {
        return Err(not_known(&root));
    };
    let about = About {
        section: *section,
        place: call.collection(*section, name).await?,
        root,
    };
    let is_free_busy = about.root.is(CALDAV, "free-busy-query");
    if !is_free_busy {
        call.require(&about.place, ShareLevel::Read)?;
    }
    let (ns, name) = (about.root.ns.as_str(), about.root.name.as_str());
    match (ns, name, about.section) {
        (DAV, "sync-collection", _) => sync_collection::answer(call, about).await,
        (CALDAV, "calendar-query", Section::Calendars) => calendar_query::answer(call, about).await,
        (CALDAV, "calendar-multiget", Section::Calendars) => multiget::answer(call, about).await,
        (CALDAV, "free-busy-query", Section::Calendars) => free_busy::answer(call, about).await,
        (CARDDAV, "addressbook-query", Section::AddressBooks) => addressbook_query::answer(call, about).await,
        (CARDDAV, "addressbook-multiget", Section::AddressBooks) => multiget::answer(call, about).await,
        _ => Err(not_known(&about.root)),
    }
}

fn not_known(root: &Element) -> DavError {
    DavError::precondition(
        "<D:supported-report/>",
        format!("the report »{}« is not answered here", root.name),
    )
}
