//! `/api/admin/backups`: where backups go, how they went, one now, and the recovery key.

use super::{Answer, no_content};
use crate::backup::{Address, Keep, Target, put_target, remove_target, show_key, status};
use crate::base::clock::rfc3339;
use crate::base::{Error, TimeMs};
use crate::protocols::http::auth::house;
use crate::protocols::web_api::error::AtField;
use crate::protocols::web_api::private::private;
use crate::protocols::web_api::session::administrator;
use actix_web::web::{self, Json, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(list))
                .route(web::put().to(put))
                .route(web::delete().to(remove)),
        )
        .route("/run", web::post().to(run))
        .route("/key", web::post().to(key));
}

async fn list(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    let runs = &house(&request)?.backups;
    let time = |ms: Option<TimeMs>| ms.map(rfc3339);
    let all = status(&ctx).await?;
    let shown: Vec<Value> = all
        .iter()
        .map(|(t, s)| {
            json!({
                "folder": t.place,
                "atMinute": t.at_minute,
                "keep": t.keep,
                "lastTryAt": time(s.last_try_at_ms),
                "lastDoneAt": time(s.last_done_at_ms),
                "lastError": s.last_error,
                "problem": s.problem,
                "bodies": s.bodies,
                "newBytes": s.new_bytes,
                "rehearsal": s.rehearsal.as_ref().map(|r| json!({
                    "at": rfc3339(r.at_ms), "address": r.address, "items": r.items, "compared": r.compared,
                    "differences": r.differences,
                })),
                "running": runs.progress(&t.place),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"targets": shown})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Typed {
    /// A path, or the address of a server: `s3://KEY@host/bucket`, `webdavs://user@host/folder`.
    folder: String,
    /// Of a server; absent keeps the one that is known.
    secret: Option<String>,
    at_minute: u16,
    keep: Option<Keep>,
}

async fn put(request: HttpRequest, body: Json<Typed>) -> Answer {
    let ctx = administrator(&request).await?;
    let body = body.into_inner();
    let place: Address = body.folder.parse().at("folder")?;
    if matches!(&place, Address::Folder(path) if !path.is_absolute()) {
        let e = Error::invalid("please give the whole path, from the first slash");
        return Err(e).at("folder");
    }
    if body.at_minute >= 24 * 60 {
        return Err(Error::invalid("a time of day is from 00:00 to 23:59")).at("atMinute");
    }
    let keep = body.keep.unwrap_or_default();
    if keep.days + keep.weeks + keep.months == 0 {
        return Err(Error::invalid("at least one backup has to be kept")).at("keep");
    }
    let target = Target {
        place,
        at_minute: body.at_minute,
        keep,
    };
    put_target(&ctx, &house(&request)?.post_room.dialer, target, body.secret)
        .await
        .at("folder")?;
    no_content()
}

#[derive(Deserialize)]
struct Place {
    folder: String,
}

async fn remove(request: HttpRequest, place: Query<Place>) -> Answer {
    let ctx = administrator(&request).await?;
    remove_target(&ctx, &place.folder.parse()?).await?;
    no_content()
}

async fn run(request: HttpRequest, place: Json<Place>) -> Answer {
    let ctx = administrator(&request).await?;
    let house = house(&request)?;
    let place = place.folder.parse()?;
    house.backups.begin(&ctx, &place, &house.post_room.dialer).await?;
    Ok(HttpResponse::Accepted().json(json!({})))
}

/// By POST, so that no address leads to it and no cache keeps it.
async fn key(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    let key = show_key(&ctx).await?;
    Ok(private(
        json!({"secret": key.secret(), "recipient": key.recipient()}),
    ))
}
