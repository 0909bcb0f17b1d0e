#![no_main]
//! Messages about events: read or refused; what is read can be taken apart, cut and printed, and reads the same again.
use hauspost::formats::content_line::print::print_component;
use hauspost::formats::ical::itip::{read_messages, with_method};
use hauspost::formats::ical::{Series, free_busy::read_question};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let Ok(messages) = read_messages(raw, Some("REQUEST")) else {
        return;
    };
    for message in messages {
        let (method, uid) = (message.method, message.object.uid.replace('\r', ""));
        let _ = read_question(&message.object.calendar);
        let series = Series::of(message.object);
        let text = print_component(&with_method(series.calendar(), method));
        let again = read_messages(text.as_bytes(), None).expect("what was printed is read");
        assert_eq!((again.len(), again[0].method, &again[0].object.uid), (1, method, &uid));
        let places: Vec<_> = series.overrides.keys().copied().take(3).collect();
        for place in places {
            let _ = series.occurrence(place);
            let _ = series.has_occurrence(place);
            let mut cut = series.clone();
            cut.exclude(place);
            assert!(!cut.overrides.contains_key(&place));
        }
    }
});
