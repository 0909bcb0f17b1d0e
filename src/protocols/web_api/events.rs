//! `GET /api/events`: changes of the signed-in person's account as they happen (server-sent events).

use super::error::ApiError;
use crate::identity::Stay;
use crate::model::Change;
use crate::protocols::http::auth::house;
use crate::protocols::http::{ids, signed_in};
use crate::sync;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::json;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Keeps proxies from thinking that nothing happens any more.
const HEARTBEAT: Duration = Duration::from_secs(25);

pub async fn events(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let (ctx, _) = signed_in(&request).await?;
    let stay = house(&request)?.doorkeeper.stay(ctx.account()?).await?;
    let account = ctx.account()?.id;
    let bell = sync::changes(&ctx, account)?;
    let modseq = sync::account_modseq(&ctx, account).await?;
    let hello = event(
        "hello",
        &json!({"modseq": modseq, "version": env!("CARGO_PKG_VERSION")}),
    );
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        // Each event is to leave at once, so it is not compressed.
        .insert_header(actix_web::http::header::ContentEncoding::Identity)
        .streaming(stream(stay, bell, hello)))
}

fn event(name: &str, data: &serde_json::Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// Ends with the sign-in.
fn stream(stay: Stay, bell: Receiver<Change>, hello: Bytes) -> impl Stream<Item = Result<Bytes, Infallible>> {
    unfold(
        (stay, bell, Some(hello)),
        |(mut stay, mut bell, first)| async move {
            if let Some(first) = first {
                return Some((Ok(first), (stay, bell, None)));
            }
            let next = tokio::select! {
                biased;
                () = stay.ended() => return None,
                next = tokio::time::timeout(HEARTBEAT, bell.recv()) => next,
            };
            let bytes = match next {
                Err(_) => Bytes::from_static(b": still here\n\n"),
                Ok(Ok(change)) => coalesce(&mut bell, &change),
                // Too many at once: the page looks at everything it shows.
                Ok(Err(RecvError::Lagged(_))) => event(
                    "hello",
                    &json!({"modseq": 0, "version": env!("CARGO_PKG_VERSION")}),
                ),
                Ok(Err(RecvError::Closed)) => return None,
            };
            Some((Ok(bytes), (stay, bell, None)))
        },
    )
}

/// One event for all changes that are there already.
fn coalesce(bell: &mut Receiver<Change>, first: &Change) -> Bytes {
    let mut modseq = first.modseq;
    let mut folders: BTreeSet<_> = first.folders.iter().copied().collect();
    loop {
        match bell.try_recv() {
            Ok(change) => {
                modseq = modseq.max(change.modseq);
                folders.extend(change.folders.iter().copied());
            }
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    let folders: Vec<String> = folders.into_iter().map(ids::print_folder).collect();
    event("change", &json!({"modseq": modseq, "folders": folders}))
}
