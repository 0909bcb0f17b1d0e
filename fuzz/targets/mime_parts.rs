//! Stored part lists, whole or torn; what is decoded encodes to the same again.
#![no_main]

use hauspost::formats::mime::part_codec::{decode_parts, encode_parts};

libfuzzer_sys::fuzz_target!(|raw: &[u8]| {
    if let Some(parts) = decode_parts(raw) {
        assert_eq!(decode_parts(&encode_parts(&parts)), Some(parts));
    }
});
