//! When a certificate is asked for: in time, later after each failure, never more often than an authority bears; and when its
//! trouble is worth a mail. Moments that a wrong clock has written down hold nothing up.

use super::super::tls::is_among;
use crate::base::{Error, Kind, TimeMs};
use crate::model::certificate::{CertificateFacts, CertificateProgress, CertificateWish};
use std::time::Duration;

const MINUTE_MS: TimeMs = 60 * 1000;
const HOUR_MS: TimeMs = 60 * MINUTE_MS;
const DAY_MS: TimeMs = 24 * HOUR_MS;
const LONGEST_PAUSE_MS: TimeMs = 12 * HOUR_MS;
/// A certificate that is due again at once, by a wrong clock or a short life, is not asked for in a loop.
const LEAST_LIFE_MS: TimeMs = 6 * HOUR_MS;
const LONGEST_PUT_OFF_MS: TimeMs = 7 * DAY_MS;
pub const LONGEST_REST: Duration = Duration::from_secs(12 * 3600);

/// When a third of its life is left.
pub fn renew_at_ms(facts: &CertificateFacts) -> TimeMs {
    facts.not_after_ms - (facts.not_after_ms - facts.not_before_ms) / 3
}

/// Somebody wants one now.
pub fn ask(progress: &mut CertificateProgress, now_ms: TimeMs) {
    progress.is_asked_for = true;
    progress.last_error = None;
    let put_off = progress.put_off_until_ms;
    progress.next_try_at_ms = put_off.filter(|t| (now_ms..now_ms + LONGEST_PUT_OFF_MS).contains(t));
}

/// `put_off`: what the authority has said.
pub fn note_failure(
    progress: &mut CertificateProgress,
    e: &Error,
    put_off_until_ms: Option<TimeMs>,
    now_ms: TimeMs,
) {
    progress.failures = progress.failures.saturating_add(1);
    progress.failing_since_ms = Some(progress.failing_since_ms.unwrap_or(now_ms).min(now_ms));
    progress.is_asked_for = false;
    progress.last_error = Some(e.message().to_owned());
    // An order that only could not be reached goes on; one that failed has ended (RFC 8555 §7.1.6).
    if !e.kind().is_transient() {
        progress.order = None;
    }
    progress.put_off_until_ms = put_off_until_ms;
    let own_ms = now_ms + pause_ms(progress.failures, e.kind());
    progress.next_try_at_ms = Some(own_ms.max(put_off_until_ms.unwrap_or(own_ms)));
}

/// Five minutes, then three times as long each time, up to half a day: authorities count failures.
fn pause_ms(failures: u32, kind: Kind) -> TimeMs {
    let pause = (5 * MINUTE_MS).saturating_mul(3_i64.saturating_pow(failures.saturating_sub(1)));
    let least = if kind == Kind::Busy { HOUR_MS } else { 0 };
    pause.clamp(least, LONGEST_PAUSE_MS)
}

/// None: something is to be done now.
pub fn rest_until_due(
    wish: &CertificateWish,
    progress: &CertificateProgress,
    facts: Option<&CertificateFacts>,
    now_ms: TimeMs,
) -> Option<Duration> {
    let longest_ms = match progress.put_off_until_ms {
        Some(_) => LONGEST_PUT_OFF_MS,
        None => LONGEST_PAUSE_MS,
    };
    let next_try_ms = progress.next_try_at_ms.filter(|t| t - now_ms <= longest_ms);
    let goes_on = progress.is_asked_for || progress.order.is_some() || progress.failures > 0;
    let at_ms = match goes_on {
        true => next_try_ms.unwrap_or(now_ms),
        false => {
            let due_ms = facts.filter(|f| is_for(f, wish)).map_or(now_ms, renew_at_ms);
            let last_ms = progress.last_try_at_ms.filter(|t| *t <= now_ms);
            due_ms.max(last_ms.map_or(due_ms, |t| t + LEAST_LIFE_MS))
        }
    };
    let rest = u64::try_from(at_ms - now_ms).ok().filter(|rest| *rest > 0)?;
    Some(Duration::from_millis(rest).min(LONGEST_REST))
}

