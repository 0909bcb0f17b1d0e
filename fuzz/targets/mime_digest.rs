//! Any bytes are a message: digest, index text, readable bodies.
#![no_main]

use hauspost::formats::mime::{digest::digest, index_text::index_text, readable};

libfuzzer_sys::fuzz_target!(|raw: &[u8]| {
    let d = digest(raw);
    let _ = index_text(raw);
    let _ = (readable::text_body(raw), readable::html_body(raw), readable::attachments(&d.parts));
});
