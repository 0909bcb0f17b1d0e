//! The wizard: `/api/setup`. Opens only to a browser that knows the one-time code.

use super::error::{ApiError, AtField};
use super::{session, setup_check};
use crate::appliance::later_steps::begin_later_steps;
use crate::appliance::setup::{self, Answers, Inbound, NewPerson, Person};
use crate::base::{Error, Kind, hostname};
use crate::identity::{Ctx, password};
use crate::model::EmailAddress;
use crate::model::collect::CollectServer;
use crate::model::outbound::{Outbound, Smarthost};
use crate::protocols::http::auth::{cookie, house, read_cookie, require_same_origin, require_secure};
use crate::protocols::http::client;
use crate::protocols::limits::network;
use crate::protocols::web_api::private::private;
use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The cookie of a browser that claimed the set-up.
const SETUP_COOKIE: &str = "__Host-hauspost-setup";
const DAY_S: i64 = 24 * 3600;

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("", web::get().to(show))
        .route("/claim", web::post().to(claim))
        .route("/language", web::put().to(put_language))
        .route("/office", web::put().to(put_office))
        .route("/admin", web::put().to(put_admin))
        .route("/inbound", web::put().to(put_inbound))
        .route("/outbound", web::put().to(put_outbound))
        .route("/people", web::put().to(put_people))
        .route("/check/collect", web::post().to(setup_check::collect))
        .route("/check/smarthost", web::post().to(setup_check::smarthost))
        .route("/finish", web::post().to(finish));
}

type Answer = Result<HttpResponse, ApiError>;

fn system(request: &HttpRequest) -> Result<Ctx, ApiError> {
    Ok(house(request)?.doorkeeper.system())
}

/// The context for a browser that holds the set-up cookie. Errors: `SetupFinished`, `SetupNotClaimed`.
pub async fn require_holder(request: &HttpRequest) -> Result<Ctx, ApiError> {
    require_secure(request)?;
    require_same_origin(request)?;
    let ctx = system(request)?;
    let answers = setup::answers(&ctx).await?;
    if answers.is_finished {
        let e = Error::forbidden("the office is set up already; please sign in");
        return Err(ApiError::from(e).with_code("SetupFinished"));
    }
    let is_holder = read_cookie(request, SETUP_COOKIE).is_some_and(|c| setup::is_holder(&answers, c.value()));
    if !is_holder {
        let e = Error::forbidden("please enter the set-up code first");
        return Err(ApiError::from(e).with_code("SetupNotClaimed"));
    }
    Ok(ctx)
}

async fn show(request: HttpRequest) -> Answer {
    let answers = setup::answers(&system(&request)?).await?;
    let is_mine = read_cookie(&request, SETUP_COOKIE).is_some_and(|c| setup::is_holder(&answers, c.value()));
    Ok(state(&answers, is_mine))
}

fn state(answers: &Answers, is_mine: bool) -> HttpResponse {
    let mut body = json!({
        "claimed": !answers.holders.is_empty(),
        "finished": answers.is_finished,
        "mine": is_mine,
        "version": env!("CARGO_PKG_VERSION"),
        "language": answers.language,
    });
    if is_mine {
        body["step"] = json!(answers.step());
        body["answers"] = print_answers(answers);
    }
    private(body)
}

