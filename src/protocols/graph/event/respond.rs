//! POST events/{id}/accept, tentativelyAccept, decline: an answer to the organizer. cancel: the organizer calls it off.
//! forward: the organizer asks others along.
//! dismissReminder and snoozeReminder: reminders are shown by programs, and each keeps to itself what it has shown.

use super::create::stamp;
use super::seen::{at_place, is_series, parse, parse_id};
use super::view::Event;
use crate::calendar::scheduling::respond::{Answer as Said, respond};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::read_component;
use crate::formats::ical::people::PartStat;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::object::edit::{as_request, edit, remove};
use crate::protocols::graph::object::{Look, id_of, read};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(POST "me/events/{}/accept" CalendarWrite [] => accept),
    row!(POST "me/events/{}/tentativelyAccept" CalendarWrite [] => tentatively_accept),
    row!(POST "me/events/{}/decline" CalendarWrite [] => decline),
    row!(POST "me/events/{}/cancel" CalendarWrite [] => cancel),
    row!(POST "me/events/{}/forward" CalendarWrite [] => forward),
    row!(POST "me/events/{}/dismissReminder" CalendarWrite [] => dismiss),
    row!(POST "me/events/{}/snoozeReminder" CalendarWrite [] => dismiss),
];

async fn accept(call: Call) -> Result {
    answer(&call, PartStat::Accepted).await
}

async fn tentatively_accept(call: Call) -> Result {
    answer(&call, PartStat::Tentative).await
}

async fn decline(call: Call) -> Result {
    answer(&call, PartStat::Declined).await
}

/// Errors: ErrorInvalidRequest for the organizer, and who is not invited.
async fn answer(call: &Call, answer: PartStat) -> Result {
    let body = call.json_or_empty()?;
    if json::field(&body, "proposedNewTime").is_some() {
        return Err(GraphError::bad(
            "ErrorNotSupported",
            "another time cannot be proposed here; nothing was answered",
        ));
    }
    let (master, occurrence) = parse_id(call.key(0))?;
    let (object, raw) = read::<Event>(call, master).await?;
    let event = parse(&raw)?;
    let component = &event.calendar.parts[event.parts[0].component];
    if super::people::is_organizer(component, call.owner()?) {
        return Err(GraphError::bad(
            "ErrorInvalidRequest",
            "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.",
        ));
    }
    let said = Said {
        occurrence,
        answer,
        comment: json::text(&body, "comment")?
            .filter(|c| !c.trim().is_empty())
            .map(str::to_owned),
        is_sent: json::boolean(&body, "sendResponse")?.unwrap_or(true),
    };
    let folder = object.item.folder_id;
    respond(call.ctx(), call.account, folder, &object.name, said)
        .await
        .map_err(as_request)?;
    Ok(Answer::accepted())
}

/// Errors: ErrorAccessDenied for who is invited by somebody else.
async fn cancel(call: Call) -> Result {
    let body = call.json_or_empty()?;
    let comment = json::text(&body, "comment")?
        .unwrap_or_default()
        .trim()
        .to_owned();
    let (master, place) = parse_id(call.key(0))?;
    let (id, look) = (id_of::<Event>(master)?, Look::of(&call)?);
    let (_, raw) = read::<Event>(&call, master).await?;
    let event = parse(&raw)?;
    let component = &event.calendar.parts[event.parts[0].component];
    if !super::people::is_organizer(component, call.owner()?) {
        return Err(GraphError::new(
            actix_web::http::StatusCode::FORBIDDEN,
            "ErrorAccessDenied",
            "only the organizer can cancel a meeting; decline it instead",
        ));
    }
    if let Some(place) = place.filter(|_| is_series(&event)) {
        at_place(&event, &look, place)?;
        edit::<Event>(&call, id, None, |_, raw| {
            super::remove::without(&call, &look, raw, place).map(Some)
        })
        .await?;
        return Ok(Answer::accepted());
    }
    if !comment.is_empty() {
        // Who was invited reads it in what tells them that it is off.
        edit::<Event>(&call, id, None, |_, raw| {
            let at = parse(raw)?.parts[0].component;
            let mut calendar = read_component(raw)?;
            if let Some(event) = calendar.parts.get_mut(at) {
                event.put_text("COMMENT", Some(&comment));
                stamp(&call, event, false);
            }
            Ok(Some(print_component(&calendar).into_bytes()))
        })
        .await?;
    }
    remove::<Event>(&call, id, None).await?;
    Ok(Answer::accepted())
}

/// Who is asked along is invited by the organizer; others ask them to.
async fn forward(call: Call) -> Result {
    let body = call.json()?;
    let given = json::list(&body, "toRecipients")?.filter(|all| !all.is_empty());
    let given = given.ok_or_else(|| GraphError::request("»toRecipients« is missing"))?;
    let (master, _) = parse_id(call.key(0))?;
    let id = id_of::<Event>(master)?;
    let owner = call.owner()?.clone();
    edit::<Event>(&call, id, call.unchanged()?, |_, raw| {
        let at = parse(raw)?.parts[0].component;
        let mut calendar = read_component(raw)?;
        if let Some(event) = calendar.parts.get_mut(at) {
            if !super::people::is_organizer(event, &owner) {
                return Err(GraphError::new(
                    actix_web::http::StatusCode::FORBIDDEN,
                    "ErrorAccessDenied",
                    "only the organizer can ask others along here; write to them about it",
                ));
            }
            super::people::add_attendees(event, given, &owner)?;
            stamp(&call, event, false);
        }
        Ok(Some(print_component(&calendar).into_bytes()))
    })
    .await?;
    Ok(Answer::accepted())
}

async fn dismiss(call: Call) -> Result {
    read::<Event>(&call, parse_id(call.key(0))?.0).await?;
    Ok(Answer::empty(actix_web::http::StatusCode::OK))
}
