//! What somebody does with their own sign-ins: `/api/password` and `/api/sessions`.

use super::error::{ApiError, AtField};
use super::session::{at_the_page, welcome};
use crate::base::clock::rfc3339;
use crate::base::{Error, Kind};
use crate::identity::accounts::{AccountChange, change_account};
use crate::identity::{Via, password};
use crate::protocols::http::auth::{SESSION_COOKIE, house, read_cookie, require_secure};
use crate::protocols::http::client;
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
    let via = Via {
        peer: client(&request).ip,
        door: "page",
        takes_app_passwords: false,
    };
    let address = &ctx.account()?.address;
    match house.doorkeeper.sign_in(address, &before, via).await {
        // Whoever mistypes the old one is still signed in.
        Err(e) if e.kind() == Kind::NotAuthenticated => {
            let e = Error::invalid("the present password is not right").with_reason("PasswordWrong", &[]);
            return Err(e).at("before");
        }
        other => other?,
    };
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
