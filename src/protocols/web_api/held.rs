//! `/api/held`: messages that leave later, and taking them back.

use super::error::ApiError;
use super::mailboxes::Whose;
use super::session::at_the_page;
use crate::base::clock::rfc3339;
use crate::delivery::held::{Held, list_held, take_back};
use crate::model::access::AccessLevel;
use crate::protocols::http::ids;
use actix_web::web::{self, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("", web::get().to(list))
        .route("/{draft}", web::delete().to(remove));
}

async fn list(request: HttpRequest, whose: Query<Whose>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let (ctx, account) = whose.enter(&request, ctx, AccessLevel::Read).await?;
    let all = list_held(&ctx, account).await?;
    let one = |h: &Held| json!({"draft": ids::print_item(h.draft), "sendAt": rfc3339(h.send_at_ms)});
    let shown: Vec<Value> = all.iter().map(one).collect();
    Ok(HttpResponse::Ok().json(json!({"held": shown})))
}

/// 404 says that it was too late.
async fn remove(
    request: HttpRequest,
    draft: Path<String>,
    whose: Query<Whose>,
) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let (ctx, account) = whose.enter(&request, ctx, AccessLevel::Full).await?;
    take_back(&ctx, account, ids::parse_item(&draft)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
