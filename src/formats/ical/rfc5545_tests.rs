//! Recurrence as a table: the examples of RFC 5545 §3.8.5.3 in the order in which they stand there, then the corners that
//! it leaves to the reader, and RFC 7529. What is expected is reckoned by hand.

use super::expand::{bounds, expand};
use super::read_object;
use super::zone::Zone;
use jiff::Timestamp;

/// In New York unless the lines say otherwise. Expected days are at the time of DTSTART: months by `;`, days by a blank, `2-5` is a range.
struct Row {
    lines: &'static str,
    /// Only what begins before; local date.
    before: &'static str,
    expected: &'static str,
}

const fn row(lines: &'static str, before: &'static str, expected: &'static str) -> Row {
    Row {
        lines,
        before,
        expected,
    }
}

const FAR: &str = "2040-01-01";
const WORKDAYS_13TH: &str = "1998-02: 13; 1998-03: 13; 1998-11: 13; 1999-08: 13; 2000-10: 13";
const SUMMER_THURSDAYS: &str = "1997-06: 5 12 19 26; 1997-07: 3 10 17 24 31; 1997-08: 7 14 21 28; 1998-06: 4 11 18 25; \
    1998-07: 2 9 16 23 30; 1998-08: 6 13 20 27; 1999-06: 3 10 17 24; 1999-07: 1 8 15 22 29; 1999-08: 5 12 19 26";

