//! Signing in to the page: `/api/session`.

use super::error::{ApiError, AtField};
use crate::appliance::later_steps::later_steps;
use crate::appliance::setup;
use crate::base::Error;
use crate::identity::accounts::{AccountChange, change_account};
use crate::identity::second_factor::Step;
use crate::identity::{Ctx, Via, sessions};
use crate::protocols::http::auth::{
    SESSION_COOKIE, cookie, house, read_cookie, require_same_origin, require_secure,
};
use crate::protocols::http::{Credential, HouseData, client, signed_in};
use crate::protocols::web_api::private::private;
use actix_web::cookie::Cookie;
use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("")
            .route(web::post().to(begin))
            .route(web::get().to(show))
            .route(web::patch().to(change))
            .route(web::delete().to(end)),
    );
    config.route("/code", web::post().to(second));
}

/// Who is signed in at the page. Errors: NotAuthenticated; Forbidden, for programs: what they may do is said by the
/// permissions of Graph, and there is none for this.
pub async fn at_the_page(request: &HttpRequest) -> Result<Ctx, Error> {
    match signed_in(request).await? {
        (ctx, Credential::Cookie) => Ok(ctx),
        (_, Credential::Token(_)) => Err(Error::forbidden(
            "this is for people at the page, not for programs",
        )),
    }
}

/// The signed-in administrator. Errors: NotAuthenticated, Forbidden; also for programs, whatever they may do elsewhere.
pub async fn administrator(request: &HttpRequest) -> Result<Ctx, Error> {
    let ctx = at_the_page(request).await?;
    ctx.require_admin()?;
    Ok(ctx)
}

#[derive(Deserialize)]
struct SignIn {
    address: String,
    password: String,
}

/// What the page knows about who is signed in.
async fn describe(ctx: &Ctx) -> Result<Value, ApiError> {
    let account = ctx.account()?;
    let office = setup::office(ctx).await?.map(|o| o.name);
    let later = match account.is_admin {
        true => later_steps(ctx).await?.filter(|l| !l.is_put_off),
        false => None,
    };
    Ok(json!({
        "address": account.address,
        "aliases": account.aliases,
        "name": account.display_name,
        "oid": account.oid,
        "language": account.language,
        "isAdmin": account.is_admin,
        "officeName": office,
        "isSettingUp": later.is_some(),
    }))
}

/// How somebody comes in at the page.
pub fn via(request: &HttpRequest) -> Via {
    Via {
        peer: client(request).ip,
        door: "page",
        takes_app_passwords: false,
    }
}

/// The cookie of a session that begins now.
pub async fn new_session(ctx: &Ctx, house: &HouseData) -> Result<Cookie<'static>, ApiError> {
    let token = house.doorkeeper.begin_session(ctx.account()?).await?;
    Ok(cookie(SESSION_COOKIE, token, sessions::LIFETIME_MS / 1000))
}

/// The answer that carries the cookie.
pub async fn welcome(ctx: &Ctx, house: &HouseData) -> Result<HttpResponse, ApiError> {
    let mut response = HttpResponse::Ok();
    response.cookie(new_session(ctx, house).await?);
    Ok(response
        .insert_header(("Cache-Control", "no-store"))
        .json(describe(ctx).await?))
}

async fn begin(request: HttpRequest, body: Json<SignIn>) -> Result<HttpResponse, ApiError> {
    require_secure(&request)?;
    require_same_origin(&request)?;
    let house = house(&request)?;
    let step = house
        .doorkeeper
        .begin_sign_in(&body.address, &body.password, via(&request))
        .await?;
    match step {
        Step::In(account) => welcome(&house.doorkeeper.ctx(account), house).await,
        Step::Second(ticket) => Ok(HttpResponse::Accepted()
            .insert_header(("Cache-Control", "no-store"))
            .json(json!({"ticket": ticket}))),
    }
}

#[derive(Deserialize)]
struct Code {
    ticket: String,
    code: String,
}

/// The code of who has a second factor.
async fn second(request: HttpRequest, body: Json<Code>) -> Result<HttpResponse, ApiError> {
    require_secure(&request)?;
    require_same_origin(&request)?;
    let house = house(&request)?;
    let account = house
        .doorkeeper
        .finish_sign_in(&body.ticket, &body.code, via(&request))
        .await
        .at("code")?;
    welcome(&house.doorkeeper.ctx(account), house).await
}

async fn show(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let (ctx, _) = signed_in(&request).await?;
    Ok(private(describe(&ctx).await?))
}

#[derive(Deserialize)]
struct Change {
    language: Option<String>,
}

async fn change(request: HttpRequest, body: Json<Change>) -> Result<HttpResponse, ApiError> {
    let (ctx, _) = signed_in(&request).await?;
    if let Some(language) = &body.language {
        let language = setup::check_language(language).at("language")?;
        // One may change one's own language without being an administrator.
        let system = ctx.as_system();
        let change = AccountChange {
            language: Some(language),
            ..AccountChange::default()
        };
        change_account(&system, ctx.account()?.id, change).await?;
    }
    let account = house(&request)?.doorkeeper.current(ctx.account()?.id).await?;
    let ctx = house(&request)?.doorkeeper.ctx(account);
    Ok(HttpResponse::Ok().json(describe(&ctx).await?))
}

async fn end(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    require_same_origin(&request)?;
    let token = read_cookie(&request, SESSION_COOKIE)
        .ok_or_else(|| Error::not_authenticated("nobody is signed in"))?;
    house(&request)?.doorkeeper.end_session(token.value()).await?;
    Ok(HttpResponse::NoContent()
        .cookie(cookie(SESSION_COOKIE, String::new(), 0))
        .finish())
}
