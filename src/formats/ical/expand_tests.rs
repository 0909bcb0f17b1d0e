//! The corners of RFC 5545: what takes place when.

use super::expand::{bounds, expand};
use super::zone::Zone;
use super::{CalendarObject, read_object};
use jiff::Timestamp;

fn event(lines: &str) -> CalendarObject {
    let text =
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
    read_object(text.as_bytes()).unwrap()
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

fn berlin() -> Zone {
    Zone::by_name("Europe/Berlin").unwrap()
}

/// Starts in UTC within the years that are named.
fn starts(object: &CalendarObject, from: &str, to: &str) -> Vec<String> {
    let all = expand(
        object,
        &berlin(),
        at(&format!("{from}T00:00:00Z")),
        at(&format!("{to}T00:00:00Z")),
    );
    let text = |s: i64| Timestamp::from_second(s).unwrap().to_string();
    all.iter().map(|o| text(o.start_s).replace(":00Z", "")).collect()
}

#[track_caller]
fn check(lines: &str, from: &str, to: &str, expected: &[&str]) {
    assert_eq!(starts(&event(lines), from, to), expected, "{lines}");
}

#[test]
fn a_meeting_keeps_its_local_time_across_daylight_saving() {
    let daily = "DTSTART;TZID=Europe/Berlin:20260328T090000\nRRULE:FREQ=DAILY;COUNT=3";
    check(
        daily,
        "2026-01-01",
        "2027-01-01",
        &["2026-03-28T08:00", "2026-03-29T07:00", "2026-03-30T07:00"],
    );
    let skipped = "DTSTART;TZID=Europe/Berlin:20260328T023000\nRRULE:FREQ=DAILY;COUNT=2";
    check(
        skipped,
        "2026-01-01",
        "2027-01-01",
        &["2026-03-28T01:30", "2026-03-29T01:30"],
    );
    let twice = "DTSTART;TZID=Europe/Berlin:20261025T023000";
    check(twice, "2026-01-01", "2027-01-01", &["2026-10-25T00:30"]);
}

#[test]
fn windows_names_are_known_and_what_floats_is_where_the_reader_is() {
    let windows = "DTSTART;TZID=W. Europe Standard Time:20260701T090000";
    check(windows, "2026-01-01", "2027-01-01", &["2026-07-01T07:00"]);
    check(
        "DTSTART:20260701T090000",
        "2026-01-01",
        "2027-01-01",
        &["2026-07-01T07:00"],
    );
    let all_day = event("DTSTART;VALUE=DATE:20260329");
    let found = expand(
        &all_day,
        &berlin(),
        at("2026-03-29T00:00:00Z"),
        at("2026-03-30T00:00:00Z"),
    );
    assert_eq!(
        found[0].end_s - found[0].start_s,
        23 * 3600,
        "the day has 23 hours"
    );
}

#[test]
fn a_home_made_zone_is_taken_as_it_is_described() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Office\nBEGIN:STANDARD\nDTSTART:19701025T030000\n\
        RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nTZOFFSETFROM:+0100\n\
        TZOFFSETTO:+0200\nEND:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Office:20260101T023000\n\
        RRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n";
    let own = read_object(text.as_bytes()).unwrap();
    let known = event("DTSTART;TZID=Europe/Berlin:20260101T023000\nRRULE:FREQ=DAILY");
    let all = starts(&own, "2026-01-01", "2027-06-01");
    assert_eq!(all, starts(&known, "2026-01-01", "2027-06-01"));
    assert_eq!(all.len(), 516);
}

