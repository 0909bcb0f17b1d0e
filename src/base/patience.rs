//! How long we wait for others. A peer that falls silent is given up after a while, and one that trickles (a byte now
//! and then) too: what belongs together has to come in a time that follows its size.

use super::{Error, Result};
use std::time::{Duration, Instant};

/// Set once for the whole program.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the TLS handshake of who comes to us.
    pub handshake: Duration,
    /// For a command, and for silence inside of a message, of who comes to us (RFC 5321 §4.5.3.2.7).
    pub command: Duration,
    /// For one answer of a server that we ask (RFC 5321 §4.5.3.2.6 asks for long).
    pub answer: Duration,
    /// Slower than any line of an office; what is large may take as long as that means.
    pub slowest_bytes_per_s: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            handshake: Duration::from_secs(20),
            command: Duration::from_secs(300),
            answer: Duration::from_secs(120),
            slowest_bytes_per_s: 1 << 10,
        }
    }
}

impl Patience {
    /// For `bytes` on the way, beyond the wait for their beginning.
    pub fn on_the_way(&self, bytes: u64) -> Duration {
        Duration::from_secs_f64(bytes as f64 / self.slowest_bytes_per_s.max(1) as f64)
    }

    /// Something of a peer's begins to come in.
    pub fn begin(&self) -> Pace {
        let now = Instant::now();
        Pace {
            patience: *self,
            limit: self.command,
            began: now,
            last: now,
            bytes: 0,
        }
    }

    /// As [`Patience::begin`], for the answer of a server that we asked.
    pub fn begin_answer(&self) -> Pace {
        Pace {
            limit: self.answer,
            ..self.begin()
        }
    }
}

/// One thing that comes in or goes out bit by bit: its time is the patience for a command or an answer, and more with
/// each byte; silence is borne no longer than that patience.
#[derive(Clone, Debug)]
pub struct Pace {
    patience: Patience,
    limit: Duration,
    began: Instant,
    last: Instant,
    bytes: u64,
}

impl Pace {
    pub fn note(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.last = Instant::now();
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What is left of its time now. Errors: Unavailable, when nothing is.
    pub fn left(&self) -> Result<Duration> {
        self.deadline()
            .checked_duration_since(Instant::now())
            .ok_or_else(|| Error::unavailable("the other side is too slow"))
    }

    pub fn deadline(&self) -> Instant {
        let at_this_pace = self.began + self.limit + self.patience.on_the_way(self.bytes);
        at_this_pace.min(self.last + self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trickle_runs_out_of_time_and_a_stream_does_not() {
        let patience = Patience {
            command: Duration::from_secs(10),
            slowest_bytes_per_s: 1000,
            ..Patience::default()
        };
        let mut pace = patience.begin();
        pace.began = Instant::now() - Duration::from_secs(11);
        pace.note(11);
        assert!(pace.left().is_err(), "a byte a second");
        pace.note(5000);
        assert!(pace.left().is_ok_and(|left| left > Duration::from_secs(3)));
        pace.note(1_000_000);
        pace.last -= Duration::from_secs(11);
        assert!(pace.left().is_err(), "silence after much");
    }
}
