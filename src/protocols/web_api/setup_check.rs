//! Trying out a provider's servers before the answers are taken.

use super::error::ApiError;
use super::setup::{TypedCollect, check_host, require_holder};
use crate::appliance::setup::{self, Inbound};
use crate::delivery::probe::{Finding, probe_collect, probe_smarthost};
use crate::model::outbound::{Outbound, Smarthost};
use crate::protocols::http::auth::house;
use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

pub fn answer(found: Result<String, Finding>) -> HttpResponse {
    HttpResponse::Ok().json(match found {
        Ok(detail) => json!({"ok": true, "detail": detail}),
        Err(f) => json!({"ok": false, "reason": f.reason(), "detail": f.detail()}),
    })
}

pub async fn collect(request: HttpRequest, body: Json<TypedCollect>) -> Result<HttpResponse, ApiError> {
    let ctx = require_holder(&request).await?;
    let mut server = body.into_inner().server;
    check_host(&server.host)?;
    if server.password.is_empty()
        && let Some(Inbound::Collect { password, .. }) = setup::answers(&ctx).await?.inbound
    {
        server.password = password;
    }
    Ok(answer(probe_collect(&house(&request)?.post_room, &server).await))
}

pub async fn smarthost(request: HttpRequest, body: Json<Smarthost>) -> Result<HttpResponse, ApiError> {
    let ctx = require_holder(&request).await?;
    let mut smarthost = body.into_inner();
    check_host(&smarthost.host)?;
    if smarthost.password.is_empty()
        && let Some(Outbound::Smarthost { smarthost: before }) = setup::answers(&ctx).await?.outbound
    {
        smarthost.password = before.password;
    }
    Ok(answer(
        probe_smarthost(&house(&request)?.post_room, &smarthost).await,
    ))
}
