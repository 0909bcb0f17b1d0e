//! Addresses; what is accepted prints to something that is accepted.
#![no_main]

use hauspost::model::EmailAddress;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(address) = EmailAddress::parse(text) {
        assert_eq!(EmailAddress::parse(&address.to_string()).ok(), Some(address));
    }
});
