//! Published calendars: `GET /published/{secret}/calendar.ics`. The address is the permission; nobody signs in here.

use crate::base::{Error, Kind};
use crate::calendar::publish::read_published;
use crate::protocols::http::HouseData;
use actix_web::http::StatusCode;
use actix_web::web::{Path, ServiceConfig, get, head};
use actix_web::{HttpRequest, HttpResponse};

pub fn configure(config: &mut ServiceConfig) {
    for method in [get(), head()] {
        config.route("/published/{secret}/calendar.ics", method.to(answer));
    }
}

/// Longer ones were never given out.
const MAX_SECRET_BYTES: usize = 200;

async fn answer(house: HouseData, request: HttpRequest, secret: Path<String>) -> HttpResponse {
    if secret.len() > MAX_SECRET_BYTES {
        return refused(&Error::not_found("there is no calendar at this address"));
    }
    let calendar = match read_published(&house.doorkeeper.system(), &secret).await {
        Ok(calendar) => calendar,
        Err(e) => return refused(&e),
    };
    let etag = format!("\"{}\"", &blake3::hash(&calendar).to_hex()[..32]);
    let known = request
        .headers()
        .get("if-none-match")
        .and_then(|v| v.to_str().ok());
    let is_known =
        known.is_some_and(|list| list.split(',').any(|t| t.trim().trim_start_matches("W/") == etag));
    let mut out = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    out.insert_header(("ETag", etag))
        .insert_header(("Cache-Control", "private, no-cache"))
        // Whoever puts the address on a page does not mean to publish it to everybody.
        .insert_header(("X-Robots-Tag", "noindex"))
        .insert_header(("Referrer-Policy", "no-referrer"));
    if is_known {
        return out.finish();
    }
    out.content_type("text/calendar; charset=utf-8")
        .insert_header(("Content-Disposition", "attachment; filename=\"calendar.ics\""))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(calendar)
}

fn refused(e: &Error) -> HttpResponse {
    let status = match e.kind() {
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::TooLarge => StatusCode::INSUFFICIENT_STORAGE,
        _ => {
            tracing::warn!(error = ?e, "a published calendar cannot be read");
            return HttpResponse::ServiceUnavailable()
                .content_type("text/plain; charset=utf-8")
                .body("this calendar cannot be read just now; try again later");
        }
    };
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(e.message().to_owned())
}