/// Answers without their secrets.
fn print_answers(a: &Answers) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    if let Some(language) = &a.language {
        put("language", json!(language));
    }
    if let Some(office) = &a.office {
        put("officeName", json!(office.name));
        put("domain", json!(office.domain));
    }
    if let Some(admin) = &a.admin {
        put("admin", print_person(admin));
    }
    match &a.inbound {
        Some(Inbound::Collect {
            server,
            password,
            account,
        }) => {
            let mut collect = serde_json::to_value(server).unwrap_or_default();
            collect["hasPassword"] = json!(!password.is_empty());
            collect["account"] = json!(account);
            put("inbound", json!({"mode": "collect", "collect": collect}));
        }
        Some(Inbound::Smtp) => drop(put("inbound", json!({"mode": "smtp"}))),
        Some(Inbound::Later) => drop(put("inbound", json!({"mode": "later"}))),
        None => {}
    }
    match &a.outbound {
        Some(Outbound::Smarthost { smarthost }) => {
            let s = json!({"host": smarthost.host, "port": smarthost.port, "security": smarthost.security,
                "user": smarthost.user, "hasPassword": !smarthost.password.is_empty()});
            put("outbound", json!({"mode": "smarthost", "smarthost": s}));
        }
        Some(Outbound::Direct) => drop(put("outbound", json!({"mode": "direct"}))),
        Some(Outbound::Later) => drop(put("outbound", json!({"mode": "later"}))),
        None => {}
    }
    if let Some(people) = &a.people {
        put("people", people.iter().map(print_person).collect());
    }
    Value::Object(out)
}

fn print_person(p: &Person) -> Value {
    json!({"name": p.name, "address": p.address, "hasPassword": p.password_hash.is_some()})
}

#[derive(Deserialize)]
struct Claim {
    code: String,
}

async fn claim(request: HttpRequest, body: Json<Claim>) -> Answer {
    require_secure(&request)?;
    require_same_origin(&request)?;
    let house = house(&request)?;
    // Ten tries in a minute: 59 bits are not found that way.
    if !house.claims.take(network(client(&request).ip).to_string(), 1) {
        return Err(Error::busy("too many tries; wait a minute and try again").into());
    }
    let ctx = system(&request)?;
    let token = match setup::claim(&ctx, &body.code).await {
        Ok(token) => token,
        Err(e) if e.kind() == Kind::Forbidden && setup::answers(&ctx).await?.is_finished => {
            return Err(ApiError::from(e).with_code("SetupFinished"));
        }
        // No field is named: the page has a better sentence for this code, in its own language.
        Err(e) => return Err(ApiError::from(e).with_code("SetupCodeWrong")),
    };
    let answers = setup::answers(&ctx).await?;
    let mut response = state(&answers, true);
    response
        .add_cookie(&cookie(SETUP_COOKIE, token, DAY_S))
        .map_err(|e| Error::internal("the cookie cannot be set").caused_by(e))?;
    Ok(response)
}

#[derive(Deserialize)]
struct Language {
    language: String,
}

