//! Pictures that a message shows from elsewhere, fetched for its reader: the other side sees this server, not who reads, when,
//! and where. As carefully as everything that a stranger has named: HTTPS on the Internet only, each redirect looked at anew,
//! bounded in size, time and number; and only what is a picture by its own bytes.

use super::PostRoom;
use super::webhook::{parse_url, redirected};
use crate::base::{Error, Result, TimeMs};
use hyper::StatusCode;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

const WITHIN: Duration = Duration::from_secs(15);
const MOST_BYTES: usize = 5 << 20;
const MOST_REDIRECTS: usize = 3;
/// All fetching together.
const AT_ONCE: usize = 12;
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
}

impl Default for RemoteImages {
    fn default() -> Self {
        RemoteImages {
            kept: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
        }
    }
}

impl RemoteImages {
    fn get(&self, hash: blake3::Hash, now_ms: TimeMs) -> Option<Arc<RemoteImage>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.until_ms > now_ms);
        kept.iter().find(|k| k.hash == hash).map(|k| k.image.clone())
    }

    fn keep(&self, hash: blake3::Hash, now_ms: TimeMs, image: &Arc<RemoteImage>) {
        if image.bytes.len() > KEPT_EACH {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
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

impl PostRoom {
    /// `url`: as the message has it; what is asked for without protection is asked for with it.
    /// Errors: Invalid (no address), Forbidden (inside of the office's network), Unavailable (no answer, too large, no picture).
    pub async fn remote_image(&self, url: &str) -> Result<Arc<RemoteImage>> {
        let now_ms = self.store.clock().now_ms();
        let hash = blake3::hash(url.as_bytes());
        if let Some(known) = self.images.get(hash, now_ms) {
            return Ok(known);
        }
        let turn = self.images.turns.acquire();
        let _turn = tokio::time::timeout(WITHIN, turn)
            .await
            .map_err(|_| Error::busy("too many pictures are being fetched; try again in a moment"))?
            .map_err(|e| Error::internal("pictures are not fetched any more").caused_by(e))?;
        let bytes = self.fetch_image(url).await?;
        let content_type = kind_of(&bytes)
            .ok_or_else(|| Error::unavailable("what lies at this address is no picture that is shown"))?;
        let image = Arc::new(RemoteImage { content_type, bytes });
        self.images.keep(hash, now_ms, &image);
        Ok(image)
    }

    async fn fetch_image(&self, url: &str) -> Result<Vec<u8>> {
        let protected = url.strip_prefix("http://").map(|rest| format!("https://{rest}"));
        let mut url = parse_url("url", protected.as_deref().unwrap_or(url))?;
        for _ in 0..=MOST_REDIRECTS {
            let fetched = self.fetch(&url, (None, None), MOST_BYTES, WITHIN).await?;
            match fetched.status {
                StatusCode::OK => return Ok(fetched.body),
                status if status.is_redirection() => url = redirected(&url, &fetched)?,
                status => return Err(Error::unavailable(format!("the other server answered {status}"))),
            }
        }
        Err(Error::unavailable(
            "the other server points from one address to the next",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
