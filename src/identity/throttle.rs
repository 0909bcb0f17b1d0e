//! Slows down those who guess, without shutting out those who do not: a whole office sits behind one address.
//!
//! Failures count for the network they come from, for the account, and for the pair of both. Each makes the next answer
//! wait longer, and a network with very many is refused for a while. Who has signed in from that network before is not:
//! only failures of that pair slow it down. The same wrong password again is no further guess and does not count, so a
//! forgotten device shuts nobody out. To whoever guesses, all accounts look the same, those that are not there too.

use crate::base::TimeMs;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Failures are forgotten after this long without another one.
const FORGOTTEN_MS: TimeMs = 15 * 60 * 1000;
/// From this many failures on, strangers of a network are refused until they are forgotten.
const REFUSED_FROM: u32 = 30;
/// A known pair with as many of its own is still tried, once in so long.
const KNOWN_PAUSE_MS: TimeMs = 10 * 1000;
/// A pair counts as known for so long after it signed in.
const KNOWN_MS: TimeMs = 60 * 24 * 3600 * 1000;
const MOST_REMEMBERED: usize = 20_000;
/// Wrong passwords of a pair that are told apart from new guesses.
const MOST_WRONG: usize = 4;

#[derive(Clone, Default)]
struct Failures {
    count: u32,
    last_ms: TimeMs,
    /// Fingerprints, the latest last.
    wrong: Vec<[u8; 16]>,
}

#[derive(Default)]
struct Memory {
    failures: HashMap<String, Failures>,
    /// Pairs, and when they signed in last.
    known: HashMap<String, TimeMs>,
}

#[derive(Default)]
pub struct Throttle(Mutex<Memory>);

/// An attempt that is being made.
#[derive(Clone, Debug)]
pub struct Attempt {
    keys: [String; 3],
    /// Wait so long before it is tried,
    pub before: Duration,
    /// and so long before a failure is answered. The sum is the same whoever it is.
    pub after: Duration,
    /// Not worth checking: it would not count.
    pub refused: Option<Refused>,
}

/// There have been so many failures that nothing is believed for so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub Duration);

/// How an attempt with these keys is seen at a moment.
struct View {
    is_known: bool,
    /// The network or the pair is notorious.
    hot: Option<Refused>,
    refused: Option<Refused>,
    wait: Duration,
    own_wait: Duration,
}

impl Throttle {
    pub fn begin(&self, peer: IpAddr, name: &str, now_ms: TimeMs) -> Attempt {
        let keys = keys(peer, name);
        let view = self.lock().view(&keys, now_ms);
        let before = if view.is_known { view.own_wait } else { view.wait };
        Attempt {
            keys,
            before,
            after: view.wait.saturating_sub(before),
            refused: view.refused,
        }
    }

    /// It was the right password. Errors: Refused, when it is not to count: of many guesses at once, those that come
    /// after the last failure that is borne gain nothing.
    pub fn note_success(&self, attempt: &Attempt, now_ms: TimeMs) -> Result<(), Refused> {
        let mut memory = self.lock();
        if let Some(refused) = memory.view(&attempt.keys, now_ms).refused {
            return Err(refused);
        }
        let [_, _, pair] = &attempt.keys;
        memory.failures.remove(pair);
        if memory.known.len() >= MOST_REMEMBERED {
            memory.known.retain(|_, at| now_ms - *at < KNOWN_MS);
        }
        if memory.known.len() < MOST_REMEMBERED || memory.known.contains_key(pair) {
            memory.known.insert(pair.clone(), now_ms);
        }
        Ok(())
    }

