//! `workingHours`: kept as Microsoft writes them, and set as the availability that other doors know (RFC 7953), so that
//! what is set there is shown here.

use super::mailbox_settings::{default_zone, zone};
use crate::base::Result as Plain;
use crate::calendar::availability::{get_hours, with_hours};
use crate::formats::ical::availability::WeeklyHours;
use crate::formats::ical::zone::Zone;
use crate::identity::Ctx;
use crate::mail::settings::{WorkingHours, mailbox_settings};
use crate::model::AccountId;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::weekday::DAYS;
use jiff::civil::Time;
use serde_json::{Value, json};

/// Of who has said nothing: the days of an office.
pub fn usual_hours(time_zone: String) -> WorkingHours {
    WorkingHours {
        days: DAYS.iter().take(5).map(|(name, _)| (*name).to_owned()).collect(),
        start: "08:00:00.0000000".into(),
        end: "17:00:00.0000000".into(),
        time_zone,
    }
}

/// Those that hold now. `written`: as they were last set by this door.
pub async fn hours_of(
    ctx: &Ctx,
    account: AccountId,
    written: Option<WorkingHours>,
) -> Plain<Option<WorkingHours>> {
    let Some(kept) = get_hours(ctx, account).await? else {
        return Ok(written);
    };
    Ok(Some(match written {
        Some(written) if is_same(&written, &kept) => written,
        _ => WorkingHours {
            days: DAYS
                .iter()
                .filter(|(_, d)| kept.days.contains(d))
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            start: print_time(kept.start),
            end: print_time(kept.end),
            time_zone: kept.zone,
        },
    }))
}

/// As all doors know them; to be put once everything else of the request is known to be right.
pub async fn as_availability(ctx: &Ctx, account: AccountId, written: &WorkingHours) -> Plain<Option<String>> {
    match to_weekly(written) {
        Some(hours) => with_hours(ctx, account, hours).await.map(Some),
        None => Ok(None),
    }
}

fn to_weekly(written: &WorkingHours) -> Option<WeeklyHours> {
    let days = DAYS
        .iter()
        .filter(|(name, _)| written.days.iter().any(|d| d == name));
    Some(WeeklyHours {
        days: days.map(|(_, day)| *day).collect(),
        start: written.start.parse().ok()?,
        end: written.end.parse().ok()?,
        zone: written.time_zone.clone(),
    })
}

/// Names of Windows and of the IANA may mean the same.
fn is_same(written: &WorkingHours, kept: &WeeklyHours) -> bool {
    let name = |zone: &str| match Zone::by_name(zone) {
        Some(Zone::Named(zone)) => zone.iana_name().map(str::to_owned),
        _ => None,
    };
    to_weekly(written).is_some_and(|w| {
        (&w.days, w.start, w.end) == (&kept.days, kept.start, kept.end) && name(&w.zone) == name(&kept.zone)
    })
}

fn print_time(time: Time) -> String {
    time.strftime("%H:%M:%S.0000000").to_string()
}

pub fn print(hours: &WorkingHours) -> Value {
    json!({"daysOfWeek": hours.days, "startTime": hours.start, "endTime": hours.end,
        "timeZone": {"name": hours.time_zone}})
}

/// What a request would have them be. None: it says nothing of them.
pub async fn read(call: &Call, body: &Value) -> Result<Option<WorkingHours>, GraphError> {
    let Some(given) = json::object(body, "workingHours")? else {
        return Ok(None);
    };
    let before = mailbox_settings(call.ctx(), call.account).await?.working_hours;
    let before = hours_of(call.ctx(), call.account, before).await?;
    let is_german = call.ctx().account()?.language == "de";
    let mut out = before.unwrap_or_else(|| usual_hours(default_zone(is_german)));
    if let Some(days) = json::list(given, "daysOfWeek")? {
        let day = |v: &Value| {
            let word = v.as_str().unwrap_or_default().to_ascii_lowercase();
            let is_day = DAYS.iter().any(|(name, _)| *name == word);
            is_day
                .then_some(word)
                .ok_or_else(|| GraphError::request("»daysOfWeek« is a list of monday to sunday"))
        };
        out.days = days.iter().map(day).collect::<Result<_, _>>()?;
    }
    for (name, place) in [("startTime", &mut out.start), ("endTime", &mut out.end)] {
        if let Some(time) = json::text(given, name)? {
            let parsed: Time = time
                .parse()
                .map_err(|_| GraphError::request(format!("»{name}« is to be a time such as 08:00:00")))?;
            *place = print_time(parsed);
        }
    }
    if let Some(name) = json::object(given, "timeZone")? {
        out.time_zone = zone(json::required_text(name, "name")?)?;
    }
    Ok(Some(out))
}
