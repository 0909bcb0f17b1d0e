//! `/api/admin/moves`: moving mailboxes, calendars and contacts in from other servers and out to them, and files that are
//! dropped on the page.

use super::{Answer, no_content};
use crate::base::Error;
use crate::base::clock::rfc3339;
use crate::moving::dropped::Arriving;
use crate::moving::jobs::{Job, Wanted};
use crate::protocols::http::auth::house;
use crate::protocols::web_api::private::private;
use crate::protocols::web_api::session::administrator;
use actix_web::web::{self, Json, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(list))
                .route(web::post().to(begin)),
        )
        .route("/files", web::post().to(upload))
        .route("/{id}/again", web::post().to(again))
        .route("/{id}/stop", web::post().to(stop))
        .route("/{id}", web::delete().to(remove));
}

async fn list(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    let all = house(&request)?.moves.list(&ctx).await?;
    let one = |(j, far): &(Job, Option<(String, u64, u64)>)| {
        json!({
            "id": j.id, "wanted": j.wanted, "state": j.state, "askedBy": j.asked_by, "askedAt": rfc3339(j.asked_at_ms),
            "endedAt": j.ended_at_ms.map(rfc3339), "error": j.error, "report": j.report,
            "progress": far.as_ref().map(|(folder, done, all)| json!({"folder": folder, "done": done, "all": all})),
        })
    };
    let shown: Vec<Value> = all.iter().map(one).collect();
    Ok(private(json!({"moves": shown})))
}

#[derive(Deserialize)]
struct Begin {
    password: String,
    wanted: Wanted,
}

async fn begin(request: HttpRequest, body: Json<Begin>) -> Answer {
    let ctx = administrator(&request).await?;
    let Begin { password, wanted } = body.into_inner();
    let id = house(&request)?.moves.begin(&ctx, wanted, password).await?;
    Ok(HttpResponse::Accepted().json(json!({"id": id})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Again {
    #[serde(default)]
    is_dry_run: bool,
    #[serde(default)]
    verify: bool,
}

async fn again(request: HttpRequest, id: Path<u64>, how: Json<Again>) -> Answer {
    let ctx = administrator(&request).await?;
    let moves = &house(&request)?.moves;
    moves.again(&ctx, *id, how.is_dry_run, how.verify).await?;
    no_content()
}

async fn stop(request: HttpRequest, id: Path<u64>) -> Answer {
    let ctx = administrator(&request).await?;
    house(&request)?.moves.stop(&ctx, *id).await?;
    no_content()
}

async fn remove(request: HttpRequest, id: Path<u64>) -> Answer {
    let ctx = administrator(&request).await?;
    house(&request)?.moves.remove(&ctx, *id).await?;
    no_content()
}

#[derive(Deserialize)]
struct Dropped {
    account: String,
    /// Of the file, as the browser calls it.
    name: String,
}

/// A file of any kind that can be imported: it goes into the folder that is watched, and comes into the account from there.
async fn upload(request: HttpRequest, dropped: Query<Dropped>, mut body: Payload) -> Answer {
    let ctx = administrator(&request).await?;
    let mut arriving = Arriving::begin(&ctx, &dropped.account, &dropped.name).await?;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|e| Error::invalid(format!("the file did not come to its end: {e}")))?;
        arriving.write(&piece)?;
    }
    arriving.finish().await?;
    Ok(HttpResponse::Accepted().json(json!({})))
}
