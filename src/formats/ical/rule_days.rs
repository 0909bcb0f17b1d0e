//! Which days of a period a recurrence rule means (RFC 5545 §3.3.10, the table of BY parts).

use super::rule::{Frequency, Rule, Skip};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Weekday};

/// A rule's view of days, with what it leaves to DTSTART filled in.
pub struct DayFilter<'r> {
    rule: &'r Rule,
    months: Vec<i16>,
    month_days: Vec<i16>,
    week_days: Vec<(Option<i16>, Weekday)>,
}

impl<'r> DayFilter<'r> {
    pub fn new(rule: &'r Rule, start: DateTime) -> DayFilter<'r> {
        let mut out = DayFilter {
            rule,
            months: rule.by_month.clone(),
            month_days: rule.by_month_day.clone(),
            week_days: rule.by_day.clone(),
        };
        let says_days =
            !(rule.by_day.is_empty() && rule.by_month_day.is_empty() && rule.by_year_day.is_empty());
        match rule.frequency {
            Frequency::Yearly if !rule.by_week.is_empty() && !says_days => {
                out.week_days.push((None, start.weekday()));
            }
            Frequency::Yearly if rule.by_week.is_empty() && !says_days => {
                if out.months.is_empty() {
                    out.months.push(i16::from(start.month()));
                }
                out.month_days.push(i16::from(start.day()));
            }
            Frequency::Monthly if !says_days => out.month_days.push(i16::from(start.day())),
            Frequency::Weekly if !says_days => out.week_days.push((None, start.weekday())),
            _ => {}
        }
        out
    }

    /// The days of the period around `begin`, ascending, and how many were looked at.
    pub fn days(&self, begin: Date) -> (Vec<Date>, u64) {
        let (first, count) = match self.rule.frequency {
            Frequency::Yearly if !self.months.is_empty() => return self.days_of_months(begin.year()),
            Frequency::Yearly => (begin, begin.days_in_year()),
            Frequency::Monthly => (begin, i16::from(begin.days_in_month())),
            Frequency::Weekly => {
                let back = begin.weekday().since(self.rule.week_start);
                (days_later(begin, -i64::from(back)), 7)
            }
            _ => (begin, 1),
        };
        let mut out = self.take(first, count);
        self.take_skipped(first, count, &mut out);
        (out, count as u64)
    }

    /// Days that the months and the year from `first` on do not have, where the rule puts them elsewhere.
    fn take_skipped(&self, first: Date, count: i16, out: &mut Vec<Date>) {
        if self.rule.skip == Skip::Omit || self.rule.frequency < Frequency::Monthly {
            return;
        }
        let mut found = Vec::new();
        let mut month = first;
        let end = days_later(first, i64::from(count));
        while !self.month_days.is_empty() && month < end {
            let length = i16::from(month.days_in_month());
            if self.month_days.iter().any(|d| *d > length) {
                found.push(month.last_of_month());
            }
            let next = days_later(month, i64::from(length));
            if next == month {
                break;
            }
            month = next;
        }
        let has_leap_day = self.rule.by_year_day.contains(&366) && first.days_in_year() < 366;
        if has_leap_day && self.rule.frequency == Frequency::Yearly {
            found.push(first.last_of_year());
        }
        for last in found {
            let day = match self.rule.skip {
                Skip::Forward => days_later(last, 1),
                _ => last,
            };
            if self.fits_week(day) && self.fits_week_day(day) {
                out.push(day);
            }
        }
        out.sort_unstable();
        out.dedup();
    }

    fn days_of_months(&self, year: i16) -> (Vec<Date>, u64) {
        let mut months = self.months.clone();
        months.sort_unstable();
        months.dedup();
        let (mut out, mut looked_at) = (Vec::new(), 0);
        for month in months {
            if let Ok(first) = Date::new(year, month as i8, 1) {
                let count = i16::from(first.days_in_month());
                looked_at += count as u64;
                out.extend(self.take(first, count));
                self.take_skipped(first, count, &mut out);
            }
        }
        (out, looked_at)
    }

    fn take(&self, first: Date, count: i16) -> Vec<Date> {
        let mut out = Vec::new();
        let mut day = first;
        for _ in 0..count {
            if self.fits(day) {
                out.push(day);
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        out
    }

    pub fn fits(&self, day: Date) -> bool {
        (self.months.is_empty() || self.months.contains(&i16::from(day.month())))
            && self.fits_month_day(day)
            && self.fits_year_day(day)
            && self.fits_week(day)
            && self.fits_week_day(day)
    }

    fn fits_month_day(&self, day: Date) -> bool {
        let from_end = i16::from(day.day()) - i16::from(day.days_in_month()) - 1;
        self.month_days.is_empty()
            || self.month_days.contains(&i16::from(day.day()))
            || self.month_days.contains(&from_end)
    }

    fn fits_year_day(&self, day: Date) -> bool {
        let all = &self.rule.by_year_day;
        all.is_empty()
            || all.contains(&day.day_of_year())
            || all.contains(&(day.day_of_year() - day.days_in_year() - 1))
    }

    fn fits_week_day(&self, day: Date) -> bool {
        if self.week_days.is_empty() {
            return true;
        }
        let is_of_year = self.rule.frequency == Frequency::Yearly && self.months.is_empty();
        let is_numbered = self.rule.frequency >= Frequency::Monthly && self.rule.by_week.is_empty();
        let (place, length) = match is_of_year {
            true => (day.day_of_year(), day.days_in_year()),
            false => (i16::from(day.day()), i16::from(day.days_in_month())),
        };
        self.week_days.iter().any(|(number, week_day)| {
            *week_day == day.weekday()
                && match number {
                    Some(n) if is_numbered && *n > 0 => (place - 1) / 7 + 1 == *n,
                    Some(n) if is_numbered => (length - place) / 7 + 1 == -*n,
                    _ => true,
                }
        })
    }

    fn fits_week(&self, day: Date) -> bool {
        let all = &self.rule.by_week;
        if all.is_empty() || self.rule.frequency != Frequency::Yearly {
            return true;
        }
        // The week belongs to the year that its fourth day lies in.
        let week_start = self.rule.week_start;
        let back = i64::from(day.weekday().since(week_start));
        let fourth = days_later(day, 3 - back);
        let week = (fourth.day_of_year() - 1) / 7 + 1;
        let weeks = weeks_in_year(fourth.year(), week_start);
        all.contains(&week) || all.contains(&(week - weeks - 1))
    }
}

/// The week that holds December 28th is the last one of its year, for weeks that begin on any day.
fn weeks_in_year(year: i16, week_start: Weekday) -> i16 {
    let Ok(day) = Date::new(year, 12, 28) else {
        return 52;
    };
    let back = i64::from(day.weekday().since(week_start));
    let fourth = days_later(day, 3 - back);
    let last = if fourth.year() == year {
        fourth
    } else {
        days_later(fourth, -7)
    };
    (last.day_of_year() - 1) / 7 + 1
}

fn days_later(day: Date, days: i64) -> Date {
    day.checked_add(SignedDuration::from_hours(24 * days))
        .unwrap_or(day)
}
