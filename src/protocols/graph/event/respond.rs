//! POST events/{id}/accept, tentativelyAccept, decline: an answer to the organizer. cancel: the organizer calls it off.
//! forward: the organizer asks others along.
//! dismissReminder and snoozeReminder: somebody has seen a reminder, or wants to see it again later.

use super::create::stamp;
use super::seen::{Seen, at_place, is_series, parse, parse_id};
use super::view::{Event, of_series};
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
use crate::protocols::graph::zones::Given;
use serde_json::Value;

pub const ROWS: &[Row] = &[
    row!(POST "me/events/{}/accept" CalendarWrite [] => accept),
    row!(POST "me/events/{}/tentativelyAccept" CalendarWrite [] => tentatively_accept),
    row!(POST "me/events/{}/decline" CalendarWrite [] => decline),
    row!(POST "me/events/{}/cancel" CalendarWrite [] => cancel),
    row!(POST "me/events/{}/forward" CalendarWrite [] => forward),
    row!(POST "me/events/{}/dismissReminder" CalendarWrite [] => dismiss),
    row!(POST "me/events/{}/snoozeReminder" CalendarWrite [] => snooze),
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
    let proposed = proposal(&body)?;
    if proposed.is_some() && answer == PartStat::Accepted {
        return Err(GraphError::bad(
            "ErrorInvalidRequest",
            "who accepts proposes no other time; decline, or accept tentatively",
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
        proposed,
    };
    if proposed.is_some() && !said.is_sent {
        return Err(GraphError::bad(
            "ErrorInvalidRequest",
            "another time is proposed to the organizer: »sendResponse« has to be true with »proposedNewTime«",
        ));
    }
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
    deal_with_reminder(&call, None).await
}

async fn snooze(call: Call) -> Result {
    let body = call.json()?;
    let until = json::object(&body, "newReminderTime")?;
    let until = until.ok_or_else(|| GraphError::request("»newReminderTime« is missing"))?;
    let until = Given::read(until, "newReminderTime")?.to_utc();
    deal_with_reminder(&call, Some(until)).await
}

/// Of one of a series, or of all that there is; on a series' own id, of those up to now.
async fn deal_with_reminder(call: &Call, until: Option<i64>) -> Result {
    let (master, place) = parse_id(call.key(0))?;
    let (id, look) = (id_of::<Event>(master)?, Look::of(call)?);
    let now_s = call.ctx().now_ms().div_euclid(1000);
    edit::<Event>(call, id, None, |object, raw| {
        let event = parse(raw)?;
        let found = match place.filter(|_| is_series(&event)) {
            Some(place) => Some(at_place(&event, &look, place)?),
            None => None,
        };
        let seen = match &found {
            Some(occurrence) => of_series(&look, object, &event, occurrence),
            None => Seen::whole(&look, object, &event),
        };
        let at = event.parts[seen.part].component;
        let mut calendar = read_component(raw)?;
        if let Some(component) = calendar.parts.get_mut(at) {
            super::reminder::deal_with(component, &seen, now_s, until);
        }
        Ok(Some(print_component(&calendar).into_bytes()))
    })
    .await?;
    Ok(Answer::empty(actix_web::http::StatusCode::OK))
}

/// `proposedNewTime`: another time that would suit better, in seconds since 1970. Errors: ErrorInvalidRequest.
fn proposal(body: &Value) -> std::result::Result<Option<(i64, i64)>, GraphError> {
    let Some(wanted) = json::object(body, "proposedNewTime")? else {
        return Ok(None);
    };
    let moment = |name: &str| {
        let given = json::object(wanted, name)?;
        let given = given.ok_or_else(|| {
            GraphError::bad("ErrorInvalidRequest", format!("»proposedNewTime« lacks »{name}«"))
        })?;
        Ok::<_, GraphError>(Given::read(given, name)?.to_utc())
    };
    let (start_s, end_s) = (moment("start")?, moment("end")?);
    if end_s < start_s {
        return Err(GraphError::bad(
            "ErrorInvalidRequest",
            "the proposed time ends before it begins",
        ));
    }
    Ok(Some((start_s, end_s)))
}
