#![no_main]
//! Data files of Outlook: everything in one is read, or refused.
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let path = std::env::temp_dir().join(format!("hauspost-fuzz-{}.pst", std::process::id()));
    if std::fs::write(&path, raw).is_ok() {
        let _ = hauspost::moving::import::files::weigh_outlook(&path);
    }
});
