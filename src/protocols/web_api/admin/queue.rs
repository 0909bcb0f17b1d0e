//! `/api/admin/queue`: mail that waits to leave, and why.

use super::{Answer, no_content};
use crate::base::clock::rfc3339;
use crate::delivery::queue_admin;
use crate::model::OutgoingId;
use crate::model::outgoing::{Queued, RecipientState};
use crate::protocols::http::auth::house;
use crate::protocols::web_api::session::administrator;
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("", web::get().to(list))
        .route("/retry", web::post().to(retry_all))
        .route("/{id}/retry", web::post().to(retry))
        .route("/{id}", web::delete().to(drop_one));
}

fn view(q: &Queued) -> Value {
    let waiting = q.recipients.iter().filter(|r| r.state == RecipientState::Waiting);
    let recipients = waiting.map(|r| {
        json!({
            "address": r.recipient.address,
            "attempts": r.attempts,
            "nextAttemptAt": rfc3339(r.next_attempt_at_ms),
            "lastReply": r.last_reply,
        })
    });
    json!({
        "id": q.id,
        "sender": q.sender,
        "since": rfc3339(q.created_at_ms),
        "sizeBytes": q.size_bytes,
        "recipients": recipients.collect::<Vec<_>>(),
    })
}

async fn list(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    let all: Vec<Value> = queue_admin::list(&ctx).await?.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"messages": all})))
}

async fn retry_all(request: HttpRequest) -> Answer {
    again(&request, None).await
}

async fn retry(request: HttpRequest, id: Path<i64>) -> Answer {
    again(&request, Some(OutgoingId(*id))).await
}

async fn again(request: &HttpRequest, id: Option<OutgoingId>) -> Answer {
    let ctx = administrator(request).await?;
    let n = queue_admin::retry(&ctx, id).await?;
    house(request)?.post_room.queue_bell.notify_one();
    Ok(HttpResponse::Ok().json(json!({"recipients": n})))
}

async fn drop_one(request: HttpRequest, id: Path<i64>) -> Answer {
    let ctx = administrator(&request).await?;
    queue_admin::drop(&ctx, OutgoingId(*id)).await?;
    no_content()
}
