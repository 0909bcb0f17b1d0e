//! Dates as programs write them into filters.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Milliseconds since 1970. Without a zone it is UTC, without a time midnight; months and days need no zero before them.
/// None: it is no date.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (time, offset) = match rest {
        Some(rest) => split_offset(rest)?,
        None => ("0:0:0", 0),
    };
    let mut clock = time.splitn(3, ':');
    let (hour, minute) = (clock.next()?, clock.next()?);
    let (second, fraction) = match clock.next() {
        Some(s) => s.split_once('.').unwrap_or((s, "")),
        None => ("0", ""),
    };
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    let at = DateTime::new(
        number(year)?,
        i8::try_from(number(month)?).ok()?,
        i8::try_from(number(day)?).ok()?,
        i8::try_from(number(hour)?).ok()?,
        i8::try_from(number(minute)?).ok()?,
        i8::try_from(number(second)?).ok()?,
        millis.parse::<i32>().ok()? * 1_000_000,
    )
    .ok()?;
    let zone = TimeZone::fixed(Offset::from_seconds(offset).ok()?);
    Some(zone.to_timestamp(at).ok()?.as_millisecond())
}

fn number(text: &str) -> Option<i16> {
    let is_plain = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}

/// The time, and the seconds that its zone is ahead.
fn split_offset(text: &str) -> Option<(&str, i32)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    // A plus sign in an address is a blank.
    let Some(at) = text.rfind(['+', '-', ' ']) else {
        return Some((text, 0));
    };
    let (hours, minutes) = text[at + 1..].split_once(':').unwrap_or((&text[at + 1..], "0"));
    let seconds = i32::from(number(hours)?) * 3600 + i32::from(number(minutes)?) * 60;
    let sign = if text[at..].starts_with('-') { -1 } else { 1 };
    Some((&text[..at], sign * seconds))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_in_every_spelling() {
        for (text, want) in [
            ("1970-01-01T00:00:01Z", 1_000),
            ("1970-01-01", 0),
            ("1970-1-1T0:00:00", 0),
            ("1970-01-01T02:00:00+02:00", 0),
            ("1970-01-01T02:00:00 02:00", 0),
            ("1969-12-31T22:00:00.1234567-02:00", 123),
        ] {
            assert_eq!(parse(text), Some(want), "{text}");
        }
        for bad in [
            "",
            "x",
            "2020",
            "2020-13-01",
            "2020-01-01T25:00:00Z",
            "2020-01-01T00:00:00+x",
            "99999-01-01",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