#[rustfmt::skip]
const EXAMPLES: [Row; 42] = [
    row("19970902T090000 FREQ=DAILY;COUNT=10", FAR, "1997-09: 2-11"),
    row("19970902T090000 FREQ=DAILY;UNTIL=19971224T000000Z", FAR, "1997-09: 2-30; 1997-10: 1-31; 1997-11: 1-30; 1997-12: 1-23"),
    row("19970902T090000 FREQ=DAILY;INTERVAL=2", "1997-11-08",
        "1997-09: 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30; 1997-10: 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30; 1997-11: 1 3 5 7"),
    row("19970902T090000 FREQ=DAILY;INTERVAL=10;COUNT=5", FAR, "1997-09: 2 12 22; 1997-10: 2 12"),
    row("19980101T090000 FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", FAR,
        "1998-01: 1-31; 1999-01: 1-31; 2000-01: 1-31"),
    row("19980101T090000 FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", FAR, "1998-01: 1-31; 1999-01: 1-31; 2000-01: 1-31"),
    row("19970902T090000 FREQ=WEEKLY;COUNT=10", FAR, "1997-09: 2 9 16 23 30; 1997-10: 7 14 21 28; 1997-11: 4"),
    row("19970902T090000 FREQ=WEEKLY;UNTIL=19971224T000000Z", FAR,
        "1997-09: 2 9 16 23 30; 1997-10: 7 14 21 28; 1997-11: 4 11 18 25; 1997-12: 2 9 16 23"),
    row("19970902T090000 FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1998-02-18",
        "1997-09: 2 16 30; 1997-10: 14 28; 1997-11: 11 25; 1997-12: 9 23; 1998-01: 6 20; 1998-02: 3 17"),
    row("19970902T090000 FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", FAR, "1997-09: 2 4 9 11 16 18 23 25 30; 1997-10: 2"),
    row("19970902T090000 FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", FAR, "1997-09: 2 4 9 11 16 18 23 25 30; 1997-10: 2"),
    row("19970901T090000 FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR", FAR,
        "1997-09: 1 3 5 15 17 19 29; 1997-10: 1 3 13 15 17 27 29 31; 1997-11: 10 12 14 24 26 28; 1997-12: 8 10 12 22"),
    row("19970902T090000 FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", FAR, "1997-09: 2 4 16 18 30; 1997-10: 2 14 16"),
    row("19970905T090000 FREQ=MONTHLY;COUNT=10;BYDAY=1FR", FAR,
        "1997-09: 5; 1997-10: 3; 1997-11: 7; 1997-12: 5; 1998-01: 2; 1998-02: 6; 1998-03: 6; 1998-04: 3; 1998-05: 1; 1998-06: 5"),
    row("19970905T090000 FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", FAR, "1997-09: 5; 1997-10: 3; 1997-11: 7; 1997-12: 5"),
    row("19970907T090000 FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", FAR,
        "1997-09: 7 28; 1997-11: 2 30; 1998-01: 4 25; 1998-03: 1 29; 1998-05: 3 31"),
    row("19970922T090000 FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", FAR,
        "1997-09: 22; 1997-10: 20; 1997-11: 17; 1997-12: 22; 1998-01: 19; 1998-02: 16"),
    row("19970928T090000 FREQ=MONTHLY;BYMONTHDAY=-3", "1998-03-01",
        "1997-09: 28; 1997-10: 29; 1997-11: 28; 1997-12: 29; 1998-01: 29; 1998-02: 26"),
    row("19970902T090000 FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", FAR,
        "1997-09: 2 15; 1997-10: 2 15; 1997-11: 2 15; 1997-12: 2 15; 1998-01: 2 15"),
    row("19970930T090000 FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", FAR,
        "1997-09: 30; 1997-10: 1 31; 1997-11: 1 30; 1997-12: 1 31; 1998-01: 1 31; 1998-02: 1"),
    row("19970910T090000 FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", FAR, "1997-09: 10-15; 1999-03: 10-13"),
    row("19970902T090000 FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "1998-04-01",
        "1997-09: 2 9 16 23 30; 1997-11: 4 11 18 25; 1998-01: 6 13 20 27; 1998-03: 3 10 17 24 31"),
    row("19970610T090000 FREQ=YEARLY;COUNT=10;BYMONTH=6,7", FAR,
        "1997-06: 10; 1997-07: 10; 1998-06: 10; 1998-07: 10; 1999-06: 10; 1999-07: 10; 2000-06: 10; 2000-07: 10; 2001-06: 10; 2001-07: 10"),
    row("19970310T090000 FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", FAR,
        "1997-03: 10; 1999-01: 10; 1999-02: 10; 1999-03: 10; 2001-01: 10; 2001-02: 10; 2001-03: 10; 2003-01: 10; 2003-02: 10; 2003-03: 10"),
    row("19970101T090000 FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", FAR,
        "1997-01: 1; 1997-04: 10; 1997-07: 19; 2000-01: 1; 2000-04: 9; 2000-07: 18; 2003-01: 1; 2003-04: 10; 2003-07: 19; 2006-01: 1"),
    row("19970519T090000 FREQ=YEARLY;BYDAY=20MO", "2000-01-01", "1997-05: 19; 1998-05: 18; 1999-05: 17"),
    row("19970512T090000 FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "2000-01-01", "1997-05: 12; 1998-05: 11; 1999-05: 17"),
    row("19970313T090000 FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "2000-01-01", "1997-03: 13 20 27; 1998-03: 5 12 19 26; 1999-03: 4 11 18 25"),
    row("19970605T090000 FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "2000-01-01", SUMMER_THURSDAYS),
    row("19970902T090000 FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13 EXDATE=19970902T090000", "2001-01-01", WORKDAYS_13TH),
    row("19970913T090000 FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1998-07-01",
        "1997-09: 13; 1997-10: 11; 1997-11: 8; 1997-12: 13; 1998-01: 10; 1998-02: 7; 1998-03: 7; 1998-04: 11; 1998-05: 9; 1998-06: 13"),
    row("19961105T090000 FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "2008-01-01",
        "1996-11: 5; 2000-11: 7; 2004-11: 2"),
    row("19970904T090000 FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", FAR, "1997-09: 4; 1997-10: 7; 1997-11: 6"),
    row("19970929T090000 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1998-04-01",
        "1997-09: 29; 1997-10: 30; 1997-11: 27; 1997-12: 30; 1998-01: 29; 1998-02: 26; 1998-03: 30"),
    // 17:00 UTC is one in the afternoon there; the text counts as if it were local.
    row("19970902T090000 FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", FAR, "1997-09: 2 2T12:00"),
    row("19970902T090000 FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", FAR, "1997-09: 2 2T12:00 2T15:00"),
    row("19970902T090000 FREQ=MINUTELY;INTERVAL=15;COUNT=6", FAR, "1997-09: 2 2T09:15 2T09:30 2T09:45 2T10:00 2T10:15"),
    row("19970902T090000 FREQ=MINUTELY;INTERVAL=90;COUNT=4", FAR, "1997-09: 2 2T10:30 2T12:00 2T13:30"),
    row("19970902T090000 FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40;COUNT=27", FAR,
        "1997-09: 2 2T09:20 2T09:40 2T10:00 2T10:20 2T10:40 2T11:00 2T11:20 2T11:40 2T12:00 2T12:20 2T12:40 2T13:00 2T13:20 2T13:40 \
         2T14:00 2T14:20 2T14:40 2T15:00 2T15:20 2T15:40 2T16:00 2T16:20 2T16:40 3 3T09:20 3T09:40"),
    row("19970902T090000 FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16;COUNT=27", FAR,
        "1997-09: 2 2T09:20 2T09:40 2T10:00 2T10:20 2T10:40 2T11:00 2T11:20 2T11:40 2T12:00 2T12:20 2T12:40 2T13:00 2T13:20 2T13:40 \
         2T14:00 2T14:20 2T14:40 2T15:00 2T15:20 2T15:40 2T16:00 2T16:20 2T16:40 3 3T09:20 3T09:40"),
    row("19970805T090000 FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", FAR, "1997-08: 5 10 19 24"),
    row("19970805T090000 FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", FAR, "1997-08: 5 17 19 31"),
];

/// The last of §3.8.5.3: what does not exist is not counted.
#[rustfmt::skip]
const CORNERS: [Row; 41] = [
    row("20070115T090000 FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", FAR, "2007-01: 15 30; 2007-02: 15; 2007-03: 15 30"),
    row("20240131T090000 FREQ=MONTHLY;COUNT=4", FAR, "2024-01: 31; 2024-03: 31; 2024-05: 31; 2024-07: 31"),
    // Leap days: also where a century leaves one out.
    row("20200229T090000 FREQ=YEARLY;COUNT=3", FAR, "2020-02: 29; 2024-02: 29; 2028-02: 29"),
    row("20960229T090000 FREQ=YEARLY;COUNT=2", "2120-01-01", "2096-02: 29; 2104-02: 29"),
    row("20200229T090000 FREQ=YEARLY;INTERVAL=3;COUNT=3", "2060-01-01", "2020-02: 29; 2032-02: 29; 2044-02: 29"),
    row("20200229T090000 FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1;COUNT=4", FAR, "2020-02: 29; 2021-02: 28; 2022-02: 28; 2023-02: 28"),
    row("20201231T090000 FREQ=YEARLY;BYYEARDAY=366;COUNT=3", FAR, "2020-12: 31; 2024-12: 31; 2028-12: 31"),
    row("20200101T090000 FREQ=YEARLY;BYYEARDAY=-366;COUNT=3", FAR, "2020-01: 1; 2024-01: 1; 2028-01: 1"),
    row("20231231T090000 FREQ=YEARLY;BYYEARDAY=-1,-307;COUNT=5", FAR, "2023-12: 31; 2024-02: 29; 2024-12: 31; 2025-02: 28; 2025-12: 31"),
    row("20240229T090000 FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=3", FAR, "2024-02: 29; 2028-02: 29; 2032-02: 29"),
    // Negative days of months, also by themselves in a year.
    row("20240129T090000 FREQ=YEARLY;BYMONTHDAY=-3;COUNT=4", FAR, "2024-01: 29; 2024-02: 27; 2024-03: 29; 2024-04: 28"),
    row("20240101T090000 FREQ=MONTHLY;BYMONTHDAY=-31;COUNT=4", FAR, "2024-01: 1; 2024-03: 1; 2024-05: 1; 2024-07: 1"),
    row("20240131T090000 FREQ=MONTHLY;BYMONTHDAY=31,-1;COUNT=4", FAR, "2024-01: 31; 2024-02: 29; 2024-03: 31; 2024-04: 30"),
    // Weeks: 2026 has 53 from Monday, the first one begins in December.
    row("20261228T090000 FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;COUNT=3", FAR, "2026-12: 28; 2032-12: 27; 2037-12: 28"),
    row("20251229T090000 FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;COUNT=4", FAR, "2025-12: 29; 2027-01: 4; 2028-01: 3; 2029-01: 1"),
    row("20251228T090000 FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU;COUNT=3", FAR, "2025-12: 28; 2027-01: 3; 2028-01: 2"),
    row("20260101T090000 FREQ=YEARLY;BYWEEKNO=1;WKST=SU;BYDAY=SU,TH;COUNT=4", FAR, "2026-01: 1 4 8; 2027-01: 3"),
    row("20260511T090000 FREQ=YEARLY;BYWEEKNO=20;COUNT=3", FAR, "2026-05: 11; 2027-05: 17; 2028-05: 15"),
    // The week begins where WKST says, which counts for every second week.
    row("20260104T090000 FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO;COUNT=4", FAR, "2026-01: 4 12 18 26"),
    row("20260104T090000 FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU;COUNT=4", FAR, "2026-01: 4 5 18 19"),
    // BYSETPOS counts within one period, what lies before DTSTART too.
    row("20260115T090000 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1;COUNT=4", FAR, "2026-01: 15 30; 2026-02: 2 27"),
    row("20260105T090000 FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1;COUNT=3", FAR, "2026-01: 5 9 16"),
    row("20260105T090000 FREQ=YEARLY;BYDAY=MO;BYSETPOS=1,-1;COUNT=3", FAR, "2026-01: 5; 2026-12: 28; 2027-01: 4"),
    row("20260105T090000 FREQ=DAILY;BYHOUR=9,15,18;BYSETPOS=2;COUNT=3", FAR, "2026-01: 5 5T15:00 6T15:00"),
    row("20260105T090000 FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=-1;COUNT=3", FAR, "2026-01: 5 5T09:40 5T10:40"),
    row("20260105T090000 FREQ=MONTHLY;BYDAY=5MO;COUNT=3", FAR, "2026-01: 5; 2026-03: 30; 2026-06: 29"),
    row("20260105T090000 FREQ=YEARLY;BYDAY=-1MO,53TH;COUNT=4", FAR, "2026-01: 5; 2026-12: 28 31; 2027-12: 27"),
    row("20260105T090000 FREQ=YEARLY;BYMONTH=1,6;BYDAY=1MO;COUNT=4", FAR, "2026-01: 5; 2026-06: 1; 2027-01: 4; 2027-06: 7"),
    // UNTIL in UTC against local starts: to the second, in winter and summer.
    row("20260105T090000 FREQ=DAILY;UNTIL=20260107T140000Z", FAR, "2026-01: 5 6 7"),
    row("20260105T090000 FREQ=DAILY;UNTIL=20260107T135959Z", FAR, "2026-01: 5 6"),
    row("20260706T090000 FREQ=DAILY;UNTIL=20260708T130000Z", FAR, "2026-07: 6 7 8"),
    row("20260105T210000 FREQ=DAILY;UNTIL=20260107T020000Z", FAR, "2026-01: 5 6"),
    // Programs write local times and dates there, too.
    row("20260105T090000 FREQ=DAILY;UNTIL=20260107T090000", FAR, "2026-01: 5 6 7"),
    row("20260105T090000 FREQ=DAILY;UNTIL=20260107", FAR, "2026-01: 5 6 7"),
    // Left out by a day, by another zone's time, by a rule of old, and of another type that means nothing.
    row("20260105T090000 FREQ=DAILY;COUNT=4 EXDATE;VALUE=DATE=20260106", FAR, "2026-01: 5 7 8"),
    row("20260105T090000 FREQ=DAILY;COUNT=4 EXDATE=20260106T140000Z", FAR, "2026-01: 5 7 8"),
    row("20260105T090000 FREQ=DAILY;COUNT=4 EXDATE;TZID=Europe/Berlin=20260106T150000,20260107T090000", FAR, "2026-01: 5 7 8"),
    row("20260105T090000 FREQ=DAILY;COUNT=8 EXRULE=FREQ=WEEKLY;BYDAY=WE,TH", FAR, "2026-01: 5 6 9 10 11 12"),
    // Added: times and periods, also those that the rule has already.
    row("20260105T090000 FREQ=DAILY;COUNT=2 RDATE;VALUE=PERIOD=20260110T140000Z/PT3H,20260111T140000Z/20260111T150000Z", FAR, "2026-01: 5 6 10 11"),
    row("20260105T090000 FREQ=DAILY;COUNT=2 RDATE;TZID=America/New_York=20260106T090000,20260109T090000", FAR, "2026-01: 5 6 9"),
    row("20260105T090000 FREQ=DAILY;COUNT=2 RDATE=20260109T140000Z EXDATE=20260109T140000Z", FAR, "2026-01: 5 6"),
];

/// `2-5` and single days, each at `time` unless it says its own.
fn days(text: &str, time: &str) -> Vec<String> {
    let mut out = Vec::new();
    for month in text.split(';') {
        let (month, days) = month.trim().split_once(':').unwrap();
        for day in days.split_whitespace() {
            match (day.split_once('T'), day.split_once('-')) {
                (Some((day, time)), _) => out.push(format!("{month}-{day:0>2}T{time}")),
                (_, Some((first, last))) => {
                    let range = first.parse::<u8>().unwrap()..=last.parse().unwrap();
                    out.extend(range.map(|d| format!("{month}-{d:02}T{time}")));
                }
                _ => out.push(format!("{month}-{day:0>2}T{time}")),
            }
        }
    }
    out
}

fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
}

/// Local starts of the zone.
fn found(lines: &str, zone: &Zone, from_s: i64, to_s: i64) -> Vec<String> {
    let object = read_object(event(lines).as_bytes()).unwrap_or_else(|e| panic!("{lines}: {e}"));
    let (first_s, last_s) = bounds(&object);
    let all = expand(&object, zone, from_s, to_s);
    for o in &all {
        assert!(
            o.start_s >= first_s && o.end_s <= last_s,
            "{lines} lies outside of its bounds"
        );
    }
    let local = |s: i64| zone.to_local(s).strftime("%Y-%m-%dT%H:%M").to_string();
    all.iter().map(|o| local(o.start_s)).collect()
}

fn seconds(date: &str) -> i64 {
    format!("{date}T00:00:00Z")
        .parse::<Timestamp>()
        .unwrap()
        .as_second()
}

/// `DTSTART RRULE [NAME=value...]` in New York.
fn written(text: &str) -> String {
    let mut words = text.split(' ');
    let start = words.next().unwrap();
    let mut out = format!(
        "DTSTART;TZID=America/New_York:{start}\nRRULE:{}",
        words.next().unwrap()
    );
    for word in words {
        let (name, value) = match word.split_once("VALUE=").or_else(|| word.split_once("TZID=")) {
            Some((_, rest)) => word.split_at(word.len() - rest.len() + rest.find('=').unwrap()),
            None => word.split_at(word.find('=').unwrap()),
        };
        let has_zone = name.contains(';') || value.ends_with('Z') || name == "EXRULE";
        let zone = if has_zone { "" } else { ";TZID=America/New_York" };
        out.push_str(&format!("\n{name}{zone}:{}", &value[1..]));
    }
    out
}

fn check_rows(rows: &[Row]) {
    let zone = Zone::by_name("America/New_York").unwrap();
    for row in rows {
        let time = format!("{}:{}", &row.lines[9..11], &row.lines[11..13]);
        let lines = written(row.lines);
        let expected = days(row.expected, &time);
        let from_s = seconds("1990-01-01");
        let all = found(&lines, &zone, from_s, seconds(row.before));
        assert_eq!(all, expected, "{lines}");
        // Who looks at a part of it sees the same.
        for at in [
            expected.len() / 3,
            expected.len() / 2,
            expected.len().saturating_sub(1),
        ] {
            let Some(first) = expected.get(at) else { continue };
            let from_s = zone.to_utc(first.parse().unwrap());
            let part = found(&lines, &zone, from_s, seconds(row.before));
            assert_eq!(part, expected[at..], "{lines} from {first} on");
        }
    }
}

/// RFC 7529 with the calendar that everybody has: what a month does not have is skipped, or is the day before or after.
#[rustfmt::skip]
const SKIPS: [Row; 10] = [
    row("20240131T090000 RSCALE=GREGORIAN;FREQ=MONTHLY;COUNT=4", FAR, "2024-01: 31; 2024-03: 31; 2024-05: 31; 2024-07: 31"),
    row("20240131T090000 RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT;COUNT=4", FAR, "2024-01: 31; 2024-03: 31; 2024-05: 31; 2024-07: 31"),
    row("20240131T090000 RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;COUNT=4", FAR, "2024-01: 31; 2024-02: 29; 2024-03: 31; 2024-04: 30"),
    row("20240131T090000 RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;COUNT=4", FAR, "2024-01: 31; 2024-03: 1 31; 2024-05: 1"),
    row("20160229T090000 RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD;COUNT=5", FAR, "2016-02: 29; 2017-03: 1; 2018-03: 1; 2019-03: 1; 2020-02: 29"),
    row("20160229T090000 RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD;COUNT=5", FAR, "2016-02: 29; 2017-02: 28; 2018-02: 28; 2019-02: 28; 2020-02: 29"),
    row("20240130T090000 RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=1,30,31;SKIP=FORWARD;COUNT=9", FAR,
        "2024-01: 30 31; 2024-02: 1; 2024-03: 1 30 31; 2024-04: 1 30; 2024-05: 1"),
    row("20240131T090000 RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTH=1,2,4;SKIP=BACKWARD;COUNT=4", FAR, "2024-01: 31; 2024-02: 29; 2024-04: 30; 2025-01: 31"),
    row("20240131T090000 RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=FR;SKIP=FORWARD;COUNT=3", FAR, "2024-01: 31; 2024-03: 1; 2024-05: 31"),
    row("20201231T090000 RSCALE=GREGORIAN;FREQ=YEARLY;BYYEARDAY=366;SKIP=BACKWARD;COUNT=3", FAR, "2020-12: 31; 2021-12: 31; 2022-12: 31"),
];

/// Lines, the zone of who looks, and starts in UTC: what daylight saving and floating times make of a series.
#[rustfmt::skip]
const ZONES: [(&str, &str, &str); 14] = [
    // The clock jumps from 2 to 3 on March 29th, 2026, and back on October 25th.
    ("DTSTART;TZID=Europe/Berlin:20260328T023000\nRRULE:FREQ=DAILY;COUNT=3", "UTC", "2026-03-28T01:30 2026-03-29T01:30 2026-03-30T00:30"),
    ("DTSTART;TZID=Europe/Berlin:20261024T023000\nRRULE:FREQ=DAILY;COUNT=3", "UTC", "2026-10-24T00:30 2026-10-25T00:30 2026-10-26T01:30"),
    // Of local times that are one moment, both count for COUNT, and one is shown.
    ("DTSTART;TZID=Europe/Berlin:20260329T013000\nRRULE:FREQ=MINUTELY;INTERVAL=30;COUNT=3", "UTC", "2026-03-29T00:30 2026-03-29T01:00 2026-03-29T01:30"),
    ("DTSTART;TZID=America/New_York:20260308T023000", "UTC", "2026-03-08T07:30"),
    ("DTSTART;TZID=America/New_York:20261101T013000\nRRULE:FREQ=WEEKLY;COUNT=2", "UTC", "2026-11-01T05:30 2026-11-08T06:30"),
    // Lord Howe moves by half an hour, Kathmandu is at a quarter.
    ("DTSTART;TZID=Australia/Lord_Howe:20260404T090000\nRRULE:FREQ=DAILY;COUNT=2", "UTC", "2026-04-03T22:00 2026-04-04T22:30"),
    ("DTSTART;TZID=Asia/Kathmandu:20260404T090000", "UTC", "2026-04-04T03:15"),
    // Samoa left out a whole day.
    ("DTSTART;TZID=Pacific/Apia:20111229T090000\nRRULE:FREQ=DAILY;COUNT=3", "UTC", "2011-12-29T19:00 2011-12-30T19:00 2011-12-30T19:00"),
    // What floats is at nine wherever somebody looks.
    ("DTSTART:20260328T090000\nRRULE:FREQ=DAILY;COUNT=2", "Europe/Berlin", "2026-03-28T08:00 2026-03-29T07:00"),
    ("DTSTART:20260328T090000\nRRULE:FREQ=DAILY;UNTIL=20260329T090000", "Asia/Tokyo", "2026-03-28T00:00 2026-03-29T00:00"),
    ("DTSTART;VALUE=DATE:20260328\nRRULE:FREQ=DAILY;COUNT=3", "Europe/Berlin", "2026-03-27T23:00 2026-03-28T23:00 2026-03-29T22:00"),
    ("DTSTART;VALUE=DATE:20260328\nRRULE:FREQ=DAILY;UNTIL=20260329", "America/New_York", "2026-03-28T04:00 2026-03-29T04:00"),
    ("DTSTART;VALUE=DATE:20260328\nRRULE:FREQ=DAILY;UNTIL=20260329T000000Z\nEXDATE;VALUE=DATE:20260328", "UTC", "2026-03-29T00:00"),
    ("DTSTART;VALUE=DATE:20260328\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260329T000000\nRDATE;VALUE=DATE:20260405", "UTC",
        "2026-03-28T00:00 2026-03-30T00:00 2026-04-05T00:00"),
];

#[test]
fn daylight_saving_and_floating_times_are_as_the_clock_says() {
    for (lines, zone, expected) in ZONES {
        let zone = Zone::by_name(zone).unwrap();
        let object = read_object(event(lines).as_bytes()).unwrap();
        let all = expand(&object, &zone, seconds("2000-01-01"), seconds("2040-01-01"));
        let utc = |s: i64| {
            Timestamp::from_second(s)
                .unwrap()
                .strftime("%Y-%m-%dT%H:%M")
                .to_string()
        };
        let starts: Vec<String> = all.iter().map(|o| utc(o.start_s)).collect();
        assert_eq!(starts.join(" "), expected, "{lines}");
    }
}

/// A meeting of a day in its own zone is as long as the day; one of so many hours stays that long (RFC 5545 §3.3.6).
#[test]
fn lengths_are_of_days_or_of_hours() {
    let berlin = Zone::by_name("Europe/Berlin").unwrap();
    for (end, hours) in [
        ("DURATION:P1D", [24, 23, 24]),
        ("DURATION:PT24H", [24, 24, 24]),
        ("DURATION:P1DT1H", [25, 24, 25]),
        ("DTEND;TZID=Europe/Berlin:20260328T120000", [24, 24, 24]),
    ] {
        let lines = format!("DTSTART;TZID=Europe/Berlin:20260327T120000\n{end}\nRRULE:FREQ=DAILY;COUNT=3");
        let object = read_object(event(&lines).as_bytes()).unwrap();
        let all = expand(&object, &berlin, seconds("2026-01-01"), seconds("2027-01-01"));
        let found: Vec<i64> = all.iter().map(|o| (o.end_s - o.start_s) / 3_600).collect();
        assert_eq!(found, hours, "{end}");
    }
}

#[test]
fn periods_that_are_added_have_their_own_length() {
    let lines = "DTSTART:20260105T090000Z\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20260110T140000Z/PT3H,20260111T140000Z/20260111T143000Z\n\
        RDATE:20260112T090000Z";
    let object = read_object(event(lines).as_bytes()).unwrap();
    let all = expand(
        &object,
        &Zone::utc(),
        seconds("2026-01-01"),
        seconds("2027-01-01"),
    );
    let minutes: Vec<i64> = all.iter().map(|o| (o.end_s - o.start_s) / 60).collect();
    assert_eq!(minutes, [60, 180, 30, 60]);
    // The end of a long one reaches into a window that begins later.
    let late = expand(
        &object,
        &Zone::utc(),
        seconds("2026-01-10") + 16 * 3_600,
        seconds("2026-01-11"),
    );
    assert_eq!(late.len(), 1);
}

#[test]
fn days_that_do_not_exist_are_where_the_rule_puts_them() {
    check_rows(&SKIPS);
}

#[test]
fn what_is_not_known_is_refused_and_not_guessed() {
    for (rule, named) in [
        ("RSCALE=CHINESE;FREQ=YEARLY", "RSCALE=CHINESE"),
        ("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L", "RSCALE=HEBREW"),
        ("FREQ=YEARLY;SKIP=FORWARD", "SKIP"),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=SIDEWAYS", "SKIP=SIDEWAYS"),
        (
            "RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-30;SKIP=FORWARD",
            "SKIP",
        ),
        ("FREQ=YEARLY;BYEASTER=0", "BYEASTER=0"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH=13"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY=0"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY=32"),
        ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO=54"),
        ("FREQ=YEARLY;BYYEARDAY=-367", "BYYEARDAY=-367"),
        ("FREQ=YEARLY;BYDAY=0MO", "BYDAY=0MO"),
        ("FREQ=YEARLY;BYDAY=XX", "BYDAY=XX"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;COUNT=0", "COUNT=0"),
        ("FREQ=DAILY;UNTIL=soon", "UNTIL=soon"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR=24"),
        ("FREQ=DAILY;WKST=1", "WKST=1"),
    ] {
        let lines = format!("DTSTART:20260105T090000Z\nRRULE:{rule}");
        let e = read_object(event(&lines).as_bytes()).unwrap_err();
        assert!(
            e.message().starts_with("line 6: RRULE") && e.message().contains(named),
            "{rule}: {e}"
        );
    }
}

#[test]
fn the_examples_of_the_rfc_are_as_it_says() {
    check_rows(&EXAMPLES);
}

#[test]
fn corners_of_rules_are_as_the_calendar_says() {
    check_rows(&CORNERS);
}
