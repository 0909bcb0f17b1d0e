//! `/api/admin/accounts/{mailbox}/access`: who may use a mailbox beside its owner.

use super::{Answer, no_content};
use crate::identity::access::{list_access, set_access};
use crate::model::Account;
use crate::model::access::AccessLevel;
use crate::protocols::web_api::error::AtField;
use crate::protocols::web_api::session::administrator;
use actix_web::web::{self, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config.route("/{mailbox}/access", web::get().to(list)).service(
        web::resource("/{mailbox}/access/{who}")
            .route(web::put().to(put))
            .route(web::delete().to(remove)),
    );
}

pub fn view(all: &[(Account, AccessLevel)]) -> Value {
    let one = |(a, level): &(Account, AccessLevel)| json!({"address": a.address, "name": a.display_name, "level": level});
    all.iter().map(one).collect()
}

async fn list(request: HttpRequest, mailbox: Path<String>) -> Answer {
    let ctx = administrator(&request).await?;
    let all = list_access(&ctx, &mailbox).await?;
    Ok(HttpResponse::Ok().json(json!({"access": view(&all)})))
}

#[derive(Deserialize)]
struct Level {
    /// read, edit or full
    level: String,
}

async fn put(request: HttpRequest, path: Path<(String, String)>, body: Json<Level>) -> Answer {
    let ctx = administrator(&request).await?;
    let level = AccessLevel::parse(&body.level).at("level")?;
    set_access(&ctx, &path.0, &path.1, Some(level)).await?;
    no_content()
}

async fn remove(request: HttpRequest, path: Path<(String, String)>) -> Answer {
    let ctx = administrator(&request).await?;
    set_access(&ctx, &path.0, &path.1, None).await?;
    no_content()
}
