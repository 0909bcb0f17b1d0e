//! findMeetingTimes: times at which those who are needed are free, the best first.

use super::schedule::{agenda_of, out_of_hours, span, word};
use crate::calendar::agenda::{Engagement, Presence};
use crate::formats::ical::availability::Closed;
use crate::formats::ical::value::parse_duration;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::object::Look;
use crate::protocols::graph::object::list::preferred;
use crate::protocols::graph::routes::{Row, row};
use jiff::civil::Weekday;
use serde_json::{Value, json};

pub const ROWS: &[Row] = &[row!(POST "me/findMeetingTimes" CalendarRead [] => find)];

const MOST_PEOPLE: usize = 50;
const STEP_S: i64 = 1_800;
/// Working hours of an organizer who has said none, in the zone that the client asked for.
const HOURS: (i8, i8) = (8, 17);

struct Guest {
    address: String,
    is_needed: bool,
    engagements: Vec<Engagement>,
    /// When they do not work, where they have said so.
    closed: Option<Vec<Closed>>,
    /// Nobody knows when they are free.
    is_stranger: bool,
}

impl Guest {
    fn presence(&self, from_s: i64, to_s: i64) -> Presence {
        let within = self
            .engagements
            .iter()
            .filter(|e| e.start_s < to_s && e.end_s > from_s);
        within.map(|e| e.presence).max().unwrap_or(Presence::Free)
    }

    /// None: they have not said.
    fn works(&self, from_s: i64, to_s: i64) -> Option<bool> {
        let closed = self.closed.as_ref()?;
        Some(!closed.iter().any(|(s, e, _)| *s < to_s && *e > from_s))
    }
}

/// How sure it is that somebody comes.
fn chance(guest: &Guest, presence: Presence) -> f64 {
    match presence {
        _ if guest.is_stranger => 49.0,
        Presence::Free | Presence::WorkingElsewhere => 100.0,
        Presence::Tentative => 50.0,
        Presence::Busy | Presence::OutOfOffice => 0.0,
    }
}

