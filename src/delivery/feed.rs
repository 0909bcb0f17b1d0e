//! Reading calendars that are subscribed to: each when its time has come, only what has changed since, from the Internet
//! alone unless the administrator says otherwise. What goes wrong stands beside the calendar, and what was there stays.

use super::PostRoom;
use super::webhook::{Fetched, parse_url};
use crate::base::{Error, Kind, Result, TimeMs};
use crate::calendar::feed::{USUAL_S, take_feed};
use crate::model::AccountState;
use crate::model::feed::Feed;
use futures_util::stream::{self, StreamExt};
use hyper::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// How long nobody looks whether one has come by the command line.
const EACH: Duration = Duration::from_secs(10);
const WITHIN: Duration = Duration::from_secs(60);
const MOST_BYTES: usize = 10 << 20;
/// Feeds of one look, and those that are read side by side.
const AT_ONCE: usize = 50;
const SIDE_BY_SIDE: usize = 4;
/// Of what stands beside a calendar.
const MAX_FAILURE: usize = 300;

/// Runs until the program ends.
pub async fn run(room: Arc<PostRoom>) {
    loop {
        let now_ms = room.store.clock().now_ms();
        let due = room
            .store
            .directory()
            .peek(move |d| d.due_feeds(now_ms, AT_ONCE))
            .await;
        match due {
            Ok(due) => {
                let reads = stream::iter(due).map(|feed| read(&room, feed));
                reads.buffer_unordered(SIDE_BY_SIDE).collect::<Vec<()>>().await;
            }
            Err(e) => tracing::warn!(error = ?e, "calendars from elsewhere could not be looked for"),
        }
        tokio::select! {
            () = tokio::time::sleep(EACH) => {}
            () = room.feed_bell.notified() => {}
        }
    }
}

async fn read(room: &Arc<PostRoom>, feed: Feed) {
    let (account, folder, url) = (feed.account, feed.folder, feed.url.clone());
    let now_ms = room.store.clock().now_ms();
    let next = match read_now(room, &feed, now_ms).await {
        Ok(next) => next,
        Err(e) if e.kind() == Kind::NotFound && is_gone(room, &feed).await => None,
        Err(e) => {
            // What went wrong may name the address, which is often a secret; it stands beside the calendar.
            let kind = e.kind();
            tracing::info!(
                account = account.0,
                folder = folder.0,
                ?kind,
                "a calendar from elsewhere cannot be read"
            );
            Some(Feed {
                next_at_ms: now_ms + USUAL_S * 1000,
                failure: Some(e.message().chars().take(MAX_FAILURE).collect()),
                ..feed
            })
        }
    };
    let noted = room.store.directory().write(move |d| match next {
        Some(next) => {
            // Removed meanwhile, or with another address.
            let stands = d.feeds_of(account)?.into_iter().find(|f| f.folder == folder);
            match stands.is_some_and(|f| f.url == url) {
                true => d.put_feed(&next),
                false => Ok(()),
            }
        }
        None => d.remove_feed(account, folder),
    });
    if let Err(e) = noted.await {
        tracing::warn!(error = ?e, "what came of a calendar from elsewhere could not be noted");
    }
}

async fn is_gone(room: &Arc<PostRoom>, feed: &Feed) -> bool {
    let folder = feed.folder;
    let Ok(file) = room.store.account(feed.account) else {
        return true;
    };
    let found = file.peek(move |s| s.folder(folder)).await;
    found.is_err_and(|e| e.kind() == Kind::NotFound)
}

/// None: the calendar is gone.
async fn read_now(room: &Arc<PostRoom>, feed: &Feed, now_ms: TimeMs) -> Result<Option<Feed>> {
    let account = feed.account;
    let owner = room.store.directory().peek(move |d| d.account(account)).await?;
    let Some(owner) = owner else {
        return Ok(None);
    };
    if is_gone(room, feed).await {
        return Ok(None);
    }
    let later = |next_s: i64| now_ms + next_s * 1000;
    if owner.state != AccountState::Active {
        return Ok(Some(Feed {
            next_at_ms: later(USUAL_S),
            ..feed.clone()
        }));
    }
    let fetched = fetch(room, feed).await?;
    let mut next = Feed {
        next_at_ms: later(USUAL_S),
        fetched_at_ms: Some(now_ms),
        failure: None,
        ..feed.clone()
    };
    if fetched.status == StatusCode::NOT_MODIFIED {
        return Ok(Some(next));
    }
    let taken = take_feed(&room.ctx(), feed.account, feed.folder, fetched.body).await?;
    next.next_at_ms = later(taken.next_s);
    next.etag = fetched.etag;
    next.modified = fetched.modified;
    if taken.unreadable > 0 {
        next.failure = Some(format!("{} of its events cannot be read", taken.unreadable));
    }
    Ok(Some(next))
}

async fn fetch(room: &Arc<PostRoom>, feed: &Feed) -> Result<Fetched> {
    let url = parse_url("url", &feed.url)?;
    let known = (feed.etag.as_deref(), feed.modified.as_deref());
    let fetched = room.fetch_where_it_leads(url, known, MOST_BYTES, WITHIN).await?;
    match fetched.status {
        StatusCode::OK | StatusCode::NOT_MODIFIED => Ok(fetched),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(Error::unavailable(
            "there is no calendar at this address any more",
        )),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Error::unavailable(
            "this calendar is not for everybody: the other server wants a password",
        )),
        status => Err(Error::unavailable(format!("the other server answered {status}"))),
    }
}
