//! Who is there when: hours of weeks, sheets over each other, what is damaged, and what it may cost.

use super::*;
use jiff::Timestamp;

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

/// `day hour-hour TYPE` in UTC.
fn shown(text: &str, from: &str, to: &str) -> Vec<String> {
    let raw = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{text}\nEND:VCALENDAR\n");
    let read = Availability::read(raw.as_bytes()).unwrap();
    let all = read.closed(&Zone::utc(), (at(from), at(to)));
    let hour = |s: i64| Timestamp::from_second(s).unwrap().strftime("%dT%H").to_string();
    all.iter()
        .map(|(s, e, b)| format!("{}-{} {}", hour(*s), hour(*e), b.name()))
        .collect()
}

const OFFICE: &str = "BEGIN:VAVAILABILITY\nUID:a\nBEGIN:AVAILABLE\nUID:b\nDTSTART;TZID=Europe/Berlin:20260105T090000\n\
    DTEND;TZID=Europe/Berlin:20260105T170000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\nEND:AVAILABLE\nEND:VAVAILABILITY";

#[test]
fn outside_of_the_hours_nobody_is_there() {
    let days = ("2026-11-26T00:00:00Z", "2026-11-29T00:00:00Z");
    assert_eq!(
        shown(OFFICE, days.0, days.1),
        [
            "26T00-26T08 BUSY-UNAVAILABLE",
            "26T16-27T08 BUSY-UNAVAILABLE",
            "27T16-29T00 BUSY-UNAVAILABLE"
        ]
    );
}

#[test]
fn what_counts_more_takes_the_place_of_the_rest() {
    // A journey that is said beside the hours, with a day at the other place.
    let away = "BEGIN:VAVAILABILITY\nUID:c\nPRIORITY:1\nBUSYTYPE:BUSY\nDTSTART:20261126T120000Z\nDURATION:P1D\nBEGIN:AVAILABLE\nUID:d\n\
        DTSTART:20261126T200000Z\nDURATION:PT2H\nEND:AVAILABLE\nEND:VAVAILABILITY\n";
    for text in [format!("{away}{OFFICE}"), format!("{OFFICE}\n{away}")] {
        assert_eq!(
            shown(&text, "2026-11-26T00:00:00Z", "2026-11-28T00:00:00Z"),
            [
                "26T00-26T08 BUSY-UNAVAILABLE",
                "26T12-26T20 BUSY",
                "26T22-27T12 BUSY",
                "27T16-28T00 BUSY-UNAVAILABLE"
            ]
        );
    }
}

#[test]
fn hours_come_back_as_they_were_said() {
    let hours = WeeklyHours {
        days: vec![Weekday::Tuesday, Weekday::Thursday],
        start: Time::constant(9, 30, 0, 0),
        end: Time::constant(17, 0, 0, 0),
        zone: "Europe/Berlin".into(),
    };
    let text = print_weekly(&hours).unwrap();
    let read = Availability::read(text.as_bytes()).unwrap();
    assert_eq!(read.weekly(), Some(hours.clone()));
    let night = WeeklyHours {
        start: Time::constant(22, 0, 0, 0),
        end: Time::constant(6, 0, 0, 0),
        ..hours
    };
    let read = Availability::read(print_weekly(&night).unwrap().as_bytes()).unwrap();
    assert_eq!(read.weekly(), Some(night));
    let nobody = WeeklyHours {
        days: Vec::new(),
        start: Time::midnight(),
        end: Time::midnight(),
        zone: "UTC".into(),
    };
    let read = Availability::read(print_weekly(&nobody).unwrap().as_bytes()).unwrap();
    assert_eq!(
        (read.weekly(), read.closed(&Zone::utc(), (0, 9)).len()),
        (None, 1)
    );
}