    /// `fingerprint`: of the wrong password. Some: every failure is answered with this wait now.
    pub fn note_failure(&self, attempt: &Attempt, fingerprint: [u8; 16], now_ms: TimeMs) -> Option<Refused> {
        let mut memory = self.lock();
        let view = memory.view(&attempt.keys, now_ms);
        // What is refused is no guess, and does not make the wait of others longer.
        if view.refused.is_none() {
            memory.count(&attempt.keys, fingerprint, now_ms);
        }
        view.hot
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn failures_of(&self, key: &str, now_ms: TimeMs) -> Failures {
        let found = self.failures.get(key);
        found
            .filter(|f| now_ms - f.last_ms < FORGOTTEN_MS)
            .cloned()
            .unwrap_or_default()
    }

    fn view(&self, keys: &[String; 3], now_ms: TimeMs) -> View {
        let [network, account, pair] = keys.each_ref().map(|k| self.failures_of(k, now_ms));
        let is_known = self.known.get(&keys[2]).is_some_and(|at| now_ms - at < KNOWN_MS);
        let left =
            |f: &Failures| Duration::from_millis((FORGOTTEN_MS - (now_ms - f.last_ms)).max(1000) as u64);
        let worst = if pair.count > network.count {
            &pair
        } else {
            &network
        };
        let hot = (worst.count >= REFUSED_FROM).then(|| Refused(left(worst)));
        let is_too_soon = pair.count >= REFUSED_FROM && now_ms - pair.last_ms < KNOWN_PAUSE_MS;
        View {
            is_known,
            hot,
            refused: hot.filter(|_| !is_known || is_too_soon),
            wait: delay(network.count.max(account.count).max(pair.count)),
            own_wait: delay(pair.count),
        }
    }

    /// The same wrong password again counts for nothing.
    fn count(&mut self, keys: &[String; 3], fingerprint: [u8; 16], now_ms: TimeMs) {
        let is_repeated = self
            .failures
            .get(&keys[2])
            .is_some_and(|f| f.wrong.contains(&fingerprint));
        if is_repeated {
            return;
        }
        self.make_room(now_ms);
        for key in keys {
            let f = self.failures.entry(key.clone()).or_default();
            if now_ms - f.last_ms >= FORGOTTEN_MS {
                f.count = 0;
            }
            f.count += 1;
            f.last_ms = now_ms;
        }
        let pair = self.failures.entry(keys[2].clone()).or_default();
        pair.wrong.push(fingerprint);
        let surplus = pair.wrong.len().saturating_sub(MOST_WRONG);
        pair.wrong.drain(..surplus);
    }

    /// Somebody with many addresses may fill it, but neither switch it off nor be forgotten for it.
    fn make_room(&mut self, now_ms: TimeMs) {
        if self.failures.len() < MOST_REMEMBERED {
            return;
        }
        self.failures.retain(|_, f| now_ms - f.last_ms < FORGOTTEN_MS);
        while self.failures.len() >= MOST_REMEMBERED {
            let least = self.failures.iter().min_by_key(|(_, f)| (f.count, f.last_ms));
            let Some(least) = least.map(|(k, _)| k.clone()) else {
                return;
            };
            self.failures.remove(&least);
        }
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

/// Network, account, pair. A name is as long as somebody likes to make it, a key is not.
fn keys(peer: IpAddr, name: &str) -> [String; 3] {
    let (network, name) = (network(peer), name.trim().to_lowercase());
    let name = blake3::hash(name.as_bytes()).to_hex();
    [network.clone(), format!("@{name}"), format!("{network} {name}")]
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

    const OFFICE: &str = "192.0.2.1";

    fn fail(t: &Throttle, peer: &str, name: &str, n: u8, now_ms: TimeMs) -> Attempt {
        let attempt = begin(t, peer, name, now_ms);
        t.note_failure(&attempt, [n; 16], now_ms);
        attempt
    }

    fn begin(t: &Throttle, peer: &str, name: &str, now_ms: TimeMs) -> Attempt {
        t.begin(peer.parse().unwrap(), name, now_ms)
    }

    /// Whether the right password counts; if it does, it is noted.
    fn sign_in(t: &Throttle, peer: &str, name: &str, now_ms: TimeMs) -> bool {
        t.note_success(&begin(t, peer, name, now_ms), now_ms).is_ok()
    }

    #[test]
    fn guessing_gets_slower_and_then_ends() {
        let t = Throttle::default();
        let mut waits = Vec::new();
        for i in 0..REFUSED_FROM {
            let attempt = fail(&t, OFFICE, "anna@example.test", i as u8, i64::from(i));
            waits.push(attempt.before.as_millis());
        }
        assert_eq!(&waits[..7], [0, 0, 500, 1000, 2000, 4000, 5000]);
        assert!(!sign_in(&t, OFFICE, "ben@example.test", 100));
        let elsewhere = begin(&t, "192.0.2.2", "anna@example.test", 100);
        assert_eq!(
            elsewhere.before,
            Duration::from_secs(5),
            "guessing it from everywhere is slow"
        );
        assert!(
            sign_in(&t, "192.0.2.2", "anna@example.test", 100),
            "but nobody locks an account"
        );
        assert!(sign_in(&t, OFFICE, "ben@example.test", FORGOTTEN_MS + 100));
    }

    #[test]
    fn who_signed_in_from_there_before_is_not_shut_out() {
        let t = Throttle::default();
        assert!(sign_in(&t, OFFICE, "ben@example.test", 0));
        for i in 0..200 {
            fail(&t, OFFICE, &format!("x{i}@example.test"), 1, 1);
        }
        let ben = begin(&t, OFFICE, "Ben@example.test", 2);
        assert_eq!(ben.before, Duration::ZERO);
        assert!(sign_in(&t, OFFICE, "ben@example.test", 2));
        assert!(!sign_in(&t, OFFICE, "anna@example.test", 2));
        for who in ["ben@example.test", "anna@example.test", "no@x.test"] {
            let a = begin(&t, OFFICE, who, 3);
            assert_eq!(
                a.before + a.after,
                Duration::from_secs(5),
                "a failure takes the same time"
            );
            assert!(
                t.note_failure(&a, [2; 16], 3).is_some(),
                "and has the same answer"
            );
        }
    }

    #[test]
    fn guessing_at_a_known_pair_is_slow_and_does_not_shut_it_out_for_good() {
        let t = Throttle::default();
        assert!(sign_in(&t, OFFICE, "ben@example.test", 0));
        for i in 0..200 {
            fail(&t, OFFICE, "ben@example.test", i, 1000 + i64::from(i));
        }
        assert!(!sign_in(&t, OFFICE, "ben@example.test", 2000));
        assert!(sign_in(&t, OFFICE, "ben@example.test", 2000 + KNOWN_PAUSE_MS));
    }

    #[test]
    fn a_device_with_an_old_password_counts_once() {
        let t = Throttle::default();
        for i in 0..500 {
            fail(&t, OFFICE, "ben@example.test", 7, i);
        }
        assert_eq!(begin(&t, OFFICE, "anna@example.test", 500).before, Duration::ZERO);
    }

    #[test]
    fn many_guesses_at_once_gain_nothing_and_many_devices_at_once_are_let_in() {
        let t = Throttle::default();
        let all: Vec<Attempt> = (0..200)
            .map(|_| begin(&t, OFFICE, "anna@example.test", 0))
            .collect();
        let (guesses, right) = all.split_at(199);
        for (i, attempt) in guesses.iter().enumerate() {
            t.note_failure(attempt, [i as u8; 16], 0);
        }
        assert!(
            t.note_success(&right[0], 0).is_err(),
            "the right one came too late"
        );
        let t = Throttle::default();
        let all: Vec<Attempt> = (0..200)
            .map(|i| begin(&t, OFFICE, &format!("x{i}@example.test"), 0))
            .collect();
        assert!(
            all.iter()
                .all(|a| a.before.is_zero() && t.note_success(a, 0).is_ok())
        );
    }
}
