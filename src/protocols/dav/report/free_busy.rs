//! free-busy-query (RFC 4791 §7.10).

use super::About;
use crate::calendar::free_busy::{Busy, free_busy};
use crate::formats::ical::zone::plain_time;
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
    let time = |s: i64| format!("{}Z", plain_time(s).strftime("%Y%m%dT%H%M%S"));
    let mut out = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Hauspost//EN\r\nBEGIN:VFREEBUSY\r\nDTSTAMP:{}\r\nDTSTART:{}\r\nDTEND:{}\r\n",
        time(call.ctx.now_ms() / 1000),
        time(from_s),
        time(to_s)
    );
    for period in free_busy(&call.ctx, call.id(), &about.collection, from_s, to_s).await? {
        let how = match period.how {
            Busy::Busy => "",
            Busy::Tentative => ";FBTYPE=BUSY-TENTATIVE",
        };
        out.push_str(&format!(
            "FREEBUSY{how}:{}/{}\r\n",
            time(period.start_s),
            time(period.end_s)
        ));
    }
    out.push_str("END:VFREEBUSY\r\nEND:VCALENDAR\r\n");
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .body(out))
}
