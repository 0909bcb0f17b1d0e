//! `/api/admin/collect`: mailboxes at providers that mail is collected from.

use super::{Answer, no_content};
use crate::appliance::collect::{
    SourceChange, change_source, list_sources, open_source, put_source, remove_source, request_run,
};
use crate::delivery::probe::probe_collect;
use crate::model::collect::CollectServer;
use crate::protocols::http::auth::house;
use crate::protocols::web_api::error::AtField;
use crate::protocols::web_api::session::administrator;
use crate::protocols::web_api::setup::{TypedCollect, check_host};
use crate::protocols::web_api::setup_check::answer;
use actix_web::web::{self, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(list))
                .route(web::post().to(put)),
        )
        .route("/check", web::post().to(check))
        .service(
            web::resource("/{id}")
                .route(web::patch().to(change))
                .route(web::delete().to(remove)),
        )
        .route("/{id}/run", web::post().to(run));
}

async fn list(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    Ok(HttpResponse::Ok().json(json!({"sources": list_sources(&ctx).await?})))
}

/// The same account, host and user again changes that one.
async fn put(request: HttpRequest, body: Json<TypedCollect>) -> Answer {
    let ctx = administrator(&request).await?;
    let TypedCollect { server, account } = body.into_inner();
    check_host(&server.host)?;
    let field = match server.user.trim().is_empty() {
        true => "user",
        false if server.password.is_empty() => "password",
        false => "account",
    };
    let (source, is_new) = put_source(&ctx, &account, server).await.at(field)?;
    house(&request)?.post_room.collect_bell.notify_one();
    let mut response = match is_new {
        true => HttpResponse::Created(),
        false => HttpResponse::Ok(),
    };
    Ok(response.json(source))
}

#[derive(Deserialize)]
struct Probe {
    /// Of one that is there, whose password is taken when none is typed.
    id: Option<i64>,
    #[serde(flatten)]
    server: CollectServer,
}

async fn check(request: HttpRequest, body: Json<Probe>) -> Answer {
    let ctx = administrator(&request).await?;
    let Probe { id, mut server } = body.into_inner();
    check_host(&server.host)?;
    if let Some(id) = id.filter(|_| server.password.is_empty()) {
        let known = open_source(&ctx, id).await?.server;
        // The password goes only to the server that it was given for.
        if known.host == server.host && known.user == server.user {
            server.password = known.password;
        }
    }
    Ok(answer(probe_collect(&house(&request)?.post_room, &server).await))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    account: Option<String>,
    password: Option<String>,
    keep: Option<bool>,
    split: Option<bool>,
    is_enabled: Option<bool>,
}

async fn change(request: HttpRequest, id: Path<i64>, body: Json<Change>) -> Answer {
    let ctx = administrator(&request).await?;
    let body = body.into_inner();
    let field = if body.password.is_some() {
        "password"
    } else {
        "account"
    };
    let change = SourceChange {
        account: body.account,
        password: body.password,
        keep: body.keep,
        split: body.split,
        is_enabled: body.is_enabled,
    };
    let source = change_source(&ctx, *id, change).await.at(field)?;
    house(&request)?.post_room.collect_bell.notify_one();
    Ok(HttpResponse::Ok().json(source))
}

async fn remove(request: HttpRequest, id: Path<i64>) -> Answer {
    let ctx = administrator(&request).await?;
    remove_source(&ctx, *id).await?;
    house(&request)?.post_room.collect_bell.notify_one();
    no_content()
}

async fn run(request: HttpRequest, id: Path<i64>) -> Answer {
    let ctx = administrator(&request).await?;
    request_run(&ctx, *id).await?;
    house(&request)?.post_room.collect_bell.notify_one();
    Ok(HttpResponse::Accepted().json(json!({})))
}
