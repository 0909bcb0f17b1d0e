//! calendar-query (RFC 4791 §7.8).

use super::About;
use crate::base::text::one_line;
use crate::calendar::query::query_calendar;
use crate::formats::ical::zone::Zone;
use crate::protocols::dav::door::{Answer, Call};
use crate::protocols::dav::error::DavError;
use crate::protocols::dav::filter::comp_filter;
use crate::protocols::dav::propfind::{Told, objects, wanted_of};
use crate::protocols::dav::xml::{CALDAV, Element};

pub async fn answer(call: &Call, about: About) -> Answer {
    let filter = about
        .root
        .child(CALDAV, "filter")
        .and_then(|f| f.child(CALDAV, "comp-filter"));
    let filter =
        filter.ok_or_else(|| DavError::precondition("<C:valid-filter/>", "the query has no filter"))?;
    let filter = comp_filter(filter, 0)?;
    let wanted = wanted_of(&about.root);
    let zone = zone(&about.root)?;
    let (account, calendar) = (about.place.account(), &about.place.collection);
    let found = query_calendar(&call.ctx, account, calendar, (filter, zone), wanted.needs_bytes()).await?;
    objects(
        call,
        about.section,
        &about.place,
        String::new(),
        Told::found(found),
        String::new(),
        wanted,
    )
    .await
}

/// Where those are who ask, by name (RFC 7809 §5.2.1). None: they do not say, or have said it at length.
fn zone(root: &Element) -> Result<Option<Zone>, DavError> {
    let Some(named) = root.child(CALDAV, "timezone-id") else {
        return Ok(None);
    };
    let name = named.text.trim();
    Zone::by_name(name).map(Some).ok_or_else(|| {
        let what = format!("»{}« is no time zone; write Europe/Berlin", one_line(name));
        DavError::precondition("<C:valid-timezone/>", what)
    })
}
