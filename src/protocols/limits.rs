//! Bounds on how much one peer or one account may ask of us.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Open connections, in all and by peer.
#[derive(Clone)]
pub struct ConnectionLimit {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
    most_of_one: usize,
}

impl ConnectionLimit {
    /// Waits until no connection is open, at most so long.
    pub async fn wait_until_quiet(&self, longest: Duration) {
        let until = Instant::now() + longest;
        while Instant::now() < until
            && !self
                .open
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Held as long as the connection is open.
pub struct Ticket {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    peer: IpAddr,
}

impl ConnectionLimit {
    pub fn new(most: usize, most_of_one: usize) -> Self {
        ConnectionLimit {
            open: Arc::default(),
            most,
            most_of_one,
        }
    }

    /// None: there are too many already.
    pub fn enter(&self, peer: IpAddr) -> Option<Ticket> {
        let peer = network(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let of_one = open.get(&peer).copied().unwrap_or_default();
        if all >= self.most || of_one >= self.most_of_one {
            return None;
        }
        open.insert(peer, of_one + 1);
        Some(Ticket {
            open: self.open.clone(),
            peer,
        })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = open.get_mut(&self.peer) {
            *n -= 1;
            if *n == 0 {
                open.remove(&self.peer);
            }
        }
    }
}

/// What counts as one peer: an IPv6 customer has a /64 at least (RFC 6177 §2).
pub fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 => v4,
    }
}

/// A bucket for each key that fills up evenly.
pub struct RateLimit<K = String> {
    buckets: Mutex<HashMap<K, (f64, Instant)>>,
    size: f64,
    per: Duration,
}

impl<K: Hash + Eq> RateLimit<K> {
    /// `size` at once, and as many again in each `per`.
    pub fn new(size: u32, per: Duration) -> Self {
        RateLimit {
            buckets: Mutex::default(),
            size: f64::from(size),
            per,
        }
    }

    /// Takes `count` if there are so many left.
    pub fn take(&self, key: K, count: u32) -> bool {
        self.take_or_wait(key, count).is_ok()
    }

    /// As [`RateLimit::take`]; when there are not so many, how long it takes until there are.
    pub fn take_or_wait(&self, key: K, count: u32) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if buckets.len() > 10_000 {
            // A bucket that had time to fill up says nothing any more.
            buckets.retain(|_, (_, at)| now.duration_since(*at) < self.per);
        }
        let (level, at) = buckets.entry(key).or_insert((self.size, now));
        let gained = now.duration_since(*at).as_secs_f64() / self.per.as_secs_f64() * self.size;
        *level = (*level + gained).min(self.size);
        *at = now;
        let wanted = f64::from(count);
        if *level < wanted {
            return Err(self.per.mul_f64((wanted - *level) / self.size));
        }
        *level -= wanted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_by_peer_and_given_back() {
        let limit = ConnectionLimit::new(3, 2);
        let (a, b): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let first = limit.enter(a).unwrap();
        let _second = limit.enter(a).unwrap();
        assert!(limit.enter(a).is_none());
        let _third = limit.enter(b).unwrap();
        assert!(limit.enter(b).is_none(), "in all");
        drop(first);
        assert!(limit.enter(a).is_some());
    }

    #[test]
    fn who_is_turned_away_leaves_no_trace_and_a_64_is_one_peer() {
        let limit = ConnectionLimit::new(9, 1);
        let (a, b) = ("2001:db8::1".parse().unwrap(), "2001:db8::2:1".parse().unwrap());
        let first = limit.enter(a).unwrap();
        assert!(limit.enter(b).is_none());
        drop(first);
        assert!(limit.open.lock().unwrap().is_empty());
        let nobody = ConnectionLimit::new(0, 1);
        assert!(nobody.enter(a).is_none());
        assert!(nobody.open.lock().unwrap().is_empty());
    }

    #[test]
    fn a_bucket_gives_what_it_has() {
        let limit = RateLimit::new(10, Duration::from_secs(3600));
        assert!(limit.take("anna", 8));
        assert!(!limit.take("anna", 3));
        assert!(limit.take("anna", 2));
        assert!(limit.take("ben", 10));
    }
}
