//! Any bytes as Outlook's question for its servers.
#![no_main]

use hauspost::protocols::discovery::autodiscover::Asked;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Asked::read(data);
});
