//! One's own second factor: `/api/second-factor`; passwords for devices: `/api/app-passwords`.

use super::error::{ApiError, AtField};
use super::oneself::require_password;
use super::qr::squares;
use super::session::{at_the_page, new_session, welcome};
use crate::base::clock::rfc3339;
use crate::identity::app_passwords::{create_app_password, list_app_passwords, remove_app_password};
use crate::protocols::http::auth::{house, require_secure};
use crate::protocols::web_api::private::private;
use actix_web::web::{self, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(show))
                .route(web::delete().to(end)),
        )
        .route("/begin", web::post().to(begin))
        .route("/confirm", web::post().to(confirm))
        .route("/recovery-codes", web::post().to(renew));
}

pub fn configure_apps(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(list))
                .route(web::post().to(add)),
        )
        .route("/{id}", web::delete().to(remove));
}

type Answer = std::result::Result<HttpResponse, ApiError>;

async fn show(request: HttpRequest) -> Answer {
    let ctx = at_the_page(&request).await?;
    let found = house(&request)?
        .doorkeeper
        .second_factor(ctx.account()?.id)
        .await?;
    Ok(private(json!({
        "isOn": found.is_some(),
        "since": found.map(|f| rfc3339(f.since_ms)),
        "recoveryCodesLeft": found.map_or(0, |f| f.recovery_codes_left),
    })))
}

#[derive(Deserialize)]
struct WithPassword {
    password: String,
}

/// The password is asked for: a browser that was left alone is not enough to lock its owner out.
async fn begin(request: HttpRequest, body: Json<WithPassword>) -> Answer {
    require_secure(&request)?;
    let ctx = at_the_page(&request).await?;
    require_password(&request, &ctx, &body.password)
        .await
        .at("password")?;
    let (secret, address) = house(&request)?
        .doorkeeper
        .begin_second_factor(ctx.account()?)
        .await?;
    Ok(private(
        json!({"secret": secret, "address": address, "squares": squares(&address)?}),
    ))
}

#[derive(Deserialize)]
struct WithCode {
    code: String,
}

/// Everybody who is signed in with the account is out; this browser goes on with a new session.
async fn confirm(request: HttpRequest, body: Json<WithCode>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let doorkeeper = &house(&request)?.doorkeeper;
    let id = ctx.account()?.id;
    let codes = doorkeeper.confirm_second_factor(ctx.account()?, &body.code).await;
    let codes = codes.at("code")?;
    let account = doorkeeper.current(id).await?;
    let cookie = new_session(&doorkeeper.ctx(account), house(&request)?).await?;
    let mut response = HttpResponse::Ok();
    Ok(response
        .cookie(cookie)
        .insert_header(("Cache-Control", "no-store"))
        .json(json!({"recoveryCodes": codes})))
}

async fn renew(request: HttpRequest, body: Json<WithCode>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let doorkeeper = &house(&request)?.doorkeeper;
    let codes = doorkeeper.new_recovery_codes(ctx.account()?, &body.code).await;
    Ok(private(json!({"recoveryCodes": codes.at("code")?})))
}

async fn end(request: HttpRequest, body: Json<WithCode>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let doorkeeper = &house(&request)?.doorkeeper;
    doorkeeper
        .end_second_factor(ctx.account()?, &body.code)
        .await
        .at("code")?;
    Ok(HttpResponse::NoContent().finish())
}

async fn list(request: HttpRequest) -> Answer {
    let ctx = at_the_page(&request).await?;
    let all = list_app_passwords(&ctx).await?;
    let shown: Vec<Value> = all
        .iter()
        .map(|a| json!({"id": a.id, "label": a.label, "since": rfc3339(a.created_at_ms)}))
        .collect();
    Ok(private(json!({"appPasswords": shown})))
}

#[derive(Deserialize)]
struct Labelled {
    label: String,
    /// Of who has a second factor: a browser that was left alone is not to make a door past it.
    #[serde(default)]
    code: String,
}

async fn add(request: HttpRequest, body: Json<Labelled>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let doorkeeper = &house(&request)?.doorkeeper;
    doorkeeper
        .require_code_if_on(ctx.account()?, &body.code)
        .await
        .at("code")?;
    let made = create_app_password(&ctx, &body.label).await.at("label")?;
    Ok(HttpResponse::Created()
        .insert_header(("Cache-Control", "no-store"))
        .json(json!({"password": made})))
}

/// Everybody who is signed in with the account is out; this browser goes on with a new session.
async fn remove(request: HttpRequest, id: Path<i64>) -> Answer {
    let ctx = at_the_page(&request).await?;
    remove_app_password(&ctx, *id).await?;
    let house = house(&request)?;
    let account = house.doorkeeper.current(ctx.account()?.id).await?;
    welcome(&house.doorkeeper.ctx(account), house).await
}
