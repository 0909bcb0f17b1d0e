//! One zone as VTIMEZONE, with all that it has been (RFC 7808 §5.3).

use super::problem::Problem;
use super::{Answer, FINGERPRINT, named, single};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::zone_history::describe_whole;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

pub async fn answer(request: HttpRequest) -> Answer {
    let (name, zone) = named(&request)?;
    if single(&request, "start", Problem::start)?.is_some() {
        return Err(Problem::start("zones are given whole here, without »start«"));
    }
    if single(&request, "end", Problem::end)?.is_some() {
        return Err(Problem::end("zones are given whole here, without »end«"));
    }
    let header = |name: header::HeaderName| request.headers().get(name).and_then(|v| v.to_str().ok());
    if header(header::ACCEPT).is_some_and(|accepted| !takes_calendars(accepted)) {
        return Err(Problem::format());
    }
    let etag = format!("\"{FINGERPRINT}\"");
    if header(header::IF_NONE_MATCH).is_some_and(|known| known.contains(&etag)) {
        return Ok(HttpResponse::NotModified().insert_header(("ETag", etag)).finish());
    }
    let mut calendar = Component::new("VCALENDAR");
    calendar
        .properties
        .push(Property::new("VERSION", "2.0".to_owned()));
    calendar
        .properties
        .push(Property::of_text("PRODID", "-//Hauspost//EN"));
    calendar.parts.push(describe_whole(&name, &zone));
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header(("ETag", etag))
        .insert_header(("Cache-Control", "public, max-age=86400"))
        .body(print_component(&calendar)))
}

fn takes_calendars(accepted: &str) -> bool {
    accepted.split(',').any(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim();
        ["text/calendar", "text/*", "*/*"]
            .iter()
            .any(|k| kind.eq_ignore_ascii_case(k))
    })
}
