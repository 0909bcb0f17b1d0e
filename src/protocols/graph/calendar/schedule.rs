//! getSchedule: when people are free. Everybody in the office may know that of everybody; what somebody does then is for
//! who may read their mailbox.

use crate::base::text::one_line;
use crate::calendar::agenda::{Engagement, Presence, agenda};
use crate::calendar::availability::closed_times;
use crate::formats::ical::availability::Closed;
use crate::identity::access::{find_colleague, open_mailbox};
use crate::mail::settings::mailbox_settings;
use crate::model::Account;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::{Call, Who};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::object::Look;
use crate::protocols::graph::object::list::preferred;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::settings::working_hours::{hours_of, print, usual_hours};
use crate::protocols::graph::zones::Given;
use futures_util::future::join_all;
use serde_json::{Value, json};

pub const ROWS: &[Row] = &[
    row!(POST "me/calendar/getSchedule" CalendarRead [] => get_schedule),
    row!(POST "me/getSchedule" CalendarRead [] => get_schedule),
    row!(POST "me/calendars/{}/getSchedule" CalendarRead [] => get_schedule),
];

const MOST_PEOPLE: usize = 100;
const LONGEST_DAYS: i64 = 62;

async fn get_schedule(call: Call) -> Result {
    let body = call.json()?;
    let schedules =
        json::list(&body, "schedules")?.ok_or_else(|| GraphError::request("»schedules« is missing"))?;
    if schedules.len() > MOST_PEOPLE {
        return Err(GraphError::request(format!(
            "»schedules« has at most {MOST_PEOPLE} addresses"
        )));
    }
    let (from_s, to_s) = span(&body, "startTime", "endTime")?;
    // Evolution calls it so.
    let interval = json::field(&body, "availabilityViewInterval").or(json::field(&body, "interval"));
    let minutes = match interval {
        None => 30,
        Some(v) => v.as_i64().filter(|n| (5..=1440).contains(n)).ok_or_else(|| {
            GraphError::bad(
                "ErrorInvalidParameter",
                "»availabilityViewInterval« is to be a number of minutes from 5 to 1440",
            )
        })?,
    };
    let look = Look::of(&call)?;
    // All are read side by side.
    let each = schedules.iter().map(|address| {
        let address = address.as_str().unwrap_or_default().trim();
        one(&call, &look, address, (from_s, to_s), minutes)
    });
    let out: Vec<Value> = join_all(each)
        .await
        .into_iter()
        .collect::<Result<_, GraphError>>()?;
    let context = format!(
        "{}/$metadata#Collection(microsoft.graph.scheduleInformation)",
        call.site.base()
    );
    let answer = Answer::json(json!({"@odata.context": context, "value": out}));
    Ok(preferred(&look, answer))
}

/// Errors: ErrorInvalidParameter.
pub fn span(body: &Value, from: &str, to: &str) -> Result<(i64, i64), GraphError> {
    let moment = |name: &str| -> Result<i64, GraphError> {
        let given = json::object(body, name)?;
        let given = given.ok_or_else(|| GraphError::request(format!("»{name}« is missing")))?;
        Ok(Given::read(given, name)?.to_utc())
    };
    let (from_s, to_s) = (moment(from)?, moment(to)?);
    if to_s <= from_s || to_s - from_s > LONGEST_DAYS * 86_400 {
        return Err(GraphError::bad(
            "ErrorInvalidParameter",
            format!("the time is to be at most {LONGEST_DAYS} days, and to end after it begins"),
        ));
    }
    Ok((from_s, to_s))
}

/// When somebody's hours keep them from being met. None: they have not said which they are.
pub async fn out_of_hours(
    call: &Call,
    who: &std::sync::Arc<Account>,
    window: (i64, i64),
) -> crate::base::Result<Option<Vec<Closed>>> {
    let ctx = call.house().doorkeeper.ctx(who.clone());
    let (closed, is_hours) = closed_times(&ctx, who.id, window).await?;
    Ok(is_hours.then_some(closed))
}

