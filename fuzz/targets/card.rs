#![no_main]
//! Cards: read or refused.
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let _ = hauspost::formats::card::read_card(raw);
});
