//! ENVELOPE text, ours or torn.
#![no_main]

use hauspost::formats::imap::parse::envelope::parse_envelope;

libfuzzer_sys::fuzz_target!(|raw: &[u8]| {
    let _ = parse_envelope(raw);
});
