//! Answers about many things (RFC 4918 §13), written in pieces: what is in memory is one piece, not the answer.

use super::error::DavError;
use super::xml::NAMESPACES;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use futures_util::stream::unfold;
use std::collections::VecDeque;

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

/// `render` writes the responses for some of `names` at a time; `head` comes before, `tail` after them.
pub async fn streamed<F, Fut>(
    head: String,
    names: Vec<String>,
    tail: String,
    render: F,
) -> Result<HttpResponse, DavError>
where
    F: Fn(Vec<String>) -> Fut + 'static,
    Fut: Future<Output = Result<String, DavError>> + 'static,
{
    let mut names: VecDeque<String> = names.into();
    let mut take = move || -> Vec<String> {
        let count = names.len().min(PIECE);
        names.drain(..count).collect()
    };
    // What fits into one piece can still say that it failed.
    let first = match take() {
        first if first.is_empty() => String::new(),
        first => render(first).await?,
    };
    let next = take();
    if next.is_empty() {
        return Ok(whole(&format!("{head}{first}"), &tail));
    }
    let begin = format!("{}{head}{first}", open());
    let end = format!("{tail}</D:multistatus>\n");
    let pieces = unfold(
        (Some(begin), Some(next), Some(end), take, render),
        |state| async move {
            let (begin, next, end, mut take, render) = state;
            if let Some(begin) = begin {
                return Some((Ok(Bytes::from(begin)), (None, next, end, take, render)));
            }
            let piece = next.filter(|n| !n.is_empty());
            let Some(piece) = piece else {
                let end = end?;
                return Some((Ok(Bytes::from(end)), (None, None, None, take, render)));
            };
            match render(piece).await {
                Ok(text) => {
                    let next = take();
                    Some((Ok(Bytes::from(text)), (None, Some(next), end, take, render)))
                }
                // The connection breaks off, so that nobody takes half an answer for the whole.
                Err(e) => {
                    tracing::error!(error = ?e, "an answer broke off");
                    let broken = std::io::Error::other("the answer broke off");
                    Some((Err(broken), (None, None, None, take, render)))
                }
            }
        },
    );
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
