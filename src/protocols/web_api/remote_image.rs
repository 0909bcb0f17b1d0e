//! `/ui/image/{message}?url=`: a picture that a message shows from elsewhere, fetched by this server. Only addresses that stand
//! in a message which the person may read: nobody makes this server call what they like.

use super::error::ApiError;
use super::mailboxes::Whose;
use super::session::at_the_page;
use crate::base::{Error, Result};
use crate::formats::html::sanitize::remote_addresses;
use crate::formats::mime::readable::html_body;
use crate::mail::{self, listing};
use crate::model::access::AccessLevel;
use crate::protocols::http::auth::house;
use crate::protocols::http::ids;
use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Wanted {
    url: String,
}

pub async fn show(
    request: HttpRequest,
    message: Path<String>,
    wanted: Query<Wanted>,
    whose: Query<Whose>,
) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let id = ids::parse_item(&message)?;
    // Finding out whether the message names it is work as well, for each picture anew.
    let post_room = &house(&request)?.post_room;
    let turn = post_room.image_turn(ctx.account()?.id).await?;
    let (ctx, account) = whose.enter(&request, ctx, AccessLevel::Read).await?;
    let listed = listing::get_message(&ctx, account, id).await?;
    let stored = mail::open_body(&ctx, account, &listed.item).await?;
    let url = wanted.into_inner().url;
    let (asked, is_in_it) = tokio::task::spawn_blocking(move || {
        let html = html_body(&stored.read_all()?).map(|b| b.html).unwrap_or_default();
        let is_in_it = remote_addresses(&html).contains(&url);
        Ok::<_, Error>((url, is_in_it))
    })
    .await
    .map_err(|e| Error::internal("reading was broken off").caused_by(e))??;
    if !is_in_it {
        return Err(Error::not_found("the message shows no picture from there").into());
    }
    let image = post_room.remote_image(&turn, &asked).await?;
    Ok(HttpResponse::Ok()
        .content_type(image.content_type)
        .insert_header(("Content-Security-Policy", "default-src 'none'; sandbox"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .insert_header(("Cache-Control", "private, max-age=86400"))
        .body(image.bytes.clone()))
}
