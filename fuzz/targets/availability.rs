#![no_main]
//! When somebody can be met: read or refused; what is read answers for any window at bounded cost, in order.
use hauspost::formats::ical::availability::{Availability, print_weekly};
use hauspost::formats::ical::zone::Zone;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let Ok(said) = Availability::read(raw) else { return };
    for window in [(i64::MIN, i64::MAX), (1_700_000_000, 1_703_000_000)] {
        let closed = said.closed(&Zone::utc(), window);
        assert!(closed.iter().all(|(s, e, _)| window.0 <= *s && s < e && *e <= window.1));
        assert!(closed.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    }
    if let Some(printed) = said.weekly().and_then(|hours| print_weekly(&hours)) {
        assert_eq!(Availability::read(printed.as_bytes()).unwrap().weekly(), said.weekly());
    }
});