async fn put_language(request: HttpRequest, body: Json<Language>) -> Answer {
    let ctx = require_holder(&request).await?;
    Ok(state(
        &setup::set_language(&ctx, &body.language).await.at("language")?,
        true,
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Office {
    #[serde(default)]
    office_name: String,
    domain: String,
}

async fn put_office(request: HttpRequest, body: Json<Office>) -> Answer {
    let ctx = require_holder(&request).await?;
    Ok(state(
        &setup::set_office(&ctx, &body.office_name, &body.domain)
            .await
            .at("domain")?,
        true,
    ))
}

#[derive(Deserialize)]
struct TypedPerson {
    #[serde(default)]
    name: String,
    address: String,
    password: Option<String>,
}

impl TypedPerson {
    /// What is wrong with a single field is said there.
    fn check(&self) -> Result<(), ApiError> {
        EmailAddress::parse(&self.address).at("address")?;
        match self.password.as_deref() {
            Some(p) if !p.is_empty() => password::check_new(p).at("password"),
            _ => Ok(()),
        }
    }

    fn into_new(self) -> NewPerson {
        NewPerson {
            name: self.name,
            address: self.address,
            password: self.password,
        }
    }
}

async fn put_admin(request: HttpRequest, body: Json<TypedPerson>) -> Answer {
    let ctx = require_holder(&request).await?;
    body.check()?;
    let before = setup::answers(&ctx)
        .await?
        .admin
        .is_some_and(|a| a.password_hash.is_some());
    if !before && body.password.as_deref().is_none_or(str::is_empty) {
        return Err(Error::invalid("please choose a password").with_reason("PasswordMissing", &[]))
            .at("password");
    }
    Ok(state(
        &setup::set_admin(&ctx, body.into_inner().into_new())
            .await
            .at("address")?,
        true,
    ))
}

#[derive(Deserialize)]
struct TypedInbound {
    mode: String,
    collect: Option<TypedCollect>,
}

/// A collection account as typed; `password` may be left out when one is stored.
#[derive(Deserialize)]
pub struct TypedCollect {
    #[serde(flatten)]
    pub server: CollectServer,
    #[serde(default)]
    pub account: String,
}

/// What is wrong with a host is said at the host.
pub fn check_host(host: &str) -> Result<(), ApiError> {
    if host.trim().parse::<std::net::IpAddr>().is_ok() {
        return Ok(());
    }
    hostname::normalize(host).map(drop).at("host")
}

async fn put_inbound(request: HttpRequest, body: Json<TypedInbound>) -> Answer {
    let ctx = require_holder(&request).await?;
    let TypedInbound { mode, collect } = body.into_inner();
    let inbound = match (mode.as_str(), collect) {
        ("smtp", _) => Inbound::Smtp,
        ("later", _) => Inbound::Later,
        ("collect", Some(c)) => {
            check_host(&c.server.host)?;
            let admin = setup::answers(&ctx)
                .await?
                .admin
                .map(|a| a.address)
                .unwrap_or_default();
            let account = if c.account.is_empty() { admin } else { c.account };
            Inbound::Collect {
                password: c.server.password.clone(),
                server: c.server,
                account,
            }
        }
        _ => return Err(Error::invalid("please choose how mail arrives")).at("mode"),
    };
    let field = if matches!(inbound, Inbound::Collect { ref server, .. } if server.user.trim().is_empty()) {
        "user"
    } else {
        "password"
    };
    Ok(state(&setup::set_inbound(&ctx, inbound).await.at(field)?, true))
}

#[derive(Deserialize)]
pub struct TypedOutbound {
    pub mode: String,
    pub smarthost: Option<Smarthost>,
}

impl TypedOutbound {
    /// Errors: Invalid at `mode`, `host`.
    pub fn read(self) -> Result<Outbound, ApiError> {
        match (self.mode.as_str(), self.smarthost) {
            ("direct", _) => Ok(Outbound::Direct),
            ("later", _) => Ok(Outbound::Later),
            ("smarthost", Some(smarthost)) => {
                check_host(&smarthost.host)?;
                Ok(Outbound::Smarthost { smarthost })
            }
            _ => Err(Error::invalid("please choose how mail leaves")).at("mode"),
        }
    }
}

async fn put_outbound(request: HttpRequest, body: Json<TypedOutbound>) -> Answer {
    let ctx = require_holder(&request).await?;
    let outbound = body.into_inner().read()?;
    Ok(state(
        &setup::set_outbound(&ctx, outbound).await.at("password")?,
        true,
    ))
}

#[derive(Deserialize)]
struct People {
    people: Vec<TypedPerson>,
}

async fn put_people(request: HttpRequest, body: Json<People>) -> Answer {
    let ctx = require_holder(&request).await?;
    let people = body.into_inner().people;
    people.iter().try_for_each(TypedPerson::check)?;
    let people = people.into_iter().map(TypedPerson::into_new).collect();
    Ok(state(&setup::set_people(&ctx, people).await.at("people")?, true))
}

async fn finish(request: HttpRequest) -> Answer {
    let ctx = require_holder(&request).await?;
    // Before, so that a power cut in between leaves nothing unasked.
    begin_later_steps(&ctx).await?;
    let admin = setup::finish(&ctx).await?;
    let house = house(&request)?;
    house.post_room.queue_bell.notify_one();
    house.post_room.collect_bell.notify_one();
    let ctx = house.doorkeeper.ctx(std::sync::Arc::new(admin));
    session::welcome(&ctx, house).await
}
