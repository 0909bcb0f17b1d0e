//! A zone's changes in a stretch of time (RFC 7808 §5.4).

use super::problem::Problem;
use super::{Answer, FINGERPRINT, named, single};
use crate::formats::ical::zone_history::onsets;
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde_json::json;

/// A thousand years of two changes each. More are said to end where they end.
const MAX_ONSETS: usize = 2_000;

pub async fn answer(request: HttpRequest) -> Answer {
    let (name, zone) = named(&request)?;
    let start = moment(&request, "start", Problem::start)?;
    let end = moment(&request, "end", Problem::end)?;
    if end <= start {
        return Err(Problem::end("»end« is not after »start«"));
    }
    let all = onsets(&zone, start, end, MAX_ONSETS + 1);
    let left_out = all.get(MAX_ONSETS);
    let told: Vec<_> = all
        .iter()
        .take(MAX_ONSETS)
        .map(|o| {
            json!({
                "name": o.name,
                "onset": o.at.to_string(),
                "utc-offset-from": o.from.seconds(),
                "utc-offset-to": o.to.seconds(),
            })
        })
        .collect();
    let mut body = json!({"tzid": name, "observances": told});
    if let Some(first) = left_out {
        body["end"] = json!(first.at.to_string());
    }
    Ok(HttpResponse::Ok()
        .insert_header(("ETag", format!("\"{FINGERPRINT}\"")))
        .json(body))
}

/// `2026-01-01T00:00:00Z`
fn moment(request: &HttpRequest, name: &str, wrong: fn(&str) -> Problem) -> Result<Timestamp, Problem> {
    let told = single(request, name, wrong)?.ok_or_else(|| wrong(&format!("»{name}« is missing")))?;
    told.parse()
        .map_err(|_| wrong(&format!("»{name}« is no time in UTC; write 2026-01-01T00:00:00Z")))
}