#[test]
fn other_hours_leave_what_is_said_beside_them_and_refuse_to_replace_more() {
    let hours = |hour: i8| WeeklyHours {
        days: vec![Weekday::Monday],
        start: Time::constant(hour, 0, 0, 0),
        end: Time::constant(17, 0, 0, 0),
        zone: "Europe/Berlin".into(),
    };
    let holiday = "BEGIN:VAVAILABILITY\nUID:h\nPRIORITY:1\nDTSTART:20261126T000000Z\nDTEND:20261127T000000Z\nEND:VAVAILABILITY";
    let calendar = |text: String| format!("BEGIN:VCALENDAR\nVERSION:2.0\n{text}\nEND:VCALENDAR\n");
    let mut text = calendar(format!("{OFFICE}\n{holiday}"));
    for hour in [8, 10] {
        text = replace_weekly(text.as_bytes(), &hours(hour)).unwrap().unwrap();
        let read = Availability::read(text.as_bytes()).unwrap();
        assert_eq!((read.sheets.len(), read.usual_hours()), (2, Some(hours(hour))));
        assert!(text.contains("UID:h") && !text.contains("UID:a"), "{text}");
        assert_eq!(text.matches("BEGIN:VTIMEZONE").count(), 1);
    }
    let alone = replace_weekly(calendar(holiday.to_owned()).as_bytes(), &hours(9))
        .unwrap()
        .unwrap();
    let read = Availability::read(alone.as_bytes()).unwrap();
    assert_eq!((read.sheets.len(), read.usual_hours()), (2, Some(hours(9))));
    // Another time on each day, or hours of a busy kind.
    let friday = "BEGIN:AVAILABLE\nUID:f\nDTSTART:20260109T090000Z\nDTEND:20260109T120000Z\nRRULE:FREQ=WEEKLY\nEND:AVAILABLE\n\
        END:VAVAILABILITY";
    for richer in [
        OFFICE.replace("END:VAVAILABILITY", friday),
        OFFICE.replace("UID:a", "UID:a\nBUSYTYPE:BUSY"),
        format!("{OFFICE}\n{OFFICE}"),
    ] {
        let refused = replace_weekly(calendar(richer).as_bytes(), &hours(9)).unwrap_err();
        assert_eq!(refused.kind(), crate::base::Kind::Conflict);
    }
    let nowhere = WeeklyHours {
        zone: "Nowhere".into(),
        ..hours(9)
    };
    assert_eq!(
        replace_weekly(calendar(OFFICE.to_owned()).as_bytes(), &nowhere).unwrap(),
        None
    );
}

#[test]
fn what_says_more_than_hours_is_not_taken_for_them() {
    for more in ["DTEND:20261231T000000Z", "BUSYTYPE:BUSY"] {
        let text = OFFICE.replace("UID:a", &format!("UID:a\n{more}"));
        let raw = format!("BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n");
        assert_eq!(
            Availability::read(raw.as_bytes()).unwrap().weekly(),
            None,
            "{more}"
        );
    }
    for rule in ["COUNT=9", "UNTIL=20270101T000000Z", "INTERVAL=2", "BYMONTH=1"] {
        let text = OFFICE.replace("FREQ=WEEKLY", &format!("FREQ=WEEKLY;{rule}"));
        let raw = format!("BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n");
        assert_eq!(
            Availability::read(raw.as_bytes()).unwrap().weekly(),
            None,
            "{rule}"
        );
    }
}

/// Cut off anywhere, or with a byte missing: read or refused, and what is read answers in order for any window.
#[test]
fn what_is_damaged_answers_in_order_or_not_at_all() {
    let whole = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\n{OFFICE}\nBEGIN:VAVAILABILITY\nPRIORITY:2\nDTSTART:20261126T120000Z\n\
        DTEND:20261127T120000Z\nEND:VAVAILABILITY\nEND:VCALENDAR\n"
    );
    let (mut read, mut refused) = (0, 0);
    for at in 0..whole.len() {
        let mut holed = whole.clone().into_bytes();
        holed.remove(at);
        for raw in [&whole.as_bytes()[..at], &holed] {
            let Ok(said) = Availability::read(raw) else {
                refused += 1;
                continue;
            };
            read += 1;
            for window in [
                (at as i64, 2_000_000_000),
                (1_795_000_000, 1_796_000_000),
                (i64::MIN, i64::MAX),
            ] {
                let closed = said.closed(&Zone::utc(), window);
                assert!(
                    closed
                        .iter()
                        .all(|(s, e, _)| window.0 <= *s && s < e && *e <= window.1)
                );
                assert!(closed.windows(2).all(|pair| pair[0].1 <= pair[1].0));
            }
            if let Some(hours) = said.weekly() {
                let printed = print_weekly(&hours).unwrap();
                assert_eq!(
                    Availability::read(printed.as_bytes()).unwrap().weekly(),
                    Some(hours)
                );
            }
        }
    }
    assert!(read > 50 && refused > 100, "{read} read, {refused} refused");
}