#[test]
fn by_parts_choose_as_the_table_says() {
    let years = ("2026-01-01", "2027-01-01");
    for (rule, expected) in [
        // Last working day of the month.
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=4",
            "01-05 01-30 02-27 03-31",
        ),
        ("FREQ=MONTHLY;BYDAY=2TU;COUNT=3", "01-05 01-13 02-10"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", "01-05 01-31 03-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "01-05 01-31 02-28"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=2", "01-05 03-29"),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=2", "01-05 05-18"),
        ("FREQ=YEARLY;BYWEEKNO=20;COUNT=2", "01-05 05-11"),
        ("FREQ=YEARLY;BYYEARDAY=1,100,-1;COUNT=3", "01-05 04-10 12-31"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=MO;COUNT=4",
            "01-05 01-11 01-19 01-25",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU;COUNT=4",
            "01-05 01-18 01-19 02-01",
        ),
        ("FREQ=DAILY;BYMONTH=2;BYDAY=FR;COUNT=3", "01-05 02-06 02-13"),
        ("FREQ=DAILY;UNTIL=20260107T090000Z", "01-05 01-06 01-07"),
        ("FREQ=DAILY;UNTIL=20260107T085959Z", "01-05 01-06"),
        ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", "01-05 02-13 03-13 11-13"),
        ("FREQ=HOURLY;INTERVAL=36;COUNT=3", "01-05 01-06 01-08"),
        (
            "FREQ=MINUTELY;BYDAY=TU;BYHOUR=9;BYMINUTE=0;COUNT=3",
            "01-05 01-06 01-13",
        ),
    ] {
        let object = event(&format!("DTSTART:20260105T090000Z\nRRULE:{rule}"));
        let days: Vec<String> = starts(&object, years.0, years.1)
            .iter()
            .map(|s| s[5..10].to_owned())
            .collect();
        assert_eq!(days.join(" "), expected, "{rule}");
    }
}

#[test]
fn dates_are_added_left_out_and_overridden() {
    let series = "DTSTART;TZID=Europe/Berlin:20260105T090000\nRRULE:FREQ=WEEKLY;COUNT=4\n\
        EXDATE;TZID=Europe/Berlin:20260112T090000\nRDATE;VALUE=PERIOD:20260114T080000Z/PT3H";
    check(
        series,
        "2026-01-01",
        "2027-01-01",
        &[
            "2026-01-05T08:00",
            "2026-01-14T08:00",
            "2026-01-19T08:00",
            "2026-01-26T08:00",
        ],
    );
    let moved = format!(
        "{series}\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260119T080000Z\nDTSTART:20260120T100000Z"
    );
    check(
        &moved,
        "2026-01-01",
        "2027-01-01",
        &[
            "2026-01-05T08:00",
            "2026-01-14T08:00",
            "2026-01-20T10:00",
            "2026-01-26T08:00",
        ],
    );
}

#[test]
fn this_and_future_moves_all_that_follow() {
    let lines = "DTSTART:20260105T090000Z\nDTEND:20260105T100000Z\nRRULE:FREQ=WEEKLY\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\n\
        RECURRENCE-ID;RANGE=THISANDFUTURE:20260119T090000Z\nDTSTART:20260120T110000Z\nDTEND:20260120T130000Z";
    check(
        lines,
        "2026-01-01",
        "2026-02-01",
        &[
            "2026-01-05T09:00",
            "2026-01-12T09:00",
            "2026-01-20T11:00",
            "2026-01-27T11:00",
        ],
    );
    let found = expand(
        &event(lines),
        &berlin(),
        at("2026-01-27T00:00:00Z"),
        at("2026-01-28T00:00:00Z"),
    );
    assert_eq!((found.len(), found[0].end_s - found[0].start_s), (1, 7200));
}

#[test]
fn a_series_without_end_is_asked_for_its_window_only() {
    let object = event("DTSTART:19960101T090000Z\nRRULE:FREQ=DAILY");
    assert_eq!(bounds(&object), (at("1996-01-01T09:00:00Z"), i64::MAX));
    let begun = std::time::Instant::now();
    for _ in 0..200 {
        assert_eq!(starts(&object, "2026-11-01", "2026-12-01").len(), 30);
    }
    assert!(begun.elapsed().as_millis() < 2_000, "{:?}", begun.elapsed());
}

#[test]
fn a_rule_of_every_second_is_seen_in_any_minute() {
    let object = event("DTSTART;TZID=Europe/Berlin:20200101T000000\nRRULE:FREQ=SECONDLY");
    let from = at("2026-11-23T10:00:00Z");
    assert_eq!(expand(&object, &berlin(), from, from + 60).len(), 60);
}

