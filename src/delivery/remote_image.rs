//! Pictures that a message shows from elsewhere, fetched for its reader: the other side sees this server, not who reads, when,
//! and where. As carefully as everything that a stranger has named: HTTPS on the Internet only, each redirect looked at anew,
//! bounded in size, time and number; and only what is a picture by its own bytes.

use super::PostRoom;
use super::webhook::parse_url;
use crate::base::{Error, Result, TimeMs, lock};
use crate::model::AccountId;
use hyper::StatusCode;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// For all of a picture, however often its servers point elsewhere.
const WITHIN: Duration = Duration::from_secs(15);
/// Until there is a turn.
const PATIENCE: Duration = Duration::from_secs(60);
const MOST_BYTES: usize = 5 << 20;
/// All fetching together.
const AT_ONCE: usize = 12;
/// Of one person, so that a message with many slow pictures does not keep all others waiting.
const AT_ONCE_EACH: usize = 3;
/// What was fetched lately, so that one picture is not fetched for each of its readers.
const KEPT_BYTES: usize = 8 << 20;
/// Larger ones would drive out all others.
const KEPT_EACH: usize = 1 << 20;
const KEPT_MS: TimeMs = 6 * 3600 * 1000;

#[derive(Debug)]
pub struct RemoteImage {
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

struct Kept {
    hash: blake3::Hash,
    until_ms: TimeMs,
    image: Arc<RemoteImage>,
}

/// The newest last.
pub struct RemoteImages {
    kept: Mutex<VecDeque<Kept>>,
    turns: Semaphore,
    /// Of those who have a turn or wait for one.
    of_each: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
}

/// One of the few of a person.
pub struct Turn(#[expect(dead_code, reason = "held until the picture is there")] OwnedSemaphorePermit);

fn busy<E>(_: E) -> Error {
    Error::busy("too many pictures are being fetched; try again in a moment")
}

impl Default for RemoteImages {
    fn default() -> Self {
        RemoteImages {
            kept: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
            of_each: Mutex::default(),
        }
    }
}

impl RemoteImages {
    async fn turn(&self, person: AccountId, patience: Duration) -> Result<Turn> {
        let own = {
            let mut all = lock(&self.of_each);
            all.retain(|_, turns| Arc::strong_count(turns) > 1);
            let new = || Arc::new(Semaphore::new(AT_ONCE_EACH));
            all.entry(person).or_insert_with(new).clone()
        };
        let turn = tokio::time::timeout(patience, own.acquire_owned()).await;
        Ok(Turn(turn.map_err(busy)?.map_err(busy)?))
    }

    fn get(&self, hash: blake3::Hash, now_ms: TimeMs) -> Option<Arc<RemoteImage>> {
        let mut kept = lock(&self.kept);
        kept.retain(|k| k.until_ms > now_ms);
        kept.iter().find(|k| k.hash == hash).map(|k| k.image.clone())
    }

    fn keep(&self, hash: blake3::Hash, now_ms: TimeMs, image: &Arc<RemoteImage>) {
        if image.bytes.len() > KEPT_EACH {
            return;
        }
        let mut kept = lock(&self.kept);
        kept.push_back(Kept {
            hash,
            until_ms: now_ms + KEPT_MS,
            image: image.clone(),
        });
        let mut all: usize = kept.iter().map(|k| k.image.bytes.len()).sum();
        while all > KEPT_BYTES {
            let Some(oldest) = kept.pop_front() else { break };
            all -= oldest.image.bytes.len();
        }
    }
}

/// What a picture is by its first bytes; what its server says may be anything. None: no picture that is shown. SVG is a
/// document, which may name further things.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    let has = |start: &[u8]| bytes.starts_with(start);
    if has(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if has(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if has(b"GIF87a") || has(b"GIF89a") {
        Some("image/gif")
    } else if has(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

/// Errors: Unavailable, and those of what is done.
async fn within<T>(time: Duration, done: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| {
        Error::unavailable(format!(
            "the picture was not there within {} seconds",
            time.as_secs()
        ))
    };
    tokio::time::timeout(time, done).await.map_err(late)?
}

impl PostRoom {
    /// To be had before anything is done for a picture. Errors: Busy.
    pub async fn image_turn(&self, person: AccountId) -> Result<Turn> {
        self.images.turn(person, PATIENCE).await
    }

    /// `url`: as the message has it; what is asked for without protection is asked for with it.
    /// Errors: Invalid (no address), Forbidden (inside of the office's network), Unavailable (no answer, too large, no picture),
    /// Busy.
    pub async fn remote_image(&self, _turn: &Turn, url: &str) -> Result<Arc<RemoteImage>> {
        let now_ms = self.store.clock().now_ms();
        let hash = blake3::hash(url.as_bytes());
        if let Some(known) = self.images.get(hash, now_ms) {
            return Ok(known);
        }
        let turn = tokio::time::timeout(PATIENCE, self.images.turns.acquire()).await;
        let _of_all = turn.map_err(busy)?.map_err(busy)?;
        let bytes = within(WITHIN, self.fetch_image(url)).await?;
        let content_type = kind_of(&bytes)
            .ok_or_else(|| Error::unavailable("what lies at this address is no picture that is shown"))?;
        let image = Arc::new(RemoteImage { content_type, bytes });
        self.images.keep(hash, now_ms, &image);
        Ok(image)
    }

    async fn fetch_image(&self, url: &str) -> Result<Vec<u8>> {
        let protected = url.strip_prefix("http://").map(|rest| format!("https://{rest}"));
        let url = parse_url("url", protected.as_deref().unwrap_or(url))?;
        let fetched = self.fetch_where_it_leads(url, (None, None), MOST_BYTES, WITHIN);
        match fetched.await? {
            fetched if fetched.status == StatusCode::OK => Ok(fetched.body),
            other => Err(Error::unavailable(format!(
                "the other server answered {}",
                other.status
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::webhook::MOST_REDIRECTS;

    const SOON: Duration = Duration::from_millis(60);

    fn image(size: usize) -> Arc<RemoteImage> {
        Arc::new(RemoteImage {
            content_type: "image/png",
            bytes: vec![0; size],
        })
    }

    #[test]
    fn only_pictures_are_pictures() {
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(kind_of(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(kind_of(b"GIF89a"), Some("image/gif"));
        assert_eq!(kind_of(b"RIFF....WEBPVP8 "), Some("image/webp"));
        for no in [
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..],
            b"<html>",
            b"",
            b"RIFF....WAVE",
        ] {
            assert_eq!(kind_of(no), None);
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_ends() {
        let images = RemoteImages::default();
        let hash = |n: usize| blake3::hash(n.to_string().as_bytes());
        for n in 0..20 {
            images.keep(hash(n), 0, &image(KEPT_EACH));
        }
        let held = (0..20).filter(|n| images.get(hash(*n), 1).is_some()).count();
        assert_eq!(held, KEPT_BYTES / KEPT_EACH);
        assert!(images.get(hash(0), 1).is_none() && images.get(hash(19), 1).is_some());
        images.keep(hash(99), 0, &image(KEPT_EACH + 1));
        assert!(images.get(hash(99), 1).is_none());
        assert!(images.get(hash(19), KEPT_MS).is_none());
    }
    #[tokio::test]
    async fn each_person_has_a_few_turns_and_keeps_nobody_else_waiting() {
        let images = RemoteImages::default();
        let (one, other) = (AccountId(1), AccountId(2));
        let mut held = Vec::new();
        for _ in 0..AT_ONCE_EACH {
            held.push(images.turn(one, SOON).await.unwrap());
        }
        let refused = images.turn(one, SOON).await.err().map(|e| e.kind());
        assert_eq!(refused, Some(crate::base::Kind::Busy));
        drop(images.turn(other, SOON).await.unwrap());
        held.pop();
        assert!(images.turn(one, SOON).await.is_ok());
        // Nothing is remembered of those who have none.
        held.clear();
        images.turn(other, SOON).await.unwrap();
        assert_eq!(images.of_each.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_takes_too_long_in_all_is_given_up() {
        let hops = async {
            for _ in 0..=MOST_REDIRECTS {
                tokio::time::sleep(SOON * 2 / 3).await;
            }
            Ok(())
        };
        let outcome = within(SOON, hops).await.err().map(|e| e.kind());
        assert_eq!(outcome, Some(crate::base::Kind::Unavailable));
    }
}
