//! `/api/calendar/calendars/{calendar}/publication`: whether a calendar of one's own is published, and publishing it.

use super::error::{ApiError, AtField};
use super::session::at_the_page;
use crate::base::clock::rfc3339;
use crate::calendar::publish::{path_of, publication, publish, unpublish};
use crate::model::publication::Detail;
use crate::protocols::http::{host, ids};
use crate::protocols::web_api::private::private;
use actix_web::web::{Json, Path, ServiceConfig, delete, get, put};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("", get().to(show))
        .route("", put().to(change))
        .route("", delete().to(end));
}

#[derive(Deserialize)]
struct Wanted {
    detail: String,
}

async fn show(request: HttpRequest, calendar: Path<String>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let folder = ids::parse_folder(&calendar)?;
    let found = publication(&ctx, ctx.account()?.id, folder).await?;
    let shown = found.map(|p| json!({"detail": p.detail, "since": rfc3339(p.since_ms)}));
    Ok(HttpResponse::Ok().json(json!({"publication": shown.unwrap_or(Value::Null)})))
}

/// The address is told once.
async fn change(
    request: HttpRequest,
    calendar: Path<String>,
    wanted: Json<Wanted>,
) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let detail = Detail::parse(&wanted.detail).at("detail")?;
    let secret = publish(&ctx, ctx.account()?.id, ids::parse_folder(&calendar)?, detail).await?;
    let url = format!("{}{}", host::origin(&request), path_of(&secret));
    Ok(private(json!({"detail": detail, "url": url})))
}

async fn end(request: HttpRequest, calendar: Path<String>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    unpublish(&ctx, ctx.account()?.id, ids::parse_folder(&calendar)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