#[test]
fn rules_that_never_match_or_match_every_second_end() {
    for rule in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYSETPOS=-366;COUNT=4000000000",
        "FREQ=YEARLY;INTERVAL=100000;COUNT=4000000000",
        "FREQ=DAILY;COUNT=4000000000",
        "FREQ=MONTHLY;BYDAY=MO;COUNT=4000000000",
    ] {
        let object = event(&format!("DTSTART:00010101T000000Z\nRRULE:{rule}"));
        let _ = bounds(&object);
        assert!(expand(&object, &berlin(), i64::MIN, i64::MAX).len() <= 20_000);
    }
}

#[test]
fn thousands_of_dates_and_overrides_cost_no_more_than_they_are() {
    let mut lines = "DTSTART;TZID=Office:20200101T000000\nRRULE:FREQ=HOURLY".to_owned();
    for day in 0..5_000 {
        let at = jiff::civil::date(2020, 1, 1).to_datetime(jiff::civil::time(5, 0, 0, 0));
        let at = at
            .checked_add(jiff::SignedDuration::from_hours(24 * day))
            .unwrap();
        lines.push_str(&format!("\nEXDATE;TZID=Office:{}", at.strftime("%Y%m%dT%H%M%S")));
    }
    let zone = "BEGIN:STANDARD\nDTSTART:19700101T000000\nRRULE:FREQ=YEARLY\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0000\nEND:STANDARD\n".repeat(200);
    let text = format!(
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Office\n{zone}END:VTIMEZONE\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR"
    );
    let begun = std::time::Instant::now();
    let object = read_object(text.as_bytes()).unwrap();
    let count = expand(&object, &berlin(), i64::MIN, i64::MAX).len();
    assert!((19_000..=20_000).contains(&count), "{count}");
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    for (lines, line) in [
        ("SUMMARY:x", "line 3"),
        ("DTSTART:2026-01-01", "line 5"),
        ("DTSTART;TZID=Nowhere:20260101T000000", "line 5"),
        ("DTSTART:20260101\nRRULE:FREQ=SOMETIMES", "line 6"),
        ("DTSTART:20260101\nRRULE:COUNT=1", "line 6"),
        ("DTSTART:20260101\nDURATION:1H", "line 6"),
        ("DTSTART:20260101\nEXDATE:never", "line 6"),
    ] {
        let text = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        let e = read_object(text.as_bytes()).unwrap_err();
        assert!(e.message().starts_with(line), "{lines}: {e}");
    }
}

fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus");
    let files = std::fs::read_dir(root.join(folder))
        .unwrap()
        .map(|f| f.unwrap().path());
    let files = files.map(|f| (f.display().to_string(), std::fs::read(&f).unwrap()));
    files.collect()
}

/// Whole files and what is left when they are cut off anywhere: read or refused, at bounded cost, never a panic.
#[test]
fn no_file_of_the_corpus_breaks_anything() {
    let (mut read, mut refused) = (0, 0);
    for (name, raw) in corpus("calendar") {
        let begun = std::time::Instant::now();
        let step = (raw.len() / 40).max(1);
        for end in (0..raw.len()).step_by(step).chain([raw.len()]) {
            match read_object(&raw[..end]) {
                Ok(object) => {
                    read += 1;
                    let (first, last) = bounds(&object);
                    assert!(first <= last, "{name}");
                    let all = expand(&object, &berlin(), i64::MIN, i64::MAX);
                    assert!(
                        all.iter().all(|o| o.end_s >= o.start_s && o.start_s >= first),
                        "{name}"
                    );
                }
                Err(e) => {
                    refused += 1;
                    assert!(
                        e.message().starts_with("line ") || e.message().starts_with("the object"),
                        "{name}: {e}"
                    );
                }
            }
        }
        assert!(
            begun.elapsed().as_secs() < 20,
            "{name} took {:?}",
            begun.elapsed()
        );
    }
    for (_, raw) in corpus("contacts") {
        let step = (raw.len() / 40).max(1);
        for end in (0..raw.len()).step_by(step).chain([raw.len()]) {
            let _ = crate::formats::card::read_card(&raw[..end]);
        }
    }
    assert!(read > 30 && refused > 30, "{read} read, {refused} refused");
}
