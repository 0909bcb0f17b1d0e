//! free-busy-query (RFC 4791 §7.10).

use super::About;
use crate::calendar::free_busy::{BusyPeriod, free_busy};
use crate::formats::content_line::print::print_component;
use crate::formats::ical::free_busy::{Period, free_busy_calendar};
use crate::protocols::dav::door::{Answer, Call};
use crate::protocols::dav::error::DavError;
use crate::protocols::dav::filter::window;
use crate::protocols::dav::xml::CALDAV;
use actix_web::HttpResponse;

pub async fn answer(call: &Call, about: About) -> Answer {
    let range = about.root.child(CALDAV, "time-range");
    let range = range.ok_or_else(|| DavError::bad_request("the query has no time-range"))?;
    let (from_s, to_s) = window(range)?;
    if from_s == i64::MIN || to_s == i64::MAX {
        return Err(DavError::bad_request("the time-range needs start and end"));
    }
    let busy = free_busy(
        &call.ctx,
        about.place.account(),
        &about.place.collection,
        from_s,
        to_s,
    )
    .await?;
    let periods: Vec<Period> = busy.iter().map(BusyPeriod::plain).collect();
    let now_s = call.ctx.now_ms().div_euclid(1000);
    let out = free_busy_calendar(&periods, (from_s, to_s), now_s, None, Vec::new());
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .body(print_component(&out)))
}