/// Somebody's agenda, and whether the caller may know what is in it. Errors: NotFound.
pub async fn agenda_of(
    call: &Call,
    address: &str,
    window: (i64, i64),
) -> crate::base::Result<(std::sync::Arc<Account>, Vec<Engagement>, bool)> {
    let who = find_colleague(&call.caller.directory_ctx(), address).await?;
    let may_read = match &call.caller.who {
        Who::Person(ctx) => open_mailbox(ctx, address).await.is_ok(),
        Who::Program(client) => client.mailboxes.as_ref().is_none_or(|all| all.contains(&who.id)),
    };
    let ctx = call.house().doorkeeper.ctx(who.clone());
    let found = agenda(&ctx, who.id, window).await?;
    Ok((who, found, may_read))
}

async fn one(
    call: &Call,
    look: &Look,
    address: &str,
    (from_s, to_s): (i64, i64),
    minutes: i64,
) -> Result<Value, GraphError> {
    let (who, engagements, may_read) = match agenda_of(call, address, (from_s, to_s)).await {
        Ok(found) => found,
        Err(e) if e.kind() == crate::base::Kind::NotFound => {
            return Ok(json!({
                "scheduleId": one_line(address),
                "availabilityView": "",
                "error": {"message": "Unable to resolve this address to a mailbox of this office.",
                    "responseCode": "ErrorMailRecipientNotFound"},
                "scheduleItems": [],
            }));
        }
        Err(e) => return Err(e.into()),
    };
    let items: Vec<Value> = engagements
        .iter()
        .map(|e| {
            let mut item = json!({
                "status": word(e.presence),
                "start": look.zone.print(e.start_s),
                "end": look.zone.print(e.end_s),
            });
            if may_read {
                item["isPrivate"] = e.is_private.into();
                let is_told = !e.is_private || look.owner.id == who.id;
                item["subject"] = if is_told { e.title.as_str() } else { "" }.into();
                item["location"] = if is_told { e.location.as_str() } else { "" }.into();
            }
            item
        })
        .collect();
    let ctx = call.house().doorkeeper.ctx(who.clone());
    let settings = mailbox_settings(&ctx, who.id).await?;
    let hours = hours_of(&ctx, who.id, settings.working_hours).await?;
    let hours = hours.unwrap_or_else(|| usual_hours(settings.time_zone.unwrap_or_else(|| "UTC".into())));
    Ok(json!({
        "scheduleId": one_line(address),
        "availabilityView": availability(&engagements, (from_s, to_s), minutes * 60),
        "scheduleItems": items,
        "workingHours": print(&hours),
    }))
}

pub fn word(presence: Presence) -> &'static str {
    match presence {
        Presence::Free => "free",
        Presence::Tentative => "tentative",
        Presence::Busy => "busy",
        Presence::OutOfOffice => "oof",
        Presence::WorkingElsewhere => "workingElsewhere",
    }
}

/// One digit for each interval: the strongest of what lies in it.
fn availability(all: &[Engagement], (from_s, to_s): (i64, i64), step_s: i64) -> String {
    let count = (to_s - from_s + step_s - 1) / step_s;
    let mut out = vec![Presence::Free; usize::try_from(count).unwrap_or(0)];
    for e in all
        .iter()
        .filter(|e| e.end_s > from_s && e.start_s < to_s && e.end_s > e.start_s)
    {
        let first = (e.start_s.max(from_s) - from_s) / step_s;
        let last = (e.end_s.min(to_s) - from_s - 1) / step_s;
        for slot in first..=last {
            if let Some(place) = usize::try_from(slot).ok().and_then(|s| out.get_mut(s)) {
                *place = (*place).max(e.presence);
            }
        }
    }
    out.into_iter()
        .map(|p| match p {
            Presence::Free => '0',
            Presence::Tentative => '1',
            Presence::Busy => '2',
            Presence::OutOfOffice => '3',
            Presence::WorkingElsewhere => '4',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interval_shows_the_strongest() {
        let e = |start_s, end_s, presence| Engagement {
            start_s,
            end_s,
            presence,
            title: String::new(),
            location: String::new(),
            is_private: false,
        };
        let all = [
            e(0, 1_800, Presence::Tentative),
            e(1_700, 3_600, Presence::Busy),
            e(3_600, 3_600, Presence::Busy),
            e(7_199, 99_999, Presence::OutOfOffice),
        ];
        assert_eq!(availability(&all, (0, 9_000), 1_800), "22033");
    }
}
