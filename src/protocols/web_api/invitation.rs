//! What a message in the mail says of an event: `/api/messages/{message}/invitation`; and refusing what a guest proposes:
//! `/api/calendar/events/{event}/decline-proposal`. The event itself, and answering, are Graph's.

use super::error::ApiError;
use super::session::at_the_page;
use crate::base::{Error, Result};
use crate::calendar::invitation::{Invitation, Person, Said, look_at};
use crate::calendar::scheduling::decline_counter::{Refusal, decline_counter};
use crate::formats::ical::value::parse_time;
use crate::formats::ical::{ComponentKind, Message};
use crate::formats::mime::calendar_part::messages_in;
use crate::mail::{self, listing};
use crate::model::ItemId;
use crate::model::object::ObjectKind;
use crate::objects::get::get_object;
use crate::protocols::http::ids;
use crate::protocols::web_api::private::private;
use actix_web::web::{Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};

/// The first message about an event. None: what is in the mail is not readable as one.
fn first_message(raw: &[u8]) -> Option<Message> {
    let mut all = messages_in(raw).into_iter();
    all.find(|m| m.object.kind == ComponentKind::Event)
}

/// `2026-11-23T09:00:00`, in UTC.
fn time(seconds: i64) -> Value {
    let at = Timestamp::from_second(seconds).ok();
    at.map(|t| t.strftime("%Y-%m-%dT%H:%M:%S").to_string()).into()
}

fn print_said(said: &Said) -> Value {
    json!({
        "subject": said.subject,
        "location": said.place,
        "start": time(said.start_s),
        "end": time(said.end_s),
        "isAllDay": said.is_all_day,
        "isSeries": said.is_series,
    })
}

fn print_person(person: &Person) -> Value {
    json!({"name": person.name, "address": person.address, "answer": person.answer.name().to_lowercase()})
}

fn print(found: &Invitation) -> Value {
    let series = found.event.map(|id| ids::print_object(ObjectKind::Event, id));
    // As Graph names one of a series.
    let one = series.as_ref().map(|id| match found.place {
        Some(place) => format!("{id}-{}", place.strftime("%Y%m%dT%H%M%S")),
        None => id.clone(),
    });
    json!({
        "method": found.method,
        "event": found.said.as_ref().map(print_said),
        "before": found.before.as_ref().map(print_said),
        "organizer": found.organizer.as_ref().map(print_person),
        "guest": found.guest.as_ref().map(print_person),
        "comment": found.comment,
        "eventId": one,
        "isOutdated": found.is_outdated,
        "refused": found.refusal.map(|r| r.code()),
    })
}

pub async fn show(request: HttpRequest, message: Path<String>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let account = ctx.account()?.id;
    let listed = listing::get_message(&ctx, account, ids::parse_item(&message)?).await?;
    let stored = mail::open_body(&ctx, account, &listed.item).await?;
    let read = tokio::task::spawn_blocking(move || Ok::<_, Error>(first_message(&stored.read_all()?)));
    let found = read
        .await
        .map_err(|e| Error::internal("reading was broken off").caused_by(e))??;
    let found = found.ok_or_else(|| Error::not_found("there is no invitation in this message"))?;
    let about = look_at(&ctx, account, listed.item.id, found).await?;
    Ok(private(print(&about)))
}

#[derive(Deserialize)]
pub struct Refused {
    guest: String,
    comment: Option<String>,
}

/// `E5`, or `E5-20261123T090000` for one of a series. Errors: NotFound.
fn parse_event(text: &str) -> Result<(ItemId, Option<DateTime>), ApiError> {
    let (series, place) = match text.split_once('-') {
        None => (text, None),
        Some((series, place)) => {
            let place = parse_time(place).filter(|w| !w.is_date && !w.is_utc);
            let place = place.ok_or_else(|| Error::not_found("there is no such occurrence"))?;
            (series, Some(place.local))
        }
    };
    Ok((ids::parse_object(ObjectKind::Event, series)?, place))
}

/// Whoever organizes keeps to the time; the guest reads it in a mail.
pub async fn decline_proposal(
    request: HttpRequest,
    event: Path<String>,
    body: Json<Refused>,
) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let account = ctx.account()?.id;
    let (id, occurrence) = parse_event(&event)?;
    let (object, _) = get_object(&ctx, account, id, ObjectKind::Event).await?;
    let body = body.into_inner();
    let refusal = Refusal {
        guest: body.guest,
        occurrence,
        comment: body.comment,
    };
    decline_counter(&ctx, account, object.item.folder_id, &object.name, refusal).await?;
    Ok(HttpResponse::NoContent().finish())
}
