//! Which of two messages about an object is the later one: DTSTAMP says it in seconds (RFC 5546 §2.1.5), and people and their
//! programs change things faster, while mail may arrive in another order.

use crate::base::recent::Recent;
use crate::base::{TimeMs, lock};
use crate::model::AccountId;
use std::sync::{LazyLock, Mutex};

/// Objects that are remembered; each only matters for a second or two.
const MOST: usize = 4096;

/// The last stamp of each object, in seconds.
static LAST: LazyLock<Mutex<Recent<(AccountId, String), i64>>> =
    LazyLock::new(|| Mutex::new(Recent::new(MOST)));

/// The moment that messages about an object of this account say: now, or the second after the last one.
pub fn next_ms(account: AccountId, uid: &str, now_ms: TimeMs) -> TimeMs {
    let key = (account, uid.to_owned());
    let mut all = lock(&LAST);
    let now = now_ms.div_euclid(1000);
    // A clock that was set back starts anew: stamps of tomorrow would shut out everybody else's.
    let last = all.find(&key).filter(|last| *last < now + FURTHEST);
    let next = last.map_or(now, |last| now.max(last + 1));
    all.keep(key, next);
    next * 1000
}

/// Seconds that stamps may run ahead of the clock.
const FURTHEST: i64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_about_one_object_are_told_apart() {
        let (one, two) = (AccountId(-1), AccountId(-2));
        assert_eq!(next_ms(one, "a", 5_900), 5_000);
        assert_eq!(next_ms(one, "a", 5_950), 6_000);
        assert_eq!(next_ms(one, "a", 6_100), 7_000);
        assert_eq!(next_ms(two, "a", 6_100), 6_000);
        assert_eq!(next_ms(one, "b", 6_100), 6_000);
        assert_eq!(next_ms(one, "a", 90_000), 90_000);
        assert_eq!(next_ms(one, "a", 10_000), 10_000, "the clock was set back");
    }
}
