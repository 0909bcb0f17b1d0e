//! `automaticRepliesSetting`: what is answered while the owner is away.

use crate::base::TimeMs;
use crate::mail::replies::{Audience, AutomaticReplies, Status};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::zones::{Given, NamedZone};
use serde_json::{Value, json};

/// As Microsoft's limit for a message that is shown in settings; a novel is no reply.
const MAX_MESSAGE: usize = 128 << 10;

const STATUSES: [(&str, Status); 3] = [
    ("disabled", Status::Disabled),
    ("alwaysEnabled", Status::AlwaysEnabled),
    ("scheduled", Status::Scheduled),
];
const AUDIENCES: [(&str, Audience); 3] = [
    ("none", Audience::None),
    ("contactsOnly", Audience::ContactsOnly),
    ("all", Audience::All),
];

fn word<T: PartialEq>(value: &T, all: &[(&'static str, T)]) -> &'static str {
    let found = all.iter().find(|(_, v)| v == value);
    found.map_or("", |(word, _)| *word)
}

fn of_word<T: Copy>(given: &Value, name: &str, all: &[(&str, T)]) -> Result<Option<T>, GraphError> {
    let Some(text) = json::text(given, name)? else {
        return Ok(None);
    };
    let found = all.iter().find(|(known, _)| known.eq_ignore_ascii_case(text));
    found.map(|(_, v)| Some(*v)).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
        let text = crate::base::text::one_line(text);
        GraphError::request(format!(
            "»{text}« is no value of »{name}«; known: {}",
            known.join(", ")
        ))
    })
}

pub fn print(replies: &AutomaticReplies, zone: &NamedZone) -> Value {
    json!({
        "status": word(&replies.status, &STATUSES),
        "externalAudience": word(&replies.audience, &AUDIENCES),
        "internalReplyMessage": replies.internal,
        "externalReplyMessage": replies.external,
        "scheduledStartDateTime": print_time(replies.start_ms, zone),
        "scheduledEndDateTime": print_time(replies.end_ms, zone),
    })
}

/// Never is the beginning of all time.
pub fn print_time(ms: Option<TimeMs>, zone: &NamedZone) -> Value {
    match ms {
        Some(ms) => zone.print(ms.div_euclid(1000)),
        None => json!({"dateTime": "0001-01-01T00:00:00.0000000", "timeZone": "UTC"}),
    }
}

/// What a body says, over what was there. Errors: 400.
pub fn read(given: &Value, before: Option<AutomaticReplies>) -> Result<AutomaticReplies, GraphError> {
    let mut out = before.unwrap_or_default();
    out.status = of_word(given, "status", &STATUSES)?.unwrap_or(out.status);
    out.audience = of_word(given, "externalAudience", &AUDIENCES)?.unwrap_or(out.audience);
    for (name, place) in [
        ("internalReplyMessage", &mut out.internal),
        ("externalReplyMessage", &mut out.external),
    ] {
        if let Some(text) = json::text(given, name)? {
            if text.len() > MAX_MESSAGE {
                return Err(GraphError::request(format!(
                    "»{name}« has at most {} kB",
                    MAX_MESSAGE >> 10
                )));
            }
            *place = text.to_owned();
        }
    }
    for (name, place) in [
        ("scheduledStartDateTime", &mut out.start_ms),
        ("scheduledEndDateTime", &mut out.end_ms),
    ] {
        if let Some(time) = json::object(given, name)? {
            let ms = Given::read(time, name)?.to_utc().saturating_mul(1000);
            // Programs give back the never that they were shown.
            *place = Some(ms).filter(|ms| *ms > 0);
        }
    }
    if out.status == Status::Scheduled {
        match (out.start_ms, out.end_ms) {
            (Some(start), Some(end)) if start < end => {}
            _ => {
                return Err(GraphError::bad(
                    "ErrorInvalidArgument",
                    "»scheduled« needs a scheduledStartDateTime before a scheduledEndDateTime",
                ));
            }
        }
    }
    Ok(out)
}
