//! What the signed-in person has agreed to that programs do for them: `/api/agreements`.

use super::error::ApiError;
use super::session::at_the_page;
use crate::base::clock::rfc3339;
use crate::identity::consents::{list_agreed, withdraw};
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("", web::get().to(list))
        .route("/{client}", web::delete().to(take_back));
}

async fn list(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let all = list_agreed(&ctx).await?;
    let shown = all.iter().map(|a| {
        json!({
            "clientId": a.client.id,
            "name": a.client.name,
            "permissions": a.permissions,
            "givenAt": rfc3339(a.given_at_ms),
        })
    });
    Ok(HttpResponse::Ok().json(json!({"agreements": shown.collect::<Vec<_>>()})))
}

async fn take_back(request: HttpRequest, client: Path<String>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    withdraw(&ctx, &client).await?;
    Ok(HttpResponse::NoContent().finish())
}
