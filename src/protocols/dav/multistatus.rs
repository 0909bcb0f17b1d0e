//! Answers about many things (RFC 4918 §13), written in pieces: what is in memory is one piece, not the answer.

use super::error::DavError;
use super::xml::NAMESPACES;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use futures_util::StreamExt;
use futures_util::future::ready;
use futures_util::stream::{iter, once};
use std::io;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
const TYPE: &str = "application/xml; charset=utf-8";

/// So many objects make a piece.
const PIECE: usize = 50;

fn open() -> String {
    format!("{HEAD}<D:multistatus {NAMESPACES}>")
}

/// A short answer.
pub fn whole(responses: &str, tail: &str) -> HttpResponse {
    HttpResponse::MultiStatus()
        .content_type(TYPE)
        .body(format!("{}{responses}{tail}</D:multistatus>\n", open()))
}

/// `render` writes the responses for some of `all` at a time; `head` comes before, `tail` after them.
pub async fn streamed<T, F, Fut>(
    head: String,
    mut all: Vec<T>,
    tail: String,
    render: F,
) -> Result<HttpResponse, DavError>
where
    T: 'static,
    F: Fn(Vec<T>) -> Fut + 'static,
    Fut: Future<Output = Result<String, DavError>> + 'static,
{
    let rest = all.split_off(all.len().min(PIECE));
    // What fits into one piece can still say that it failed.
    let first = match all.is_empty() {
        true => String::new(),
        false => render(all).await?,
    };
    if rest.is_empty() {
        return Ok(whole(&format!("{head}{first}"), &tail));
    }
    let begin = format!("{}{head}{first}", open());
    let end = format!("{tail}</D:multistatus>\n");
    let mut rest = rest.into_iter();
    let pieces = std::iter::from_fn(move || {
        let piece: Vec<T> = rest.by_ref().take(PIECE).collect();
        (!piece.is_empty()).then_some(piece)
    });
    // The next one is read while this one is written.
    let pieces = iter(pieces).map(render).buffered(2).map(|piece| {
        piece.map(Bytes::from).map_err(|e| {
            // The connection breaks off, so that nobody takes half an answer for the whole.
            tracing::error!(error = ?e, "an answer broke off");
            io::Error::other("the answer broke off")
        })
    });
    let one = |text: String| once(ready(Ok(Bytes::from(text))));
    let pieces = one(begin).chain(pieces).chain(one(end));
    Ok(HttpResponse::MultiStatus().content_type(TYPE).streaming(pieces))
}

pub fn status_line(status: StatusCode) -> String {
    format!(
        "HTTP/1.1 {} {}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    )
}

/// A response with nothing but a status.
pub fn status_only(href: &str, status: StatusCode) -> String {
    format!(
        "<D:response><D:href>{href}</D:href><D:status>{}</D:status></D:response>",
        status_line(status)
    )
}