#[test]
fn what_cannot_be_read_names_its_line() {
    for (text, named) in [
        (
            "BEGIN:VEVENT\nUID:1\nDTSTART:20260101\nEND:VEVENT",
            "VAVAILABILITY",
        ),
        ("BEGIN:VAVAILABILITY\nDTSTART:soon\nEND:VAVAILABILITY", "line 3"),
        (
            "BEGIN:VAVAILABILITY\nBEGIN:AVAILABLE\nEND:AVAILABLE\nEND:VAVAILABILITY",
            "line 3",
        ),
        (
            "BEGIN:VAVAILABILITY\nDTSTART:20260101T000000Z\nDURATION:long\nEND:VAVAILABILITY",
            "line 4",
        ),
    ] {
        let raw = format!("BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n");
        let e = Availability::read(raw.as_bytes()).unwrap_err();
        assert!(e.message().contains(named), "{text}: {e}");
    }
    let many = "BEGIN:VAVAILABILITY\nEND:VAVAILABILITY\n".repeat(MAX_SHEETS + 1);
    assert!(Availability::read(format!("BEGIN:VCALENDAR\n{many}END:VCALENDAR\n").as_bytes()).is_err());
}

#[test]
fn zones_are_read_once_and_what_is_said_is_bounded_in_all() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\n\
        END:STANDARD\nEND:VTIMEZONE\n";
    let sheet = |count: usize| {
        let open =
            "BEGIN:AVAILABLE\nDTSTART;TZID=Own:20261126T090000\nDURATION:PT1H\nEND:AVAILABLE\n".repeat(count);
        format!("BEGIN:VAVAILABILITY\n{open}END:VAVAILABILITY\n")
    };
    let read = |counts: [usize; 2]| {
        let raw = counts.map(sheet).concat();
        Availability::read(format!("BEGIN:VCALENDAR\n{zone}{raw}END:VCALENDAR\n").as_bytes())
    };
    let mut said = read([MAX_OPEN - 1, 1]).unwrap();
    let held: usize = said
        .sheets
        .iter()
        .flat_map(|s| &s.open)
        .map(|o| o.calendar.parts.len())
        .sum();
    assert_eq!(held, MAX_OPEN, "each holds itself, and no description of a zone");
    let all = said.closed(
        &Zone::utc(),
        (at("2026-11-26T00:00:00Z"), at("2026-11-27T00:00:00Z")),
    );
    assert_eq!(all.first().map(|c| c.1), Some(at("2026-11-26T07:00:00Z")));
    assert!(read([MAX_OPEN - 1, 2]).is_err() && read([MAX_OPEN + 1, 0]).is_err());
    let one_more = format!("BEGIN:VCALENDAR\n{zone}{}END:VCALENDAR\n", sheet(1));
    assert!(said.add(&read_component(one_more.as_bytes()).unwrap()).is_err());
    assert!(check_size(MAX_BYTES).is_ok() && check_size(MAX_BYTES + 1).is_err());
}

/// Whatever is said, a question looks at so many times; beyond them nobody is there.
#[test]
fn a_question_has_a_budget_of_times_at_which_somebody_is_there() {
    let open: String = (0..MAX_OPEN)
        .map(|n| {
            format!(
                "BEGIN:AVAILABLE\nDTSTART:20261126T0900{:02}Z\nDURATION:PT1S\nRRULE:FREQ=MINUTELY\nEND:AVAILABLE\n",
                n % 60
            )
        })
        .collect();
    let raw = format!("BEGIN:VCALENDAR\nBEGIN:VAVAILABILITY\n{open}END:VAVAILABILITY\nEND:VCALENDAR\n");
    let said = Availability::read(raw.as_bytes()).unwrap();
    let window = (at("2026-11-26T00:00:00Z"), at("2026-11-28T00:00:00Z"));
    let mut budget = 3_000;
    let all = said.closed_within(&Zone::utc(), window, &mut budget);
    // The first has 2,340 in these days, of the second 660 count, of the others none.
    assert_eq!((budget, all.len()), (0, 2_341));
    assert_eq!(all.last().map(|c| c.1), Some(window.1));
}
