//! What somebody does with their own sign-ins: `/api/password` and `/api/sessions`.

use super::error::{ApiError, AtField};
use super::session::{at_the_page, via, welcome};
use crate::base::clock::rfc3339;
use crate::base::{Error, Kind};
use crate::identity::accounts::{AccountChange, change_account};
use crate::identity::{Ctx, password};
use crate::protocols::http::auth::{SESSION_COOKIE, house, read_cookie, require_secure};
use actix_web::web::{self, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure_sessions(config: &mut ServiceConfig) {
    config
        .route("", web::get().to(list))
        .route("/{id}", web::delete().to(end));
}

#[derive(Deserialize)]
pub struct Passwords {
    before: String,
    after: String,
}

/// The old password is asked for, and guesses at it count as everywhere. Everybody else who is signed in with the account
/// is signed out; this browser goes on with a new session.
pub async fn change_password(request: HttpRequest, body: Json<Passwords>) -> Result<HttpResponse, ApiError> {
    require_secure(&request)?;
    let ctx = at_the_page(&request).await?;
    let Passwords { before, after } = body.into_inner();
    let house = house(&request)?;
    require_password(&request, &ctx, &before).await.at("before")?;
    password::check_new(&after).at("after")?;
    let change = AccountChange {
        password: Some(after),
        ..AccountChange::default()
    };
    let changed = change_account(&ctx.as_system(), ctx.account()?.id, change)
        .await
        .at("after")?;
    let ctx = house.doorkeeper.ctx(std::sync::Arc::new(changed));
    welcome(&ctx, house).await
}

/// Whether somebody who is signed in knows the password; guesses count as everywhere. Errors: Invalid (PasswordWrong), Busy.
pub async fn require_password(request: &HttpRequest, ctx: &Ctx, password: &str) -> Result<(), Error> {
    let address = &ctx.account()?.address;
    let doorkeeper = &house(request)?.doorkeeper;
    match doorkeeper.prove(address, password, via(request)).await {
        // Whoever mistypes it is still signed in.
        Err(e) if e.kind() == Kind::NotAuthenticated => {
            Err(Error::invalid("the present password is not right").with_reason("PasswordWrong", &[]))
        }
        other => other.map(drop),
    }
}

async fn list(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let token = read_cookie(&request, SESSION_COOKIE);
    let all = house(&request)?
        .doorkeeper
        .sessions_of(ctx.account()?.id, token.as_ref().map(|c| c.value()))
        .await?;
    let shown: Vec<Value> = all
        .iter()
        .map(|s| {
            json!({
                "id": s.id,
                "since": rfc3339(s.since_ms),
                "until": rfc3339(s.until_ms),
                "isThis": s.is_this,
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"sessions": shown})))
}

/// `others`: all but this one.
async fn end(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let token = read_cookie(&request, SESSION_COOKIE);
    let this = token.as_ref().map(|c| c.value());
    house(&request)?
        .doorkeeper
        .end_sessions_of(ctx.account()?.id, &id, this)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
