//! Values with a form: dates, times, durations, periods (RFC 5545 §3.3).

use crate::base::Result;
use crate::formats::content_line::Property;
use jiff::civil::{Date, DateTime, Time};

/// A date or a time as written, before any zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub local: DateTime,
    pub is_date: bool,
    pub is_utc: bool,
}

/// Days by the calendar and seconds by the clock: a day may have 23 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    pub days: i64,
    pub seconds: i64,
}

pub fn parse_time(text: &str) -> Option<Written> {
    let text = text.trim();
    let (date, time) = match text.split_once(['T', 't']) {
        Some((d, t)) => (d, Some(t)),
        None => (text, None),
    };
    let date = parse_date(date)?;
    let Some(time) = time else {
        return Some(Written {
            local: date.to_datetime(Time::midnight()),
            is_date: true,
            is_utc: false,
        });
    };
    let (digits, is_utc) = match time.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, true),
        None => (time, false),
    };
    if digits.len() != 6 || !is_digits(digits) {
        return None;
    }
    let number = |from: usize| digits[from..from + 2].parse::<i8>().ok();
    // A leap second is the last one of its minute to everybody who does not count them.
    let time = Time::new(number(0)?, number(2)?, number(4)?.min(59), 0).ok()?;
    Some(Written {
        local: date.to_datetime(time),
        is_date: false,
        is_utc,
    })
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn parse_date(text: &str) -> Option<Date> {
    if text.len() != 8 || !is_digits(text) {
        return None;
    }
    // Years before 1 are no dates of an office, and the year 9999 leaves no room to reckon in.
    let year: i16 = text[..4].parse().ok().filter(|y| (1..=9900).contains(y))?;
    Date::new(year, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

/// `P1DT2H`, with a sign (RFC 5545 §3.3.6).
pub fn parse_duration(text: &str) -> Option<Length> {
    let text = text.trim();
    let (sign, text) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let text = text.strip_prefix(['P', 'p'])?;
    let (mut out, mut number, mut is_time, mut seen) = (Length::default(), None::<i64>, false, false);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            let next = number.unwrap_or(0) * 10 + i64::from(digit);
            number = Some(next).filter(|n| *n < 10_000_000_000);
            number?;
            continue;
        }
        if matches!(c, 'T' | 't') && number.is_none() {
            is_time = true;
            continue;
        }
        let n = number.take()?;
        seen = true;
        match (c.to_ascii_uppercase(), is_time) {
            ('W', false) => out.days += n * 7,
            ('D', false) => out.days += n,
            ('H', true) => out.seconds += n * 3600,
            ('M', true) => out.seconds += n * 60,
            ('S', true) => out.seconds += n,
            _ => return None,
        }
    }
    // Longer than a thousand years is a mistake, and would not fit into a date.
    let is_sane = seen && number.is_none() && out.days < 366_000 && out.seconds < 366_000 * 86_400;
    is_sane.then_some(Length {
        days: sign * out.days,
        seconds: sign * out.seconds,
    })
}

/// `+0130`, `-053000`, in seconds (RFC 5545 §3.3.14).
pub fn parse_offset(text: &str) -> Option<i32> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-'])?;
    if !(digits.len() == 4 || digits.len() == 6) || !is_digits(digits) {
        return None;
    }
    let number = |from: usize| {
        digits
            .get(from..from + 2)
            .map_or(Some(0), |d| d.parse::<i32>().ok())
    };
    let (hours, minutes, seconds) = (number(0)?, number(2)?, number(4)?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let all = hours * 3600 + minutes * 60 + seconds;
    Some(if text.starts_with('-') { -all } else { all })
}

/// Errors: Invalid, naming the line.
pub fn time_of(property: &Property) -> Result<Written> {
    parse_time(&property.value).ok_or_else(|| property.wrong("is no date or time; write 20261123T090000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_form() {
        assert!(parse_time("20260229").is_none());
        assert!(parse_time("2026-02-28").is_none());
        assert!(parse_time("20260228T250000").is_none());
        assert!(parse_time("20260228T235960Z").unwrap().is_utc);
        assert_eq!(
            parse_duration("-P1DT2H"),
            Some(Length {
                days: -1,
                seconds: -7200
            })
        );
        assert_eq!(parse_duration("P2W"), Some(Length { days: 14, seconds: 0 }));
        for bad in ["", "P", "PT", "1D", "P1H", "PT1D", "P99999999999D", "P1"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
        assert_eq!(parse_offset("-0530"), Some(-19_800));
        assert_eq!(parse_offset("0530"), None);
    }
}
