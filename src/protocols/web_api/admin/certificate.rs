//! `/api/admin/certificate`: whose certificate the doors show, and getting one from a public authority.

use super::{Answer, no_content};
use crate::appliance::Tls;
use crate::appliance::acme::{LETS_ENCRYPT, ask_now, get_certificate, put_wish, remove_wish, renew_at_ms};
use crate::base::Result;
use crate::base::clock::rfc3339;
use crate::base::network::name_server;
use crate::identity::Ctx;
use crate::identity::domains::list_domains;
use crate::model::certificate::{
    CertificateFacts, CertificateProgress, CertificateSource, CertificateWish, Proof, ZoneKey,
};
use crate::protocols::http::auth::house;
use crate::protocols::web_api::error::AtField;
use crate::protocols::web_api::session::administrator;
use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(show))
                .route(web::put().to(put))
                .route(web::delete().to(remove)),
        )
        .route("/renew", web::post().to(renew));
}

fn facts(facts: &CertificateFacts) -> Value {
    json!({
        "names": facts.names,
        "issuer": facts.issuer,
        "notBefore": rfc3339(facts.not_before_ms),
        "notAfter": rfc3339(facts.not_after_ms),
    })
}

async fn show(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    let house = house(&request)?;
    let all = get_certificate(&ctx).await?;
    let (in_use, source) = house.tls.facts();
    let renews = all.public.as_ref().map(|f| rfc3339(renew_at_ms(f)));
    Ok(HttpResponse::Ok().json(json!({
        "source": source,
        "inUse": facts(&in_use),
        "renewsAt": renews.filter(|_| all.wish.is_some()),
        "wish": all.wish.as_ref().map(wish),
        "progress": progress(&all.progress),
        "proposal": proposal(&ctx, &house.options.host_name).await?,
    })))
}

/// Without the key's secret.
fn wish(wish: &CertificateWish) -> Value {
    let key = wish.zone_key.as_ref();
    json!({
        "authority": wish.authority,
        "names": wish.names,
        "proof": wish.proof,
        "contact": wish.contact,
        "zoneKey": key.map(|k| json!({"server": k.server, "zone": k.zone, "keyName": k.key_name})),
    })
}

fn progress(progress: &CertificateProgress) -> Value {
    let order = progress.order.as_ref();
    json!({
        "isAskedFor": progress.is_asked_for,
        "lastTryAt": progress.last_try_at_ms.map(rfc3339),
        "lastError": progress.last_error,
        "nextTryAt": progress.next_try_at_ms.map(rfc3339),
        "records": order.map(|o| &o.records),
    })
}

/// What the form begins with.
async fn proposal(ctx: &Ctx, host_name: &str) -> Result<Value> {
    let first = list_domains(ctx).await?.into_iter().next();
    let name = match (host_name.contains('.'), first) {
        (false, Some(domain)) => format!("mail.{}", domain.name),
        _ => host_name.to_owned(),
    };
    Ok(json!({"authority": LETS_ENCRYPT, "names": [name], "contact": ctx.account()?.address}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    authority: Option<String>,
    names: Vec<String>,
    proof: Proof,
    contact: Option<String>,
    zone_key: Option<TypedKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypedKey {
    server: String,
    zone: String,
    key_name: String,
    #[serde(default)]
    secret: String,
}

impl TypedKey {
    fn read(self) -> Result<ZoneKey> {
        Ok(ZoneKey {
            server: name_server(&self.server)?,
            zone: self.zone,
            key_name: self.key_name,
            secret: self.secret,
        })
    }
}

async fn put(request: HttpRequest, body: Json<Typed>) -> Answer {
    let ctx = administrator(&request).await?;
    let typed = body.into_inner();
    let wish = CertificateWish {
        authority: typed.authority.unwrap_or_else(|| LETS_ENCRYPT.to_owned()),
        names: typed.names,
        proof: typed.proof,
        contact: typed.contact,
        zone_key: typed.zone_key.map(TypedKey::read).transpose().at("zoneKey")?,
    };
    if let Err(e) = put_wish(&ctx, wish).await {
        let field = match e.reason().map(|r| r.code) {
            Some("AuthorityWrong") => "authority",
            Some("ZoneKeyWrong") => "zoneKey",
            _ => "names",
        };
        return Err(e).at(field);
    }
    show(request).await
}

async fn renew(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    ask_now(&ctx).await?;
    no_content()
}

async fn remove(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    remove_wish(&ctx).await?;
    no_content()
}

/// For the list of open points.
pub async fn overview(ctx: &Ctx, tls: &Tls) -> Result<Value> {
    let (in_use, source) = tls.facts();
    let all = get_certificate(ctx).await?;
    Ok(json!({
        "source": source,
        "notAfter": rfc3339(in_use.not_after_ms),
        "endsSoon": source != CertificateSource::Own && ctx.now_ms() > ends_soon_ms(&in_use),
        "error": all.progress.last_error,
        "waitsForRecords": all.progress.order.is_some(),
    }))
}

/// By then a new one should have come: half of the last third is over.
fn ends_soon_ms(facts: &CertificateFacts) -> i64 {
    renew_at_ms(facts).midpoint(facts.not_after_ms)
}
