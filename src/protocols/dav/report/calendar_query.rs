//! calendar-query (RFC 4791 §7.8).

use super::About;
use crate::calendar::query::query_calendar;
use crate::protocols::dav::door::{Answer, Call};
use crate::protocols::dav::error::DavError;
use crate::protocols::dav::filter::comp_filter;
use crate::protocols::dav::propfind::{names_of, objects, wanted_of};
use crate::protocols::dav::xml::CALDAV;

pub async fn answer(call: &Call, about: About) -> Answer {
    let filter = about
        .root
        .child(CALDAV, "filter")
        .and_then(|f| f.child(CALDAV, "comp-filter"));
    let filter =
        filter.ok_or_else(|| DavError::precondition("<C:valid-filter/>", "the query has no filter"))?;
    let filter = comp_filter(filter, 0)?;
    let wanted = wanted_of(&about.root);
    let found = query_calendar(&call.ctx, about.place.account(), &about.place.collection, filter).await?;
    objects(
        call,
        about.section,
        &about.place,
        String::new(),
        names_of(found),
        String::new(),
        wanted,
    )
    .await
}