async fn find(call: Call) -> Result {
    let body = call.json_or_empty()?;
    let look = Look::of(&call)?;
    let length_s = match json::text(&body, "meetingDuration")? {
        None => STEP_S,
        Some(text) => parse_duration(text)
            .map(|l| l.days * 86_400 + l.seconds)
            .filter(|s| (60..=86_400).contains(s))
            .ok_or_else(|| GraphError::request("»meetingDuration« is written PT1H, up to a day"))?,
    };
    let most = json::field(&body, "maxCandidates")
        .and_then(Value::as_u64)
        .unwrap_or(20)
        .clamp(1, 50);
    let least = json::field(&body, "minimumAttendeePercentage")
        .and_then(Value::as_f64)
        .unwrap_or(50.0);
    let (slots, is_work) = slots(&call, &body)?;
    let window = slots
        .iter()
        .fold((i64::MAX, i64::MIN), |(a, b), (f, t)| (a.min(*f), b.max(*t)));
    let guests = guests(&call, &body, window).await?;
    let (own, engagements, _) = agenda_of(&call, &look.owner.address, window).await?;
    let me = Guest {
        address: look.owner.address.clone(),
        is_needed: true,
        engagements,
        closed: out_of_hours(&call, &own, window).await?,
        is_stranger: false,
    };
    let is_optional = json::boolean(&body, "isOrganizerOptional")? == Some(true);
    let mut found: Vec<(f64, i64, Value)> = Vec::new();
    for (from_s, to_s) in slots {
        // On the half hours.
        let mut at = from_s.div_euclid(STEP_S) * STEP_S;
        if at < from_s {
            at += STEP_S;
        }
        while at + length_s <= to_s && found.len() < 5_000 {
            let end = at + length_s;
            if !is_work || all_work(&look, &me, &guests, (at, end)) {
                let own = me.presence(at, end);
                let is_out = !is_optional && chance(&me, own) == 0.0;
                let confidence = confidence(&guests, at, end).filter(|c| *c >= least && !is_out);
                if let Some(confidence) = confidence {
                    found.push((
                        confidence,
                        at,
                        suggestion(&look, &guests, (at, end), confidence, own),
                    ));
                }
            }
            at += STEP_S;
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut all: Vec<Value> = found.into_iter().take(most as usize).map(|(_, _, v)| v).collect();
    for (i, one) in all.iter_mut().enumerate() {
        one["order"] = (i + 1).into();
    }
    let reason = if all.is_empty() {
        "AttendeesUnavailable"
    } else {
        ""
    };
    let context = format!(
        "{}/$metadata#microsoft.graph.meetingTimeSuggestionsResult",
        call.site.base()
    );
    let answer =
        json!({"@odata.context": context, "emptySuggestionsReason": reason, "meetingTimeSuggestions": all});
    Ok(preferred(&look, Answer::json(answer)))
}

/// The times to look at, and whether only working hours of them are meant.
fn slots(call: &Call, body: &Value) -> Result<(Vec<(i64, i64)>, bool), GraphError> {
    let constraint = json::object(body, "timeConstraint")?;
    let domain = constraint
        .map(|c| json::text(c, "activityDomain"))
        .transpose()?
        .flatten();
    let is_work =
        !domain.is_some_and(|d| d.eq_ignore_ascii_case("unrestricted") || d.eq_ignore_ascii_case("personal"));
    let given = constraint
        .map(|c| Ok::<_, GraphError>(json::list(c, "timeSlots")?.or(json::list(c, "timeslots")?)))
        .transpose()?
        .flatten()
        .unwrap_or_default();
    let mut out = Vec::new();
    for slot in given.iter().take(50) {
        out.push(span(slot, "start", "end")?);
    }
    if out.is_empty() {
        let now_s = call.ctx().now_ms().div_euclid(1000);
        out.push((now_s, now_s + 7 * 86_400));
    }
    Ok((out, is_work))
}

async fn guests(call: &Call, body: &Value, window: (i64, i64)) -> Result<Vec<Guest>, GraphError> {
    let given = json::list(body, "attendees")?.unwrap_or_default();
    if given.len() > MOST_PEOPLE {
        return Err(GraphError::request(format!(
            "»attendees« has at most {MOST_PEOPLE} members"
        )));
    }
    let mut out = Vec::new();
    for guest in given {
        let email = json::object(guest, "emailAddress")?;
        let email = email.ok_or_else(|| GraphError::request("an attendee lacks »emailAddress«"))?;
        let address = json::required_text(email, "address")?.to_owned();
        let found = agenda_of(call, &address, window).await;
        let closed = match &found {
            Ok((who, _, _)) => out_of_hours(call, who, window).await?,
            Err(_) => None,
        };
        out.push(Guest {
            closed,
            is_needed: !json::text(guest, "type")?.is_some_and(|t| t.eq_ignore_ascii_case("optional")),
            is_stranger: found.is_err(),
            engagements: found.map(|(_, all, _)| all).unwrap_or_default(),
            address,
        });
    }
    Ok(out)
}

/// Whether it is within the hours of the organizer and of all who are needed. Who has not said theirs has the organizer's.
fn all_work(look: &Look, me: &Guest, guests: &[Guest], (from_s, to_s): (i64, i64)) -> bool {
    let own = me
        .works(from_s, to_s)
        .unwrap_or_else(|| works(look, from_s, to_s));
    let needed = guests.iter().filter(|g| g.is_needed);
    own && needed.filter_map(|g| g.works(from_s, to_s)).all(|w| w)
}

fn works(look: &Look, from_s: i64, to_s: i64) -> bool {
    let (from, to) = (look.zone.zone.to_local(from_s), look.zone.zone.to_local(to_s));
    let is_weekend = matches!(from.weekday(), Weekday::Saturday | Weekday::Sunday);
    let end = (to.hour(), to.minute());
    !is_weekend && from.date() == to.date() && from.hour() >= HOURS.0 && end <= (HOURS.1, 0)
}

/// The mean of all; None when somebody who is needed cannot come at all.
fn confidence(guests: &[Guest], from_s: i64, to_s: i64) -> Option<f64> {
    let mut sum = 0.0;
    for guest in guests {
        let chance = chance(guest, guest.presence(from_s, to_s));
        if guest.is_needed && chance == 0.0 {
            return None;
        }
        sum += chance;
    }
    Some(if guests.is_empty() {
        100.0
    } else {
        sum / guests.len() as f64
    })
}

fn suggestion(
    look: &Look,
    guests: &[Guest],
    (from_s, to_s): (i64, i64),
    confidence: f64,
    own: Presence,
) -> Value {
    let availability: Vec<Value> = guests
        .iter()
        .map(|g| {
            let word = if g.is_stranger {
                "unknown"
            } else {
                word(g.presence(from_s, to_s))
            };
            let kind = if g.is_needed { "required" } else { "optional" };
            json!({"availability": word, "attendee": {"type": kind, "emailAddress": {"address": g.address}}})
        })
        .collect();
    json!({
        "confidence": confidence,
        "organizerAvailability": word(own),
        "suggestionReason": "Suggested because it is one of the nearest times when all attendees are available.",
        "meetingTimeSlot": {"start": look.zone.print(from_s), "end": look.zone.print(to_s)},
        "attendeeAvailability": availability,
        "locations": [],
    })
}
