//! When an attempt is made again, when the sender hears that it takes long, and when we give up (RFC 5321 §4.5.4.1).

use crate::base::TimeMs;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Schedule {
    /// Before the second attempt; doubles from then on.
    pub first_retry: Duration,
    pub longest_retry: Duration,
    pub tell_delay_after: Duration,
    pub give_up_after: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        Schedule {
            first_retry: Duration::from_secs(5 * 60),
            longest_retry: Duration::from_secs(4 * HOUR),
            tell_delay_after: Duration::from_secs(4 * HOUR),
            give_up_after: Duration::from_secs(5 * 24 * HOUR),
        }
    }
}

/// What to do after an attempt that may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Again { at_ms: TimeMs, tell_delay: bool },
    GiveUp,
}

impl Schedule {
    /// `attempts`: made so far, this one included.
    pub fn after_failure(
        &self,
        created_at_ms: TimeMs,
        now_ms: TimeMs,
        attempts: i64,
        is_delay_told: bool,
    ) -> Next {
        let age = Duration::from_millis((now_ms - created_at_ms).max(0) as u64);
        if age >= self.give_up_after {
            return Next::GiveUp;
        }
        let doublings = (attempts - 1).clamp(0, 16) as u32;
        let wait = self
            .first_retry
            .saturating_mul(1 << doublings)
            .min(self.longest_retry);
        Next::Again {
            at_ms: now_ms + wait.as_millis() as i64,
            tell_delay: !is_delay_told && age >= self.tell_delay_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_then_tells_then_gives_up() {
        let s = Schedule::default();
        let minutes = |n: i64| n * 60_000;
        assert_eq!(
            s.after_failure(0, 0, 1, false),
            Next::Again {
                at_ms: minutes(5),
                tell_delay: false
            }
        );
        assert_eq!(
            s.after_failure(0, minutes(5), 2, false),
            Next::Again {
                at_ms: minutes(15),
                tell_delay: false
            }
        );
        assert_eq!(
            s.after_failure(0, minutes(300), 9, false),
            Next::Again {
                at_ms: minutes(540),
                tell_delay: true
            }
        );
        assert!(matches!(
            s.after_failure(0, minutes(600), 9, true),
            Next::Again {
                tell_delay: false,
                ..
            }
        ));
        assert_eq!(s.after_failure(0, minutes(5 * 24 * 60), 40, true), Next::GiveUp);
    }
}
