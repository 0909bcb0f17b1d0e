#![no_main]
//! Calendar objects: read or refused with a line; what is read expands at bounded cost.
use hauspost::formats::ical::{expand, read_object, zone::Zone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    if let Ok(object) = read_object(raw) {
        let (first, last) = expand::bounds(&object);
        assert!(first <= last);
        for (from, to) in [(i64::MIN, i64::MAX), (1_700_000_000, 1_703_000_000)] {
            let all = expand::expand(&object, &Zone::utc(), from, to);
            assert!(all.len() <= expand::MAX_OCCURRENCES);
        }
    }
});
