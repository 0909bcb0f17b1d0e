//! Time comes in through a clock, so that tests can hold it still.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type TimeMs = i64;

pub trait Clock: Send + Sync {
    fn now_ms(&self) -> TimeMs;
}

pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> TimeMs {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map(|d| d.as_millis() as i64)
            .unwrap_or(0)
    }
}

/// A clock that only moves when told to.
pub struct FixedClock(AtomicI64);

impl FixedClock {
    pub fn at(ms: TimeMs) -> Self {
        FixedClock(AtomicI64::new(ms))
    }
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for FixedClock {
    fn now_ms(&self) -> TimeMs {
        self.0.load(Ordering::Relaxed)
    }
}

/// `2026-11-22T19:41:05Z`; fractions are cut off. Out-of-range times give the epoch.
pub fn rfc3339(ms: TimeMs) -> String {
    timestamp(ms).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The date of a mail header, `Sun, 22 Nov 2026 19:41:05 +0000` (RFC 5322 §3.3).
pub fn rfc5322(ms: TimeMs) -> String {
    timestamp(ms).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// `Sun Nov 22 19:41:05 2026`, as the From lines of mbox have it.
pub fn asctime(ms: TimeMs) -> String {
    timestamp(ms).strftime("%a %b %e %H:%M:%S %Y").to_string()
}

fn timestamp(ms: TimeMs) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_both_forms() {
        assert_eq!(rfc3339(1_795_376_465_999), "2026-11-22T19:41:05Z");
        assert_eq!(rfc5322(1_795_376_465_000), "Sun, 22 Nov 2026 19:41:05 +0000");
    }
}
