//! Bodies of messages, made safe on the server: `/ui/render/{message}` and `/ui/part/{message}/{part}`.
//!
//! The page shows the first in a frame without scripts; its own CSP is the second wall behind the sanitiser.

use super::error::ApiError;
use super::mailboxes::Whose;
use super::session::at_the_page;
use crate::base::Error;
use crate::formats::html::from_text::plain_to_html;
use crate::formats::html::sanitize::{Images, Options, sanitize};
use crate::formats::mime::calendar_part::has_calendar;
use crate::formats::mime::part::Part;
use crate::formats::mime::part_codec::decode_parts;
use crate::formats::mime::readable::{attachments, html_body, text_body};
use crate::formats::mime::transfer::decode_part;
use crate::mail::{self, listing};
use crate::model::access::AccessLevel;
use crate::protocols::http::base_path;
use crate::protocols::http::ids;
use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct RenderOptions {
    #[serde(default)]
    images: u8,
}

/// The style of the frame: readable without any style of the sender's; colours follow the page's theme.
const STYLE: &str = "html{color-scheme:light}body{margin:0;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere;\
    color:#1b2326;background:#fff}img{max-width:100%;height:auto}pre{white-space:pre-wrap}blockquote{margin:0 0 0 8px;\
    padding-left:10px;border-left:2px solid #b9c4c7}table{max-width:100%}\
    ::highlight(found){background:#ffe58a;color:#1b2326}";

/// Nothing comes from anywhere but here: what is elsewhere is fetched by this server.
const CSP: &str = "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'self'; \
    sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";

pub async fn render(
    request: HttpRequest,
    message: Path<String>,
    options: Query<RenderOptions>,
    whose: Query<Whose>,
) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    require_frame(&request)?;
    let id = ids::parse_item(&message)?;
    let (ctx, account) = whose.enter(&request, ctx, AccessLevel::Read).await?;
    let listed = listing::get_message(&ctx, account, id).await?;
    let stored = mail::open_body(&ctx, account, &listed.item).await?;
    let with_images = options.images == 1;
    let place = Place {
        message: message.into_inner(),
        mailbox: whose.into_inner().mailbox,
    };
    // Told along with the body, so that most messages need no second question.
    let has_event = u8::from(has_calendar(&decode_parts(&listed.parts).unwrap_or_default()));
    let (body, blocked) = tokio::task::spawn_blocking(move || {
        let parts = decode_parts(&listed.parts).unwrap_or_default();
        Ok::<_, Error>(safe_body(&stored.read_all()?, &parts, &place, with_images))
    })
    .await
    .map_err(|e| Error::internal("rendering was broken off").caused_by(e))??;
    Ok(framed(&body, blocked, has_event))
}

/// Only as a frame of the page: opened by itself it would be a page of a stranger under our name. Errors: Forbidden.
pub fn require_frame(request: &HttpRequest) -> Result<(), Error> {
    let dest = request
        .headers()
        .get("sec-fetch-dest")
        .and_then(|v| v.to_str().ok());
    match dest.is_some_and(|d| d != "iframe" && d != "empty") {
        true => Err(Error::forbidden(
            "bodies of messages are shown within the page only",
        )),
        false => Ok(()),
    }
}

/// A body that was made safe, as a document for the frame. Told along: pictures that were left out, whether there is an event.
pub fn framed(body: &str, blocked: usize, has_event: u8) -> HttpResponse {
    let document = format!(
        "<!doctype html><html data-remote-images=\"{blocked}\" data-event=\"{has_event}\"><head><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <style>{STYLE}</style></head><body>{body}</body></html>"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", CSP))
        .insert_header(("X-Remote-Images", blocked.to_string()))
        .insert_header(("X-Event", has_event.to_string()))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("Cache-Control", "private, no-store"))
        .body(document)
}

/// Where a message lies, as addresses of its parts say it.
struct Place {
    message: String,
    mailbox: Option<String>,
}

