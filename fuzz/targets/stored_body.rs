#![no_main]
//! Stored bodies: what is packed comes back to the byte; what is damaged is told.
use hauspost::store::pack::{pack, unpack};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let packed = pack(raw).expect("memory");
    assert_eq!(unpack(&packed, raw.len()).expect("what was packed"), raw);
    // As if it had been read from a bad disk: the size says how much may come.
    let _ = unpack(raw, raw.len().min(1 << 20) * 4 / 3);
});
