//! App registrations, for administrators: `/api/apps`; and another key to sign tokens with: `/api/signing-key`.

use super::error::{ApiError, AtField};
use super::session::administrator;
use crate::base::clock::rfc3339;
use crate::base::{Error, Result, random};
use crate::identity::Ctx;
use crate::identity::access::{mailbox_addresses, mailbox_ids};
use crate::identity::clients::{Client, find_client, list_clients};
use crate::identity::consents::{list_agreeing, withdraw_for};
use crate::identity::registration::{
    Registration, add_client, change_client, remove_client, rotate_signing_key,
};
use crate::protocols::web_api::private::private;
use actix_web::web::{self, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(list))
                .route(web::post().to(add)),
        )
        .service(
            web::resource("/{id}")
                .route(web::get().to(get))
                .route(web::patch().to(change))
                .route(web::delete().to(remove)),
        )
        .route("/{id}/agreements", web::get().to(agreeing))
        .route("/{id}/agreements/{address}", web::delete().to(withdraw));
}

/// A registration as it is sent; what is absent stays as it is, null takes it away or its limit off.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    client_id: Option<String>,
    name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    /// true: make a new one; false: there is none any more.
    secret: Option<bool>,
    allow_password_grant: Option<bool>,
    #[serde(default, deserialize_with = "named")]
    permissions: Option<Option<Vec<String>>>,
    app_permissions: Option<Vec<String>>,
    /// Addresses.
    #[serde(default, deserialize_with = "named")]
    mailboxes: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "named")]
    certificate: Option<Option<String>>,
    is_trusted: Option<bool>,
    repeats_assertions: Option<bool>,
}

/// Tells null from what is absent.
fn named<'d, D: Deserializer<'d>, T: Deserialize<'d>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(d).map(Some)
}

impl Body {
    async fn read(self, ctx: &Ctx) -> Result<Registration, ApiError> {
        let mailboxes = match self.mailboxes {
            Some(Some(addresses)) => Some(Some(mailbox_ids(ctx, &addresses).await.at("mailboxes")?)),
            Some(None) => Some(None),
            None => None,
        };
        Ok(Registration {
            name: self.name,
            redirect_uris: self.redirect_uris,
            secret: self.secret,
            allow_password_grant: self.allow_password_grant,
            permissions: self.permissions,
            app_permissions: self.app_permissions,
            mailboxes,
            certificate: self.certificate,
            is_trusted: self.is_trusted,
            repeats_assertions: self.repeats_assertions,
        })
    }
}

/// `secret`: the new one, which is shown this once.
async fn view(ctx: &Ctx, client: &Client, secret: Option<String>) -> Result<Value> {
    let mailboxes = match &client.mailboxes {
        Some(ids) => Some(mailbox_addresses(ctx, ids).await?),
        None => None,
    };
    let mut out = json!({
        "clientId": client.id,
        "name": client.name,
        "redirectUris": client.redirect_uris,
        "hasSecret": client.secret_hash.is_some(),
        "hasCertificate": client.certificate.is_some(),
        "allowPasswordGrant": client.allow_password_grant,
        "permissions": client.permissions,
        "appPermissions": client.app_permissions,
        "mailboxes": mailboxes,
        "isTrusted": client.is_trusted,
        "repeatsAssertions": client.repeats_assertions,
        "createdAt": rfc3339(client.created_at_ms),
    });
    if let Some(secret) = secret {
        out["secret"] = secret.into();
    }
    Ok(out)
}

async fn list(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = administrator(&request).await?;
    let mut apps = Vec::new();
    for client in list_clients(&ctx).await? {
        apps.push(view(&ctx, &client, None).await?);
    }
    Ok(HttpResponse::Ok().json(json!({"apps": apps})))
}

async fn add(request: HttpRequest, body: Json<Body>) -> Result<HttpResponse, ApiError> {
    let ctx = administrator(&request).await?;
    let mut body = body.into_inner();
    let id = body.client_id.take().unwrap_or_else(random::uuid);
    let wanted = body.read(&ctx).await?;
    let (client, secret) = add_client(&ctx, &id, wanted, false).await?;
    Ok(HttpResponse::Created()
        .insert_header(("Cache-Control", "no-store"))
        .json(view(&ctx, &client, secret).await?))
}

async fn get(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let ctx = administrator(&request).await?;
    let client = find_client(&ctx, &id).await?;
    let client = client.ok_or_else(|| Error::not_found("there is no such app"))?;
    Ok(HttpResponse::Ok().json(view(&ctx, &client, None).await?))
}

async fn change(request: HttpRequest, id: Path<String>, body: Json<Body>) -> Result<HttpResponse, ApiError> {
    let ctx = administrator(&request).await?;
    let body = body.into_inner();
    if body.client_id.as_ref().is_some_and(|wanted| *wanted != *id) {
        let e = Error::invalid("the id of an app stays; register another one");
        return Err(e).at("clientId");
    }
    let change = body.read(&ctx).await?;
    let (client, secret) = change_client(&ctx, &id, change).await?;
    Ok(private(view(&ctx, &client, secret).await?))
}

async fn remove(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let ctx = administrator(&request).await?;
    remove_client(&ctx, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Who has agreed to what it does for them.
async fn agreeing(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let ctx = administrator(&request).await?;
    let all = list_agreeing(&ctx, &id).await?;
    let shown = all.iter().map(|(who, consent)| {
        json!({
            "address": who.address,
            "permissions": consent.permissions,
            "givenAt": rfc3339(consent.given_at_ms),
        })
    });
    Ok(HttpResponse::Ok().json(json!({"agreements": shown.collect::<Vec<_>>()})))
}

async fn withdraw(request: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, ApiError> {
    let ctx = administrator(&request).await?;
    let (id, address) = path.into_inner();
    withdraw_for(&ctx, &address, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rotate {
    #[serde(default)]
    at_once: bool,
}

pub async fn rotate_key(request: HttpRequest, body: Json<Rotate>) -> Result<HttpResponse, ApiError> {
    let ctx = administrator(&request).await?;
    let id = rotate_signing_key(&ctx, body.at_once).await?;
    Ok(HttpResponse::Ok().json(json!({"keyId": id})))
}
