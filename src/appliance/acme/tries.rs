//! Patience with an authority within one order: what was not heard is asked again, later each time; what it has refused is not.

use super::account::told;
use crate::base::{Error, Kind, Result, TimeMs};
use instant_acme::Error as Failed;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const TRIES: u32 = 5;
/// Nobody is put off for longer, whatever an answer says.
const LONGEST_MS: TimeMs = 7 * 24 * 3600 * 1000;

/// For one question; the pauses are 40 seconds together.
pub struct Tries {
    left: u32,
    pause: Duration,
}

impl Tries {
    pub fn new() -> Tries {
        Tries {
            left: TRIES - 1,
            pause: FIRST_PAUSE,
        }
    }

    /// Rests before the question is asked again. Errors: the failure, when it is an answer, or has come too often.
    pub async fn rest(&mut self, failed: Failed) -> Result<()> {
        if self.left == 0 || !is_passing(&failed) {
            return Err(told(failed));
        }
        tracing::debug!(error = %failed, "the authority is asked again");
        tokio::time::sleep(self.pause).await;
        self.left -= 1;
        self.pause *= 3;
        Ok(())
    }
}

/// Whether the same question may be answered in a moment: the line, a busy server, a nonce that went stale (RFC 8555 §6.5).
pub fn is_passing(failed: &Failed) -> bool {
    match failed {
        Failed::Api(problem) => match kind_of(problem.r#type.as_deref()) {
            "rateLimited" => false,
            "badNonce" | "serverInternal" => true,
            _ => problem.status.is_some_and(|s| s >= 500),
        },
        Failed::Other(inner) => inner
            .downcast_ref::<Error>()
            .is_none_or(|e| e.kind() == Kind::Unavailable),
        // A page of words from whatever stands in front of it while it is away.
        Failed::Json(_) | Failed::Str(_) => true,
        _ => false,
    }
}

/// The last part of a problem's name (RFC 8555 §6.7).
pub fn kind_of(name: Option<&str>) -> &str {
    name.unwrap_or_default().rsplit(':').next().unwrap_or_default()
}

/// What the authority has said about when it wants to be asked again (RFC 8555 §6.6), in answers that refuse.
#[derive(Default)]
pub struct PutOff(Mutex<Option<TimeMs>>);

impl PutOff {
    /// `retry_after`: the field as it came (RFC 9110 §10.2.3).
    pub fn note(&self, retry_after: &str, now_ms: TimeMs) {
        let wait_ms = match retry_after.trim().parse::<i64>() {
            Ok(seconds) => seconds.saturating_mul(1000),
            Err(_) => match jiff::fmt::rfc2822::parse(retry_after.trim()) {
                Ok(until) => until.timestamp().as_millisecond() - now_ms,
                Err(_) => return,
            },
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now_ms + wait_ms.clamp(0, LONGEST_MS));
    }

    pub fn until_ms(&self) -> Option<TimeMs> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str, status: u16) -> Failed {
        let text = format!(r#"{{"type": "urn:ietf:params:acme:error:{kind}", "status": {status}}}"#);
        Failed::Api(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn what_passes_by_itself_is_no_refusal() {
        for (kind, status) in [("badNonce", 400), ("serverInternal", 500), ("unknown", 503)] {
            assert!(is_passing(&problem(kind, status)), "{kind}");
            assert_eq!(told(problem(kind, status)).kind(), Kind::Unavailable, "{kind}");
        }
        for (kind, status) in [("rateLimited", 429), ("unauthorized", 403), ("malformed", 400)] {
            assert!(!is_passing(&problem(kind, status)), "{kind}");
        }
        let away = Failed::Other(Box::new(Error::unavailable("broke off")));
        assert!(is_passing(&away) && !is_passing(&Failed::Timeout(None)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_asked_five_times_with_longer_pauses_and_an_answer_ends_it() {
        let (mut tries, began) = (Tries::new(), tokio::time::Instant::now());
        for _ in 0..4 {
            tries.rest(problem("badNonce", 400)).await.unwrap();
        }
        assert_eq!(began.elapsed().as_secs(), 1 + 3 + 9 + 27);
        assert!(tries.rest(problem("badNonce", 400)).await.is_err());
        assert!(Tries::new().rest(problem("unauthorized", 403)).await.is_err());
    }

    #[test]
    fn when_it_wants_to_be_asked_again_is_read_in_both_forms() {
        let (put_off, now_ms) = (PutOff::default(), 784_111_777_000);
        assert_eq!(put_off.until_ms(), None);
        put_off.note("120", now_ms);
        assert_eq!(put_off.until_ms(), Some(now_ms + 120_000));
        put_off.note("Sun, 06 Nov 1994 08:59:37 GMT", now_ms);
        assert_eq!(put_off.until_ms(), Some(now_ms + 600_000));
        put_off.note("99999999999999", now_ms);
        assert_eq!(put_off.until_ms(), Some(now_ms + LONGEST_MS));
        put_off.note("soon", now_ms);
        assert_eq!(put_off.until_ms(), Some(now_ms + LONGEST_MS));
    }
}
