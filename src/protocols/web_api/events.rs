//! `GET /api/events`: changes of the signed-in person's account, and of mailboxes of others that they may use, as they
//! happen (server-sent events).

use super::error::ApiError;
use super::session::at_the_page;
use crate::identity::access::list_mailboxes;
use crate::identity::{Ctx, Stay};
use crate::model::Change;
use crate::protocols::http::auth::house;
use crate::protocols::http::{HouseData, ids};
use crate::sync;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use futures_util::future::select_all;
use futures_util::stream::unfold;
use serde_json::json;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Keeps proxies from thinking that nothing happens any more.
const HEARTBEAT: Duration = Duration::from_secs(25);
const STILL_HERE: &[u8] = b": still here\n\n";

pub async fn events(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let house = house(&request)?;
    let stay = house.doorkeeper.stay(ctx.account()?).await?;
    let account = ctx.account()?.id;
    let mut line = Line {
        own: sync::changes(&ctx, account)?,
        others: Vec::new(),
        house: house.clone(),
        ctx: ctx.clone(),
        stay,
    };
    line.look_for_others().await;
    let modseq = sync::account_modseq(&ctx, account).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        // Each event is to leave at once, so it is not compressed.
        .insert_header(actix_web::http::header::ContentEncoding::Identity)
        .streaming(stream(line, hello(modseq))))
}

/// What one browser hears of: its person's account, and the mailboxes of others that they may use.
struct Line {
    own: Receiver<Change>,
    others: Vec<Other>,
    house: HouseData,
    ctx: Ctx,
    stay: Stay,
}

struct Other {
    address: String,
    bell: Receiver<Change>,
}

/// What was heard, and from whose mailbox: None is one's own.
type News = (Option<String>, Result<Change, RecvError>);

impl Line {
    /// Which mailboxes are open now: some may have come, others gone.
    async fn look_for_others(&mut self) {
        let Ok(open) = list_mailboxes(&self.ctx).await else {
            return;
        };
        self.others
            .retain(|o| open.iter().any(|(a, _)| a.address == o.address));
        for (account, _) in open {
            if self.others.iter().any(|o| o.address == account.address) {
                continue;
            }
            let address = account.address.clone();
            let id = account.id;
            let owner = self.house.doorkeeper.ctx(Arc::new(account));
            if let Ok(bell) = sync::changes(&owner, id) {
                self.others.push(Other { address, bell });
            }
        }
    }

    async fn hear(&mut self) -> News {
        let mut all: Vec<Pin<Box<dyn Future<Output = News> + Send + '_>>> = Vec::new();
        let own = &mut self.own;
        all.push(Box::pin(async { (None, own.recv().await) }));
        for other in &mut self.others {
            all.push(Box::pin(async {
                (Some(other.address.clone()), other.bell.recv().await)
            }));
        }
        select_all(all).await.0
    }

    /// None: nothing to tell after all.
    async fn told(&mut self, (mailbox, change): News) -> Option<Bytes> {
        let change = match change {
            Ok(change) => change,
            // Too many at once: the page looks at everything it shows.
            Err(RecvError::Lagged(_)) => return Some(hello(0)),
            // The mailbox is gone.
            Err(RecvError::Closed) => {
                self.others.retain(|o| Some(&o.address) != mailbox.as_ref());
                return None;
            }
        };
        let Some(address) = mailbox else {
            return Some(coalesce(&mut self.own, &change, None));
        };
        // Whoever has lost the access hears nothing more, from the next change on.
        self.look_for_others().await;
        let other = self.others.iter_mut().find(|o| o.address == address)?;
        Some(coalesce(&mut other.bell, &change, Some(&address)))
    }
}

/// `modseq` 0: more has changed than is told.
fn hello(modseq: i64) -> Bytes {
    event(
        "hello",
        &json!({"modseq": modseq, "version": env!("CARGO_PKG_VERSION")}),
    )
}

fn event(name: &str, data: &serde_json::Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// Ends with the sign-in.
fn stream(line: Line, first: Bytes) -> impl Stream<Item = Result<Bytes, Infallible>> {
    unfold((line, Some(first)), |(mut line, first)| async move {
        if let Some(first) = first {
            return Some((Ok(first), (line, None)));
        }
        let mut stay = line.stay.clone();
        let next = tokio::select! {
            biased;
            () = stay.ended() => return None,
            next = tokio::time::timeout(HEARTBEAT, line.hear()) => next,
        };
        let bytes = match next {
            Err(_) => {
                line.look_for_others().await;
                Bytes::from_static(STILL_HERE)
            }
            Ok((None, Err(RecvError::Closed))) => return None,
            Ok(news) => line.told(news).await.unwrap_or(Bytes::from_static(STILL_HERE)),
        };
        Some((Ok(bytes), (line, None)))
    })
}

/// One event for all changes that are there already.
fn coalesce(bell: &mut Receiver<Change>, first: &Change, mailbox: Option<&str>) -> Bytes {
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
    let mut told = json!({"modseq": modseq, "folders": folders});
    if let Some(address) = mailbox {
        told["mailbox"] = address.into();
    }
    event("change", &told)
}