impl Place {
    fn part(&self, part: usize) -> String {
        let base = base_path::get();
        let whose = self.mailbox.as_deref().map(percent_encode);
        let whose = whose.map_or_else(String::new, |name| format!("?mailbox={name}"));
        format!("{base}/ui/part/{}/{part}{whose}", self.message)
    }

    /// The address of a picture elsewhere is put behind it.
    fn images(&self) -> String {
        let base = base_path::get();
        let whose = self.mailbox.as_deref().map(percent_encode);
        let whose = whose.map_or_else(String::new, |name| format!("mailbox={name}&"));
        format!("{base}/ui/image/{}?{whose}url=", self.message)
    }
}

/// The body as safe HTML, and how many remote images were left out.
fn safe_body(raw: &[u8], parts: &[Part], place: &Place, with_images: bool) -> (String, usize) {
    let inline = attachments(parts);
    let cid = |wanted: &str| {
        let found = inline.iter().find(|a| a.content_id.as_deref() == Some(wanted))?;
        Some(place.part(found.part))
    };
    let images = match with_images {
        true => Images::Proxy(place.images()),
        false => Images::Block,
    };
    let (body, blocked) = body_with(raw, &Options { images, cid: &cid });
    (body, if with_images { 0 } else { blocked })
}

/// The body of a message that has no address of its own: pictures stay away, be they from elsewhere or from the message.
pub fn still_body(raw: &[u8]) -> String {
    let options = Options {
        images: Images::Block,
        cid: &|_| None,
    };
    body_with(raw, &options).0
}

fn body_with(raw: &[u8], options: &Options<'_>) -> (String, usize) {
    let Some(html) = html_body(raw) else {
        return (plain_to_html(&text_body(raw).unwrap_or_default()), 0);
    };
    let safe = sanitize(&html.html, options);
    (safe.html, safe.remote_images)
}

#[derive(Deserialize)]
pub struct PartOptions {
    #[serde(default)]
    download: u8,
}

/// Types that a browser shows without running anything of theirs.
const SHOWN: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"];

pub async fn part(
    request: HttpRequest,
    path: Path<(String, usize)>,
    options: Query<PartOptions>,
    whose: Query<Whose>,
) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let (message, index) = path.into_inner();
    let id = ids::parse_item(&message)?;
    let (ctx, account) = whose.enter(&request, ctx, AccessLevel::Read).await?;
    let listed = listing::get_message(&ctx, account, id).await?;
    let parts = decode_parts(&listed.parts).unwrap_or_default();
    let part = parts
        .get(index)
        .cloned()
        .ok_or_else(|| Error::not_found("the message has no such part"))?;
    let mut body = mail::open_body(&ctx, account, &listed.item).await?;
    let name = attachments(&parts)
        .into_iter()
        .find(|a| a.part == index)
        .map(|a| a.name);
    let content_type = part.content_type();
    let bytes = tokio::task::spawn_blocking(move || {
        let raw = body.read_range(u64::from(part.body_start), u64::from(part.body_end))?;
        decode_part(&raw, part.encoding).map_err(|_| Error::invalid("the part has an unknown encoding"))
    })
    .await
    .map_err(|e| Error::internal("reading was broken off").caused_by(e))??;
    let is_shown = options.download == 0 && SHOWN.contains(&content_type.as_str());
    let disposition = disposition(is_shown, name.as_deref().unwrap_or("part"));
    Ok(HttpResponse::Ok()
        .content_type(if is_shown {
            content_type
        } else {
            "application/octet-stream".to_owned()
        })
        .insert_header(("Content-Disposition", disposition))
        .insert_header(("Content-Security-Policy", "default-src 'none'; sandbox"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cache-Control", "private, max-age=3600"))
        .body(bytes))
}

/// RFC 6266 with the name in RFC 8187 form, so that it survives in any language.
fn disposition(is_inline: bool, name: &str) -> String {
    let kind = if is_inline { "inline" } else { "attachment" };
    format!("{kind}; filename*=UTF-8''{}", percent_encode(name))
}

fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => (b as char).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
