//! `/api/deleted`: what somebody has deleted for good in the last thirty days, and getting it back.

use super::error::ApiError;
use super::session::at_the_page;
use crate::backup::deleted::{Deleted, KEPT_MS, MOST, forget_deleted, list_deleted, restore_deleted};
use crate::base::clock::rfc3339;
use crate::base::{Error, TimeMs};
use crate::model::{FolderKind, ItemId};
use actix_web::web::{self, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("", web::get().to(list))
        .route("/{id}/restore", web::post().to(restore))
        .route("/{id}", web::delete().to(forget));
}

/// Of a page of the list.
const USUAL: usize = 50;

#[derive(Deserialize)]
struct Wanted {
    /// As `next` of the page before.
    after: Option<String>,
    top: Option<usize>,
}

async fn list(request: HttpRequest, wanted: Query<Wanted>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let after = wanted.after.as_deref().map(parse_place).transpose()?;
    let top = wanted.top.unwrap_or(USUAL).clamp(1, MOST);
    let all = list_deleted(&ctx, ctx.account()?.id, after, top).await?;
    let next = all
        .last()
        .filter(|_| all.len() == top)
        .map(|d| format!("{}.{}", d.deleted_at_ms, d.id.0));
    let shown: Vec<Value> = all.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"deleted": shown, "next": next})))
}

fn parse_place(text: &str) -> Result<(TimeMs, ItemId), ApiError> {
    let parsed = text
        .split_once('.')
        .and_then(|(at, id)| Some((at.parse().ok()?, ItemId(id.parse().ok()?))));
    parsed.ok_or_else(|| Error::invalid("»after« is to be what the page before called »next«").into())
}

fn view(d: &Deleted) -> Value {
    let kind = match d.kind {
        FolderKind::Mail => "message",
        FolderKind::Calendar | FolderKind::ScheduleInbox => "event",
        FolderKind::TaskList => "task",
        FolderKind::AddressBook => "contact",
    };
    json!({
        "id": d.id.0, "kind": kind, "title": d.title, "from": d.sender, "folder": d.folder,
        "receivedAt": rfc3339(d.received_at_ms), "deletedAt": rfc3339(d.deleted_at_ms),
        "goneAt": rfc3339(d.deleted_at_ms + KEPT_MS), "sizeBytes": d.size_bytes,
    })
}

async fn restore(request: HttpRequest, id: Path<i64>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let folder = restore_deleted(&ctx, ctx.account()?.id, ItemId(*id)).await?;
    Ok(HttpResponse::Ok().json(json!({"folder": folder})))
}

async fn forget(request: HttpRequest, id: Path<i64>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    forget_deleted(&ctx, ctx.account()?.id, ItemId(*id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
