//! COPY and MOVE of objects (RFC 4918 §9.8, §9.9) between collections that a person may write.

use super::door::{Answer, Call};
use super::error::DavError;
use super::place::{Place, path_of};
use super::put::store;
use crate::base::Kind;
use crate::model::share::ShareLevel;
use crate::objects::Condition;
use crate::objects::reading::{find_in, read_in};
use crate::objects::transfer::move_object;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

pub async fn transfer(call: &Call, is_move: bool) -> Answer {
    let Place::Object(section, _, from, name) = &call.place else {
        return Err(DavError::not_allowed());
    };
    let destination = call.header("destination");
    let destination = destination.ok_or_else(|| DavError::bad_request("there is no Destination"))?;
    let place = Place::parse(path_of(destination))?;
    let Place::Object(to_section, who, to, new_name) = place else {
        return Err(DavError::new(
            StatusCode::FORBIDDEN,
            "the Destination is no place for an object",
        ));
    };
    if to_section != *section || who != call.account.address.to_lowercase() {
        return Err(DavError::new(
            StatusCode::FORBIDDEN,
            "the Destination takes no such objects",
        ));
    }
    let overwrite = !call
        .header("overwrite")
        .is_some_and(|o| o.eq_ignore_ascii_case("F"));
    let from = call.collection(*section, from).await?;
    let to = call
        .collection(to_section, &to)
        .await
        .map_err(|e| match e.status {
            StatusCode::NOT_FOUND => {
                DavError::new(StatusCode::CONFLICT, "there is no such collection; make it first")
            }
            _ => e,
        })?;
    call.check_is_calendar(&to)?;
    call.require(&to, ShareLevel::Write)?;
    call.require(
        &from,
        if is_move {
            ShareLevel::Write
        } else {
            ShareLevel::Read
        },
    )?;
    if is_move && from.account() != to.account() {
        // Two people's accounts have no common commit, and guests would hear that the event is off.
        return Err(DavError::new(
            StatusCode::FORBIDDEN,
            "this moves within one person's collections only; copy it, and remove it here",
        ));
    }
    if !is_move {
        let (_, raw) = read_in(&call.ctx, &from, name).await?;
        let condition = if overwrite {
            Condition::Always
        } else {
            Condition::Absent
        };
        return store(call, *section, &to, &new_name, raw, condition).await;
    }
    let object = find_in(&call.ctx, &from, name).await?;
    call.condition().check(Some(&object))?;
    let moved = move_object(
        &call.ctx,
        from.account(),
        (from.folder(), name),
        (&to.collection, &new_name),
        overwrite,
    )
    .await;
    let is_new = moved.map_err(|e| DavError::naming(e, Kind::Exists, "<C:no-uid-conflict/>"))?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::NO_CONTENT
    };
    Ok(HttpResponse::build(status).finish())
}
