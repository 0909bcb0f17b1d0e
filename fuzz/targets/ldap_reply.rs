#![no_main]
//! What a directory server says: understood or refused; and filters as people write them.
use hauspost::formats::ldap::{ber, filter, parse_reply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let _ = ber::total_len(raw);
    let _ = parse_reply(raw);
    if let Ok(text) = std::str::from_utf8(raw) {
        let _ = filter::encode(text);
    }
});
