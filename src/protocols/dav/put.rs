//! PUT (RFC 4791 §5.3.2, RFC 6352 §6.3.2): what is stored comes back to the byte, so the answer may name its ETag.

use super::door::{Answer, Call, tag};
use super::error::DavError;
use super::get::content_type;
use super::place::{self, Place, Section};
use crate::base::Kind;
use crate::calendar::put::put_event;
use crate::contacts::put::put_card;
use crate::model::object::Object;
use crate::model::share::ShareLevel;
use crate::objects::reading::read_in;
use crate::objects::shares::Reached;
use crate::objects::{Condition, Put};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};

pub async fn put(call: &Call, body: Bytes) -> Answer {
    let Place::Object(section, _, collection, name) = &call.place else {
        return Err(DavError::not_allowed());
    };
    let collection = call
        .collection(*section, collection)
        .await
        .map_err(|e| match e.status {
            // RFC 4918 §9.7.1: what it should lie in is not there.
            StatusCode::NOT_FOUND => {
                DavError::new(StatusCode::CONFLICT, "there is no such collection; make it first")
            }
            _ => e,
        })?;
    call.require(&collection, ShareLevel::Write)?;
    let answer = store(call, *section, &collection, name, body.to_vec(), call.condition()).await;
    if !call.prefer().wants_representation {
        return answer;
    }
    match answer {
        Ok(done) => represented(call, &collection, name, done.status()).await,
        Err(e) if e.status == StatusCode::PRECONDITION_FAILED => {
            let stands = represented(call, &collection, name, e.status).await;
            stands.or(Err(e))
        }
        refused => refused,
    }
}

/// What is there now, for who wants to read it at once (RFC 8144 §3).
async fn represented(call: &Call, place: &Reached, name: &str, status: StatusCode) -> Answer {
    let (object, raw) = read_in(&call.ctx, place, name).await?;
    let status = match status {
        StatusCode::NO_CONTENT => StatusCode::OK,
        status => status,
    };
    let mut out = HttpResponse::build(status);
    name_version(&mut out, &object);
    Ok(with_bytes(call, &mut out, &object, raw))
}

/// Which version of an object is meant.
pub fn name_version(out: &mut HttpResponseBuilder, object: &Object) {
    out.insert_header(("ETag", tag(object.item.modseq)));
    if let Some(schedule_tag) = object.schedule_tag {
        out.insert_header(("Schedule-Tag", tag(schedule_tag)));
    }
}

/// The object itself in the answer to what has changed it.
pub fn with_bytes(call: &Call, out: &mut HttpResponseBuilder, object: &Object, raw: Vec<u8>) -> HttpResponse {
    out.insert_header(("Preference-Applied", "return=representation"))
        .insert_header(("Vary", "Prefer"))
        .insert_header(("Content-Location", call.request.path().to_owned()))
        .insert_header(("Content-Type", content_type(object.kind, None)))
        .body(raw)
}

/// Stores bytes under a name; also the second half of a copy.
pub async fn store(
    call: &Call,
    section: Section,
    place: &Reached,
    name: &str,
    raw: Vec<u8>,
    condition: Condition,
) -> Answer {
    let (prefix, word) = words(section);
    let data = format!("<{prefix}:valid-{word}-data/>");
    call.check_is_calendar(place)?;
    let (account, collection) = (place.account(), &place.collection);
    let stored = match section {
        Section::Calendars => put_event(&call.ctx, account, collection, name, raw, condition).await,
        Section::AddressBooks => put_card(&call.ctx, account, collection, name, raw, condition).await,
    };
    let stored = stored.map_err(|e| match e.kind() {
        Kind::Forbidden => DavError::naming(
            e,
            Kind::Forbidden,
            &format!("<{prefix}:supported-{word}-component/>"),
        ),
        Kind::Exists => DavError::naming(e, Kind::Exists, "<C:unique-scheduling-object-resource/>"),
        Kind::TooLarge => DavError::naming(e, Kind::TooLarge, &format!("<{prefix}:max-resource-size/>")),
        _ => DavError::naming(e, Kind::Invalid, &data),
    })?;
    answer(call, section, place, stored)
}

/// The prefix of its namespace, and what the names of its preconditions have in them.
fn words(section: Section) -> (&'static str, &'static str) {
    match section {
        Section::Calendars => ("C", "calendar"),
        Section::AddressBooks => ("A", "address"),
    }
}

/// What became of it.
pub fn answer(call: &Call, section: Section, place: &Reached, stored: Put) -> Answer {
    let (prefix, _) = words(section);
    match stored {
        Put::Stored {
            modseq,
            is_new,
            is_as_given,
            schedule_tag,
        } => {
            let status = if is_new {
                StatusCode::CREATED
            } else {
                StatusCode::NO_CONTENT
            };
            let mut out = HttpResponse::build(status);
            // What was changed on the way must be read again (RFC 4791 §5.3.4).
            if is_as_given {
                out.insert_header(("ETag", tag(modseq)));
            }
            if let Some(schedule_tag) = schedule_tag {
                out.insert_header(("Schedule-Tag", tag(schedule_tag)));
            }
            Ok(out.finish())
        }
        Put::AttendeeMayNot(why) => Err(DavError::precondition(
            "<C:allowed-attendee-scheduling-object-change/>",
            why,
        )),
        // RFC 8607 §3.11.
        Put::NoSuchFile(id) => Err(DavError::precondition(
            "<C:valid-managed-id-parameter/>",
            format!("there is no attachment of the managed id »{id}«; POST the file to the event"),
        )),
        Put::UidTaken(other) => {
            let base = place::collection(section, &call.account.address, &place.name);
            let href = format!("<D:href>{base}{}</D:href>", place::encode(&other));
            Err(DavError::precondition(
                format!("<{prefix}:no-uid-conflict>{href}</{prefix}:no-uid-conflict>"),
                format!("»{other}« has the same UID; change that one"),
            ))
        }
    }
}
