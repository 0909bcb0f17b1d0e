//! HTML of strangers: nothing that runs or calls outside is left.
#![no_main]

use hauspost::formats::html::{from_text::plain_to_html, sanitize::{Images, Options, sanitize}, to_text::html_to_text};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let safe = sanitize(text, &Options { images: Images::Block, cid: &|_| None });
    let lower = safe.html.to_ascii_lowercase();
    assert!(!lower.contains("<script") && !lower.contains("<iframe") && !lower.contains("<meta"));
    let _ = (plain_to_html(text), html_to_text(text, 100_000));
});
