//! `/api/rules/{rule}/rehearsal`: for which messages a rule of one's own would have been. The rules themselves are Graph's.

use super::error::ApiError;
use super::session::at_the_page;
use crate::base::Error;
use crate::base::clock::rfc3339;
use crate::mail::rules::rehearse::rehearse;
use crate::model::message::ListedMessage;
use crate::protocols::http::ids;
use crate::protocols::web_api::private::private;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

/// Of more the number says enough.
const SHOWN: usize = 50;

pub async fn show(request: HttpRequest, rule: Path<String>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let number = rule
        .strip_prefix('R')
        .and_then(|t| i64::from_str_radix(t, 16).ok());
    let number = number.ok_or_else(|| Error::not_found("there is no such rule"))?;
    let found = rehearse(&ctx, ctx.account()?, number).await?;
    let one = |m: &ListedMessage| {
        json!({
            "id": ids::print_item(m.item.id), "subject": m.subject, "receivedAt": rfc3339(m.item.received_at_ms),
            "from": {"name": m.from_name, "address": m.from_address},
        })
    };
    let messages: Vec<Value> = found.hits.iter().take(SHOWN).map(one).collect();
    Ok(private(
        json!({"lookedAt": found.looked_at, "hits": found.hits.len(), "messages": messages}),
    ))
}
