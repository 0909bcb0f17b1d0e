//! `/api/past`: what a mailbox had on the days that backups hold, one thing of it, and bringing it back. One's own; with
//! `?mailbox=` an administrator looks into another's, also into one that is not here any more.

use super::error::ApiError;
use super::private::private;
use super::render::{framed, require_frame, still_body};
use super::session::{administrator, at_the_page};
use crate::backup::past::{AllDays, Days, Look, MOST_LISTED, PastAccount, Run, StoredFolder};
use crate::backup::{Sought, StoredItem, Wanted};
use crate::base::clock::rfc3339;
use crate::base::{Error, TimeMs};
use crate::delivery::Dialer;
use crate::formats::content_line::{Component, read_component};
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::digest::digest;
use crate::formats::mime::readable::attachments;
use crate::identity::Ctx;
use crate::protocols::http::auth::house;
use actix_web::web::{self, Json, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Answer = Result<HttpResponse, ApiError>;

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("", web::get().to(days))
        .route("/runs/{run}", web::get().to(run))
        .route("/{place}/{id}/accounts", web::get().to(accounts))
        .route("/{place}/{id}/revive", web::post().to(revive))
        .route("/{place}/{id}/folders", web::get().to(folders))
        .route("/{place}/{id}/items", web::get().to(items))
        .route("/{place}/{id}/items/{item}", web::get().to(item))
        .route("/{place}/{id}/items/{item}/raw", web::get().to(raw))
        .route("/{place}/{id}/bring-back", web::post().to(bring_back));
}

/// Of a page of a list.
const USUAL: usize = 50;

#[derive(Deserialize)]
pub struct Whose {
    mailbox: Option<String>,
}

struct Asked {
    ctx: Ctx,
    days: Days,
    dialer: Arc<Dialer>,
    look: Look,
}

async fn asked(
    request: &HttpRequest,
    (place, id): (String, String),
    of: Option<String>,
) -> Result<Asked, ApiError> {
    let ctx = at_the_page(request).await?;
    let house = house(request)?;
    Ok(Asked {
        ctx,
        days: house.past.clone(),
        dialer: house.post_room.dialer.clone(),
        look: Look { place, id, of },
    })
}

async fn days(request: HttpRequest) -> Answer {
    let ctx = at_the_page(&request).await?;
    let house = house(&request)?;
    let AllDays { days, away } = house.past.list(&ctx, &house.post_room.dialer).await?;
    let days: Vec<Value> = days
        .iter()
        .map(|d| json!({"place": d.place, "id": d.id, "at": rfc3339(d.at_ms)}))
        .collect();
    let away: Vec<Value> = away
        .iter()
        .map(|(place, why)| json!({"place": place, "why": why}))
        .collect();
    Ok(private(json!({"days": days, "away": away})))
}

