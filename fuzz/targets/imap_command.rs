//! Lines and literals as a client may send them.
#![no_main]

use hauspost::formats::imap::mailbox_name::Names;
use hauspost::formats::imap::parse::{literal_at_end, parse_command};

libfuzzer_sys::fuzz_target!(|raw: &[u8]| {
    let _ = literal_at_end(raw);
    let _ = parse_command(raw, Names::Utf7);
    let _ = parse_command(raw, Names::Utf8);
});