fn is_for(facts: &CertificateFacts, wish: &CertificateWish) -> bool {
    let has = |n: &String| facts.names.contains(n) || is_among(&facts.names, n);
    wish.names.iter().all(has)
}

/// How long to rest before the records are looked for again; `waited_ms`: so far.
pub fn look_again(waited_ms: TimeMs) -> Duration {
    Duration::from_secs(match waited_ms {
        ..600_000 => 15,
        600_000..7_200_000 => 60,
        _ => 300,
    })
}

/// Whether the administrators are to hear of a failure: what passes by itself only when it has lasted a day, a refusal when it has
/// come twice, each when the end is near; then once a week, and in the last days once a day. `ends_ms`: of the certificate in use.
pub fn is_to_be_told(
    progress: &CertificateProgress,
    kind: Kind,
    ends_ms: Option<TimeMs>,
    now_ms: TimeMs,
) -> bool {
    let left_ms = ends_ms.map_or(TimeMs::MAX, |e| e - now_ms);
    let failing_ms = progress.failing_since_ms.map_or(0, |since| now_ms - since);
    let lasts = match kind.is_transient() {
        true => failing_ms >= DAY_MS,
        false => progress.failures > 1,
    };
    let pause_ms = if left_ms < 3 * DAY_MS { DAY_MS } else { 7 * DAY_MS };
    let is_news = progress
        .told_at_ms
        .is_none_or(|t| t > now_ms || now_ms - t >= pause_ms);
    is_news && (lasts || left_ms < 7 * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::certificate::{OpenOrder, Proof};

    fn wish(names: &[&str]) -> CertificateWish {
        CertificateWish {
            authority: "https://ca.example.test/".into(),
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            proof: Proof::Http,
            contact: None,
            zone_key: None,
        }
    }

    fn facts() -> CertificateFacts {
        CertificateFacts {
            names: vec!["mail.example.test".into()],
            issuer: String::new(),
            not_before_ms: 0,
            not_after_ms: 90 * DAY_MS,
        }
    }

    fn rest(progress: &CertificateProgress, now_ms: TimeMs) -> Option<Duration> {
        rest_until_due(&wish(&["mail.example.test"]), progress, Some(&facts()), now_ms)
    }

    #[test]
    fn a_new_one_is_due_when_a_third_is_left_and_failures_wait_longer_each_time() {
        let mut progress = CertificateProgress::default();
        assert_eq!(rest(&progress, 60 * DAY_MS - 1000), Some(Duration::from_secs(1)));
        assert_eq!(rest(&progress, 60 * DAY_MS), None);
        let other = wish(&["mail.example.test", "example.test"]);
        assert_eq!(
            rest_until_due(&other, &progress, Some(&facts()), 1),
            None,
            "for another name"
        );
        assert_eq!(rest_until_due(&other, &progress, None, 1), None);
        let e = Error::invalid("no");
        note_failure(&mut progress, &e, None, 60 * DAY_MS);
        assert_eq!(rest(&progress, 60 * DAY_MS), Some(Duration::from_secs(300)));
        note_failure(&mut progress, &e, None, 60 * DAY_MS);
        assert_eq!(rest(&progress, 60 * DAY_MS), Some(Duration::from_secs(900)));
        assert_eq!(pause_ms(40, Kind::Invalid), 12 * HOUR_MS);
        assert_eq!(pause_ms(1, Kind::Busy), HOUR_MS);
        ask(&mut progress, 1);
        assert_eq!(rest(&progress, 1), None);
    }

    #[test]
    fn what_was_asked_for_and_failed_is_tried_again_when_it_was_said_however_long_the_old_one_lasts() {
        let mut progress = CertificateProgress::default();
        ask(&mut progress, DAY_MS);
        note_failure(&mut progress, &Error::unavailable("away"), None, DAY_MS);
        assert_eq!(rest(&progress, DAY_MS), Some(Duration::from_secs(300)));
        assert_eq!(rest(&progress, DAY_MS + 300_000), None);
        let mut waits = CertificateProgress {
            order: Some(OpenOrder {
                url: "u".into(),
                records: vec![],
                since_ms: DAY_MS,
            }),
            ..progress
        };
        assert_eq!(rest(&waits, DAY_MS + 300_000), None, "an order goes on");
        note_failure(&mut waits, &Error::invalid("no"), None, DAY_MS);
        assert_eq!(waits.order, None);
    }

    #[test]
    fn the_authority_is_not_asked_before_it_wants_to_be_whoever_asks() {
        let mut progress = CertificateProgress::default();
        let until_ms = 2 * DAY_MS;
        note_failure(&mut progress, &Error::busy("too many"), Some(until_ms), DAY_MS);
        let left = Duration::from_millis(DAY_MS as u64).min(LONGEST_REST);
        assert_eq!(rest(&progress, DAY_MS), Some(left));
        ask(&mut progress, DAY_MS);
        assert_eq!(rest(&progress, DAY_MS), Some(left));
        ask(&mut progress, until_ms + 1);
        assert_eq!(rest(&progress, until_ms + 1), None);
    }

    #[test]
    fn a_clock_that_was_wrong_neither_stops_renewals_nor_makes_them_a_loop() {
        let mut progress = CertificateProgress::default();
        note_failure(&mut progress, &Error::invalid("no"), None, 4000 * DAY_MS);
        assert_eq!(rest(&progress, 61 * DAY_MS), None, "written down in the future");
        // Each new one is due at once, as far as this clock knows.
        let fresh = CertificateProgress {
            last_try_at_ms: Some(61 * DAY_MS),
            ..CertificateProgress::default()
        };
        assert_eq!(
            rest(&fresh, 61 * DAY_MS),
            Some(Duration::from_millis(LEAST_LIFE_MS as u64))
        );
        assert_eq!(
            rest(&fresh, 60 * DAY_MS),
            None,
            "nor does that moment count, once it lies in the future"
        );
    }

    #[test]
    fn administrators_hear_of_what_lasts_and_not_each_day() {
        let (ends_ms, now_ms) = (Some(90 * DAY_MS), 60 * DAY_MS);
        let mut progress = CertificateProgress::default();
        let away = Error::unavailable("away");
        note_failure(&mut progress, &away, None, now_ms);
        note_failure(&mut progress, &away, None, now_ms + HOUR_MS);
        assert!(
            !is_to_be_told(&progress, away.kind(), ends_ms, now_ms + HOUR_MS),
            "it passes by itself"
        );
        assert!(
            is_to_be_told(&progress, Kind::Invalid, ends_ms, now_ms + HOUR_MS),
            "refused twice"
        );
        assert!(
            is_to_be_told(&progress, away.kind(), ends_ms, now_ms + DAY_MS),
            "for a day"
        );
        progress.told_at_ms = Some(now_ms + DAY_MS);
        assert!(!is_to_be_told(
            &progress,
            away.kind(),
            ends_ms,
            now_ms + 7 * DAY_MS
        ));
        assert!(
            is_to_be_told(&progress, away.kind(), ends_ms, now_ms + 8 * DAY_MS),
            "a week later"
        );
        progress.told_at_ms = Some(88 * DAY_MS);
        assert!(
            is_to_be_told(&progress, away.kind(), ends_ms, 89 * DAY_MS),
            "the end is near"
        );
        let first = CertificateProgress {
            failures: 1,
            failing_since_ms: Some(85 * DAY_MS),
            ..CertificateProgress::default()
        };
        assert!(
            is_to_be_told(&first, away.kind(), ends_ms, 85 * DAY_MS),
            "so near that each failure counts"
        );
    }

    #[test]
    fn records_that_somebody_sets_are_looked_for_less_and_less_often() {
        let each = [0, HOUR_MS, DAY_MS].map(|t| look_again(t).as_secs());
        assert_eq!(each, [15, 60, 300]);
    }
}
