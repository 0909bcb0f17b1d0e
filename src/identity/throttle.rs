//! Slows down those who guess: each failure from an address or for an account makes the next answer wait longer.

use crate::base::TimeMs;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Failures are forgotten after this long without another one.
const FORGOTTEN_MS: i64 = 15 * 60 * 1000;
/// From this many failures on, nothing is tried any more until they are forgotten.
const REFUSED_FROM: u32 = 30;
const MOST_REMEMBERED: usize = 20_000;

#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    last_ms: TimeMs,
}

#[derive(Default)]
pub struct Throttle {
    failures: Mutex<HashMap<String, Failures>>,
}

/// What to do with an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Try it, and answer after this long.
    After(Duration),
    /// Do not try it; more after this long.
    Refused(Duration),
}

impl Throttle {
    /// The worse of what the peer and the pair of peer and name have earned. An account as such is never
    /// locked: otherwise a stranger could lock anybody out.
    pub fn ask(&self, peer: IpAddr, name: &str, now_ms: TimeMs) -> Verdict {
        let failures = self.lock();
        let worst = keys(peer, name)
            .iter()
            .filter_map(|k| failures.get(k))
            .filter(|f| now_ms - f.last_ms < FORGOTTEN_MS)
            .max_by_key(|f| f.count)
            .copied()
            .unwrap_or_default();
        if worst.count >= REFUSED_FROM {
            let left = FORGOTTEN_MS - (now_ms - worst.last_ms);
            return Verdict::Refused(Duration::from_millis(left.max(1000) as u64));
        }
        Verdict::After(delay(worst.count))
    }

    pub fn note_failure(&self, peer: IpAddr, name: &str, now_ms: TimeMs) {
        let mut failures = self.lock();
        if failures.len() >= MOST_REMEMBERED {
            failures.retain(|_, f| now_ms - f.last_ms < FORGOTTEN_MS);
        }
        // Somebody with many addresses may fill it, but neither switch it off nor be forgotten for it.
        if failures.len() >= MOST_REMEMBERED
            && let Some(least) = failures.iter().min_by_key(|(_, f)| (f.count, f.last_ms))
        {
            let least = least.0.clone();
            failures.remove(&least);
        }
        for key in keys(peer, name) {
            let f = failures.entry(key).or_default();
            if now_ms - f.last_ms >= FORGOTTEN_MS {
                f.count = 0;
            }
            f.count += 1;
            f.last_ms = now_ms;
        }
    }

    pub fn note_success(&self, peer: IpAddr, name: &str) {
        self.lock().remove(&pair(peer, name));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An IPv6 customer has a /64 at least, so that counts as one peer.
fn network(peer: IpAddr) -> String {
    match peer {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_none() => {
            let s = v6.segments();
            format!("{:x}:{:x}:{:x}:{:x}", s[0], s[1], s[2], s[3])
        }
        other => other.to_canonical().to_string(),
    }
}

fn pair(peer: IpAddr, name: &str) -> String {
    format!("{} {}", network(peer), name.to_lowercase())
}

fn keys(peer: IpAddr, name: &str) -> [String; 2] {
    [network(peer), pair(peer, name)]
}

/// 0, 0, 0.5, 1, 2, 4, then 5 s.
fn delay(failures: u32) -> Duration {
    match failures {
        0 | 1 => Duration::ZERO,
        n => Duration::from_millis((250u64 << n.min(8).saturating_sub(1)).min(5_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slower_and_then_ends() {
        let t = Throttle::default();
        let peer: IpAddr = "192.0.2.1".parse().unwrap();
        let mut waits = Vec::new();
        for i in 0..REFUSED_FROM {
            match t.ask(peer, "anna@example.test", i64::from(i)) {
                Verdict::After(d) => waits.push(d.as_millis()),
                Verdict::Refused(_) => panic!("too early"),
            }
            t.note_failure(peer, "Anna@example.test", i64::from(i));
        }
        assert_eq!(&waits[..7], [0, 0, 500, 1000, 2000, 4000, 5000]);
        assert!(
            matches!(t.ask(peer, "ben@example.test", 100), Verdict::Refused(_)),
            "the peer counts"
        );
        let other: IpAddr = "192.0.2.2".parse().unwrap();
        assert_eq!(
            t.ask(other, "anna@example.test", 100),
            Verdict::After(Duration::ZERO),
            "the account does not"
        );
        assert_eq!(
            t.ask(peer, "anna@example.test", FORGOTTEN_MS + 100),
            Verdict::After(Duration::ZERO)
        );
    }
}
