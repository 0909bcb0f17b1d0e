//! GET and HEAD: an object as it came.

use super::door::{Answer, Call, tag};
use super::error::DavError;
use super::place::Place;
use super::props::media_type;
use crate::model::share::ShareLevel;
use crate::objects::reading::read_in;
use actix_web::HttpResponse;

pub async fn get(call: &Call) -> Answer {
    let Place::Object(section, _, collection, name) = &call.place else {
        return Err(DavError::not_allowed());
    };
    let collection = call.collection(*section, collection).await?;
    call.require(&collection, ShareLevel::Read)?;
    let (object, raw) = read_in(&call.ctx, &collection, name).await?;
    let etag = tag(object.item.modseq);
    let is_known = |list: &str| list.split(',').any(|t| t.trim() == etag || t.trim() == "*");
    if call.header("if-none-match").is_some_and(is_known) {
        return Ok(HttpResponse::NotModified().insert_header(("ETag", etag)).finish());
    }
    let mut out = HttpResponse::Ok();
    if let Some(schedule_tag) = object.schedule_tag {
        out.insert_header(("Schedule-Tag", tag(schedule_tag)));
    }
    Ok(out
        .insert_header(("ETag", etag))
        .insert_header(("Content-Type", media_type(object.kind)))
        // Nothing that somebody sent is to run in a browser that is signed in here.
        .insert_header(("Content-Disposition", "attachment"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(raw))
}
