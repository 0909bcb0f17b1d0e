//! `/api/calendar/subscriptions`: calendars of one's own that are read from elsewhere. They are removed as calendars are.

use super::error::{ApiError, AtField};
use super::session::at_the_page;
use crate::base::clock::rfc3339;
use crate::calendar::feed::{list_feeds, parse_address, refresh_feeds, subscribe};
use crate::model::object::CollectionProperties;
use crate::protocols::http::{HouseData, ids};
use crate::protocols::web_api::private::private;
use actix_web::web::{Json, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("", get().to(list))
        .route("", post().to(add))
        .route("/refresh", post().to(refresh));
}

#[derive(Deserialize)]
struct Wanted {
    url: String,
    name: Option<String>,
    /// `#RRGGBB`
    colour: Option<String>,
}

async fn list(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let all = list_feeds(&ctx, ctx.account()?.id).await?;
    let shown: Vec<Value> = all
        .iter()
        .map(|(feed, name)| {
            json!({
                "calendarId": ids::print_folder(feed.folder),
                "name": name,
                "url": feed.url,
                "readAt": feed.fetched_at_ms.map(rfc3339),
                "nextAt": rfc3339(feed.next_at_ms),
                "failure": feed.failure,
            })
        })
        .collect();
    Ok(private(json!({"subscriptions": shown})))
}

async fn add(house: HouseData, request: HttpRequest, wanted: Json<Wanted>) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let wanted = wanted.into_inner();
    let url = parse_address(&wanted.url).at("url")?;
    let properties = CollectionProperties {
        display_name: wanted.name.filter(|n| !n.trim().is_empty()),
        colour: wanted.colour,
        ..CollectionProperties::default()
    };
    let folder = subscribe(&ctx, ctx.account()?.id, &url, None, properties).await?;
    house.post_room.feed_bell.notify_one();
    Ok(HttpResponse::Created().json(json!({"calendarId": ids::print_folder(folder)})))
}

async fn refresh(house: HouseData, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    refresh_feeds(&ctx, ctx.account()?.id).await?;
    house.post_room.feed_bell.notify_one();
    Ok(HttpResponse::Accepted().finish())
}
