//! GET and HEAD: an object as it came.

use super::attachment;
use super::data::Zones;
use super::door::{Answer, Call, tag};
use super::error::DavError;
use super::place::Place;
use super::props::media_type;
use crate::formats::card::version::{Version, in_version};
use crate::model::object::ObjectKind;
use crate::model::share::ShareLevel;
use crate::objects::reading::read_in;
use actix_web::HttpResponse;

pub async fn get(call: &Call) -> Answer {
    if let Place::Attachment(id) = &call.place {
        return attachment::get(call, id).await;
    }
    let Place::Object(section, _, collection, name) = &call.place else {
        return Err(DavError::not_allowed());
    };
    let collection = call.collection(*section, collection).await?;
    call.require(&collection, ShareLevel::Read)?;
    let (object, raw) = read_in(&call.ctx, &collection, name).await?;
    let wanted = match object.kind {
        ObjectKind::Card => call.header("accept").and_then(wanted_version),
        _ => None,
    };
    let raw = match wanted {
        Some(version) => in_version(&raw, version).unwrap_or(raw),
        None => raw,
    };
    let raw = match object.kind {
        ObjectKind::Card => raw,
        _ => Zones::of(call).show(raw),
    };
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
        .insert_header(("Content-Type", content_type(object.kind, wanted)))
        // Nothing that somebody sent is to run in a browser that is signed in here.
        .insert_header(("Content-Disposition", "attachment"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(raw))
}

/// The version of cards that an Accept header names first (RFC 6352 §5.1.1): `text/vcard; version=4.0`. None: any.
fn wanted_version(accept: &str) -> Option<Version> {
    let mut all = accept.split(',').filter(|one| {
        let media_type = one.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("text/vcard")
    });
    let mut parameters = all.next()?.split(';').skip(1);
    let version = parameters.find_map(|p| p.trim().strip_prefix("version="))?;
    Version::parse(version.trim_matches('"'))
}

pub fn content_type(kind: ObjectKind, version: Option<Version>) -> String {
    match version {
        Some(version) => format!("text/vcard; version={}; charset=utf-8", version.as_str()),
        None => media_type(kind).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_wanted_by_the_accept_header() {
        assert_eq!(wanted_version("text/vcard; version=4.0"), Some(Version::V4));
        assert_eq!(
            wanted_version("text/html, text/vcard;q=1;version=\"3.0\""),
            Some(Version::V3)
        );
        for any in ["*/*", "text/vcard", "text/vcard;version=2.1", ""] {
            assert_eq!(wanted_version(any), None, "{any}");
        }
    }
}