async fn accounts(request: HttpRequest, day: Path<(String, String)>) -> Answer {
    let ctx = administrator(&request).await?;
    let house = house(&request)?;
    let (place, id) = day.into_inner();
    let all = house
        .past
        .accounts(&ctx, &house.post_room.dialer, &place, &id)
        .await?;
    let one = |a: &PastAccount| json!({"address": a.address, "items": a.bodies, "sizeBytes": a.bytes, "isHere": a.is_here});
    Ok(private(
        json!({"accounts": all.iter().map(one).collect::<Vec<Value>>()}),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    address: String,
}

async fn revive(request: HttpRequest, day: Path<(String, String)>, who: Json<Who>) -> Answer {
    administrator(&request).await?;
    let of = Some(who.into_inner().address);
    let mut a = asked(&request, day.into_inner(), None).await?;
    a.look.of = of;
    Ok(private(a.days.revive(&a.ctx, &a.dialer, &a.look).await?))
}

async fn folders(request: HttpRequest, day: Path<(String, String)>, whose: Query<Whose>) -> Answer {
    let a = asked(&request, day.into_inner(), whose.into_inner().mailbox).await?;
    let all: Vec<StoredFolder> = a.days.folders(&a.ctx, &a.dialer, &a.look).await?;
    Ok(private(json!({"folders": all})))
}

#[derive(Deserialize)]
struct Listing {
    mailbox: Option<String>,
    folder: Option<i64>,
    find: Option<String>,
    /// As `next` of the page before.
    after: Option<String>,
    top: Option<usize>,
}

async fn items(request: HttpRequest, day: Path<(String, String)>, wanted: Query<Listing>) -> Answer {
    let wanted = wanted.into_inner();
    let a = asked(&request, day.into_inner(), wanted.mailbox).await?;
    let top = wanted.top.unwrap_or(USUAL).clamp(1, MOST_LISTED);
    let sought = Sought {
        folder_id: wanted.folder,
        text: wanted.find.filter(|text| !text.trim().is_empty()),
        after: wanted.after.as_deref().map(parse_place).transpose()?,
        ..Sought::default()
    };
    let all = a.days.items(&a.ctx, &a.dialer, &a.look, sought, top).await?;
    let next = all.last().filter(|_| all.len() == top);
    let next = next.map(|i| format!("{}.{}", i.at_ms, i.id));
    let shown: Vec<Value> = all.iter().map(view).collect();
    Ok(private(json!({"items": shown, "next": next})))
}

fn parse_place(text: &str) -> Result<(TimeMs, i64), ApiError> {
    let parsed = text
        .split_once('.')
        .and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    parsed.ok_or_else(|| Error::invalid("»after« is to be what the page before called »next«").into())
}

fn view(i: &StoredItem) -> Value {
    json!({
        "id": i.id, "kind": i.kind, "folder": i.folder, "title": i.title, "from": i.sender, "at": rfc3339(i.at_ms),
        "sizeBytes": i.size_bytes,
    })
}

async fn item(request: HttpRequest, path: Path<(String, String, i64)>, whose: Query<Whose>) -> Answer {
    let (place, id, number) = path.into_inner();
    let a = asked(&request, (place, id), whose.into_inner().mailbox).await?;
    let (item, bytes) = a.days.item(&a.ctx, &a.dialer, &a.look, number).await?;
    let mut shown = view(&item);
    match item.kind {
        "message" => {
            let digest = digest(&bytes);
            let people = |all: &[Mailbox]| {
                let one = |m: &Mailbox| json!({"name": m.name, "address": m.address});
                Value::from(all.iter().map(one).collect::<Vec<Value>>())
            };
            let files = attachments(&digest.parts);
            shown["sender"] = people(&digest.from);
            shown["to"] = people(&digest.to);
            shown["cc"] = people(&digest.cc);
            shown["files"] = files.iter().map(|f| f.name.clone()).collect();
        }
        kind => shown["fields"] = fields(kind, &bytes),
    }
    Ok(private(shown))
}

/// What people look at, of what stands in an object: name and value, the name as the format has it.
fn fields(kind: &str, bytes: &[u8]) -> Value {
    const EVENT: [&str; 11] = [
        "DTSTART",
        "DTEND",
        "DURATION",
        "DUE",
        "RRULE",
        "LOCATION",
        "STATUS",
        "ORGANIZER",
        "ATTENDEE",
        "DESCRIPTION",
        "COMMENT",
    ];
    const CARD: [&str; 9] = ["N", "ORG", "TITLE", "EMAIL", "TEL", "ADR", "BDAY", "URL", "NOTE"];
    let Ok(object) = read_component(bytes) else {
        return json!([]);
    };
    let (part, names): (Option<&Component>, &[&str]) = match kind {
        "contact" => (Some(&object), &CARD),
        _ => (object.parts.iter().find(|p| p.name != "VTIMEZONE"), &EVENT),
    };
    let shown = names.iter().flat_map(|name| {
        let all = part
            .into_iter()
            .flat_map(move |p| p.properties.iter().filter(move |q| q.name == *name));
        all.map(|property| {
            let named = property.param("CN").map(str::to_owned);
            let zone = property.param("TZID");
            let value = property.text();
            json!({"name": property.name, "value": named.unwrap_or(value), "zone": zone})
        })
    });
    shown.collect()
}

async fn raw(request: HttpRequest, path: Path<(String, String, i64)>, whose: Query<Whose>) -> Answer {
    let (place, id, number) = path.into_inner();
    let a = asked(&request, (place, id), whose.into_inner().mailbox).await?;
    let (item, bytes) = a.days.item(&a.ctx, &a.dialer, &a.look, number).await?;
    let end = match item.kind {
        "message" => "eml",
        "contact" => "vcf",
        _ => "ics",
    };
    let disposition = format!("attachment; filename=\"{}-{number}.{end}\"", item.kind);
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header(("Content-Disposition", disposition))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cache-Control", "no-store"))
        .body(bytes))
}

/// `/ui/past/{place}/{id}/{item}`: the body of a message of then, for a frame of the page; nothing is fetched for it.
pub async fn render(request: HttpRequest, path: Path<(String, String, i64)>, whose: Query<Whose>) -> Answer {
    require_frame(&request)?;
    let (place, id, number) = path.into_inner();
    let a = asked(&request, (place, id), whose.into_inner().mailbox).await?;
    let (_, bytes) = a.days.item(&a.ctx, &a.dialer, &a.look, number).await?;
    let body = tokio::task::spawn_blocking(move || still_body(&bytes))
        .await
        .map_err(|e| Error::internal("rendering was broken off").caused_by(e))?;
    Ok(framed(&body, 0, 0))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Back {
    mailbox: Option<String>,
    /// A folder, calendar, task list or address book; absent: all.
    folder: Option<i64>,
    #[serde(default)]
    items: Vec<i64>,
    /// A mail folder below which messages are put, beside those that are there.
    beside: Option<String>,
    #[serde(default)]
    over: bool,
    /// Into the account with this address; for administrators.
    into: Option<String>,
}

async fn bring_back(request: HttpRequest, day: Path<(String, String)>, body: Json<Back>) -> Answer {
    let body = body.into_inner();
    let a = asked(&request, day.into_inner(), body.mailbox).await?;
    let wanted = Wanted {
        folder_id: body.folder,
        items: body.items,
        into: body.beside.filter(|name| !name.trim().is_empty()),
        over: body.over,
        ..Wanted::default()
    };
    let run = a
        .days
        .bring_back(&a.ctx, &a.dialer, &a.look, body.into.as_deref(), wanted)
        .await?;
    Ok(HttpResponse::Accepted().json(json!({"run": run})))
}

async fn run(request: HttpRequest, name: Path<String>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let told = match house(&request)?.past.run(&ctx, &name)? {
        Run::Running => json!({"state": "running"}),
        Run::Done(brought) => json!({"state": "done", "brought": brought}),
        Run::Failed(why) => json!({"state": "failed", "why": why}),
    };
    Ok(private(told))
}
