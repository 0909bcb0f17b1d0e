//! One's own passkeys: `/api/passkeys`; signing in by one: `/api/session/passkey`. What devices answer goes as base64url, as it is.

use super::error::{ApiError, AtField};
use super::oneself::require_password;
use super::session::{at_the_page, via, welcome};
use crate::base::clock::rfc3339;
use crate::identity::passkeys::{Made, list_passkeys, remove_passkey, rename_passkey};
use crate::protocols::http::auth::{house, require_same_origin, require_secure};
use crate::protocols::http::passkey::{Given, bytes, place};
use crate::protocols::web_api::private::private;
use actix_web::web::{self, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

type Answer = Result<HttpResponse, ApiError>;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(list))
                .route(web::post().to(add)),
        )
        .route("/begin", web::post().to(begin))
        .service(
            web::resource("/{id}")
                .route(web::patch().to(rename))
                .route(web::delete().to(remove)),
        );
}

pub fn configure_session(config: &mut ServiceConfig) {
    config
        .route("", web::post().to(sign_in))
        .route("/begin", web::post().to(ask));
}

async fn list(request: HttpRequest) -> Answer {
    let ctx = at_the_page(&request).await?;
    let all = list_passkeys(&ctx).await?;
    let shown: Vec<Value> = all
        .iter()
        .map(|p| {
            json!({
                "id": p.id, "label": p.label, "since": rfc3339(p.created_at_ms), "usedAt": p.used_at_ms.map(rfc3339),
            })
        })
        .collect();
    Ok(private(
        json!({"passkeys": shown, "place": place(&request)?.name}),
    ))
}

#[derive(Deserialize)]
struct Proof {
    password: String,
    /// Of who has a second factor.
    #[serde(default)]
    code: String,
}

/// The password is asked for: a browser that was left alone is not to make a door of its own.
async fn begin(request: HttpRequest, body: Json<Proof>) -> Answer {
    require_secure(&request)?;
    let ctx = at_the_page(&request).await?;
    let (account, place) = (ctx.account()?, place(&request)?);
    require_password(&request, &ctx, &body.password)
        .await
        .at("password")?;
    let doorkeeper = &house(&request)?.doorkeeper;
    doorkeeper
        .require_code_if_on(account, &body.code)
        .await
        .at("code")?;
    let (challenge, known) = doorkeeper.begin_passkey(account, &place).await?;
    Ok(private(json!({
        "challenge": challenge,
        "place": place.name,
        "user": {"id": URL_SAFE_NO_PAD.encode(&account.oid), "name": account.address, "displayName": account.display_name},
        "known": known,
    })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct New {
    label: String,
    client_data: String,
    authenticator_data: String,
    public_key: String,
}

async fn add(request: HttpRequest, body: Json<New>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let made = Made {
        client_data: bytes(&body.client_data)?,
        authenticator_data: bytes(&body.authenticator_data)?,
        public_key: bytes(&body.public_key)?,
        label: body.label.clone(),
    };
    let doorkeeper = &house(&request)?.doorkeeper;
    doorkeeper
        .add_passkey(ctx.account()?, &place(&request)?, made)
        .await?;
    Ok(HttpResponse::Created().json(json!({})))
}

#[derive(Deserialize)]
struct Labelled {
    label: String,
}

async fn rename(request: HttpRequest, id: Path<i64>, body: Json<Labelled>) -> Answer {
    let ctx = at_the_page(&request).await?;
    rename_passkey(&ctx, *id, &body.label).await.at("label")?;
    Ok(HttpResponse::NoContent().finish())
}

/// Everybody who is signed in with the account is out; this browser goes on with a new session.
async fn remove(request: HttpRequest, id: Path<i64>) -> Answer {
    let ctx = at_the_page(&request).await?;
    remove_passkey(&ctx, *id).await?;
    let house = house(&request)?;
    let account = house.doorkeeper.current(ctx.account()?.id).await?;
    welcome(&house.doorkeeper.ctx(account), house).await
}

async fn ask(request: HttpRequest) -> Answer {
    require_secure(&request)?;
    require_same_origin(&request)?;
    let place = place(&request)?;
    let challenge = house(&request)?.doorkeeper.ask_for_passkey(&place)?;
    Ok(private(json!({"challenge": challenge, "place": place.name})))
}

async fn sign_in(request: HttpRequest, body: Json<Given>) -> Answer {
    require_secure(&request)?;
    require_same_origin(&request)?;
    let house = house(&request)?;
    let account = house
        .doorkeeper
        .sign_in_by_passkey(&place(&request)?, body.read()?, via(&request))
        .await?;
    welcome(&house.doorkeeper.ctx(account), house).await
}
