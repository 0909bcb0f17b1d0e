//! Dates: `22-Nov-2026` and `22-Nov-2026 19:41:05 +0000`. RFC 9051 §9 `date`, `date-time`.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A day; one digit or two, also with a leading blank.
pub fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.trim_start().splitn(3, '-');
    let day = parse_digits(parts.next()?, 1..=2)?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(month))? + 1;
    let year = parse_digits(parts.next()?, 4..=4)?;
    Date::new(year, month as i8, i8::try_from(day).ok()?).ok()
}

/// Milliseconds since 1970.
pub fn parse_date_time(text: &str) -> Option<i64> {
    let mut parts = text.trim_start().splitn(3, ' ');
    let date = parse_date(parts.next()?)?;
    let mut time = parts.next()?.splitn(3, ':');
    let mut two = || i8::try_from(parse_digits(time.next()?, 2..=2)?).ok();
    let (hour, minute, second) = (two()?, two()?, two()?);
    let zone = parts.next()?;
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let zone = i32::from(parse_digits(zone.get(1..)?, 4..=4)?);
    let offset = Offset::from_seconds(sign * (zone / 100 * 3600 + zone % 100 * 60)).ok()?;
    let local: DateTime = date.at(0, 0, 0, 0);
    // The 60 of a leap second is allowed; so the time is added rather than set.
    let in_range = hour <= 23 && minute <= 59 && second <= 60;
    let local = local
        .checked_add(hour.hours().minutes(minute).seconds(second))
        .ok()
        .filter(|_| in_range)?;
    Some(offset.to_timestamp(local).ok()?.as_millisecond())
}

fn parse_digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<i16> {
    let is_number = length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// `22-Nov-2026 19:41:05 +0000`, without quotes; times out of range give the epoch.
pub fn print_date_time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%d-%b-%Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_date_times() {
        for (text, want) in [
            ("22-Nov-2026 19:41:05 +0000", Some(1_795_376_465_000)),
            ("22-nov-2026 20:41:05 +0100", Some(1_795_376_465_000)),
            (" 1-Jan-1970 00:00:00 -0000", Some(0)),
            ("31-Dec-1969 23:59:59 +0000", Some(-1000)),
            ("22-Nov-2026 19:40:60 +0000", Some(1_795_376_460_000)),
            ("32-Nov-2026 19:41:05 +0000", None),
            ("22-Nov-2026 24:41:05 +0000", None),
            ("22-Nov-2026 19:41:05", None),
            ("22-Nov-26 19:41:05 +0000", None),
            ("", None),
        ] {
            assert_eq!(parse_date_time(text), want, "{text}");
        }
        assert_eq!(print_date_time(1_795_376_465_999), "22-Nov-2026 19:41:05 +0000");
    }
}
