//! Recurrence rules (RFC 5545 §3.3.10, RFC 7529 without other calendars), in local time: the zone comes later. A rule is
//! asked for a window and begins there, so that a series of 30 years costs no more than what is looked at.

use super::rule_days::DayFilter;
use super::value::{Written, parse_time};
use super::zone::Zone;
use crate::base::Result;
use crate::formats::content_line::Property;
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, Weekday};

/// Days and moments that one question may look at: some thousand years of a rule that looks at every day. A rule that
/// asks for more has said all that anybody will see of it.
const MAX_WORK: u64 = 400_000;
/// Values of one BY part; a minute has 60, a year 366 of them.
const MAX_VALUES: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub frequency: Frequency,
    pub interval: i64,
    pub count: Option<u32>,
    pub until: Option<Written>,
    pub by_second: Vec<i16>,
    pub by_minute: Vec<i16>,
    pub by_hour: Vec<i16>,
    /// With its number within the month or year.
    pub by_day: Vec<(Option<i16>, Weekday)>,
    pub by_month_day: Vec<i16>,
    pub by_year_day: Vec<i16>,
    pub by_week: Vec<i16>,
    pub by_month: Vec<i16>,
    pub by_set_pos: Vec<i16>,
    pub week_start: Weekday,
    pub skip: Skip,
    /// Whether the rule names its calendar, which is the Gregorian one.
    has_scale: bool,
}

/// What becomes of a day that its month or year does not have (RFC 7529 §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Skip {
    #[default]
    Omit,
    /// The last day before.
    Backward,
    /// The first day behind.
    Forward,
}

impl Rule {
    /// Errors: Invalid, naming the line and the part.
    pub fn read(property: &Property) -> Result<Rule> {
        let mut out = Rule {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            by_second: Vec::new(),
            by_minute: Vec::new(),
            by_hour: Vec::new(),
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_year_day: Vec::new(),
            by_week: Vec::new(),
            by_month: Vec::new(),
            by_set_pos: Vec::new(),
            week_start: Weekday::Monday,
            skip: Skip::Omit,
            has_scale: false,
        };
        let mut has_frequency = false;
        for part in property.value.trim().split(';').filter(|p| !p.is_empty()) {
            let wrong = || property.wrong(&format!("has a part that is not understood: {part}"));
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            let name = name.trim().to_ascii_uppercase();
            has_frequency |= name == "FREQ";
            out.take(&name, value.trim()).ok_or_else(wrong)?;
        }
        if !has_frequency {
            return Err(property.wrong("says no FREQ"));
        }
        if out.skip != Skip::Omit {
            out.check_skip(property)?;
        }
        Ok(out)
    }

    /// RFC 7529 §4.2: SKIP only beside RSCALE. What lies before the first day of a month has no meaning there.
    fn check_skip(&self, property: &Property) -> Result<()> {
        if !self.has_scale {
            return Err(property.wrong("has SKIP without RSCALE"));
        }
        if self.by_month_day.iter().any(|d| *d < -28) || self.by_year_day.contains(&-366) {
            return Err(property.wrong("has SKIP with days that are counted back over the first one"));
        }
        Ok(())
    }

    fn take(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "FREQ" => self.frequency = frequency(value)?,
            "INTERVAL" => self.interval = value.parse().ok().filter(|n| (1..=100_000).contains(n))?,
            "COUNT" => self.count = Some(value.parse().ok().filter(|n| *n > 0)?),
            "UNTIL" => self.until = Some(parse_time(value)?),
            "WKST" => self.week_start = weekday(value)?,
            "BYSECOND" => self.by_second = numbers(value, 0, 60)?.into_iter().map(|s| s.min(59)).collect(),
            "BYMINUTE" => self.by_minute = numbers(value, 0, 59)?,
            "BYHOUR" => self.by_hour = numbers(value, 0, 23)?,
            "BYMONTHDAY" => self.by_month_day = signed(value, 31)?,
            "BYYEARDAY" => self.by_year_day = signed(value, 366)?,
            "BYWEEKNO" => self.by_week = signed(value, 53)?,
            "BYMONTH" => self.by_month = numbers(value, 1, 12)?,
            "BYSETPOS" => self.by_set_pos = signed(value, 366)?,
            "BYDAY" => {
                let all = value.split(',').take(MAX_VALUES).map(numbered_day);
                self.by_day = all.collect::<Option<_>>()?;
            }
            "RSCALE" if value.eq_ignore_ascii_case("GREGORIAN") => self.has_scale = true,
            "SKIP" => self.skip = skip(value)?,
            // What a program keeps here for itself changes nothing.
            other if other.starts_with("X-") => {}
            _ => return None,
        }
        Some(())
    }

    /// The last moment that UNTIL allows, in the local time of `zone`.
    pub fn until_local(&self, zone: &Zone) -> Option<DateTime> {
        let until = self.until?;
        Some(if until.is_utc {
            zone.to_local(super::zone::plain_seconds(until.local))
        } else if until.is_date {
            until.local.date().to_datetime(Time::constant(23, 59, 59, 0))
        } else {
            until.local
        })
    }

    /// Starts between `from` and `to`, both included, ascending; at most `limit`. `until`: see [`Rule::until_local`].
    pub fn starts(
        &self,
        start: DateTime,
        until: Option<DateTime>,
        from: DateTime,
        to: DateTime,
        limit: usize,
    ) -> Vec<DateTime> {
        let mut out = Vec::new();
        self.walk(start, until, from, to, &mut |at| {
            out.push(at);
            out.len() < limit
        });
        out
    }

    /// The last start of a rule with COUNT; None when it is not known with the work that is allowed.
    pub fn last_of_count(&self, start: DateTime) -> Option<DateTime> {
        let count = self.count?;
        if self.is_plain() {
            return self.period_start(start, i64::from(count) - 1);
        }
        let (mut last, mut seen) = (start, 0);
        self.walk(start, None, start, DateTime::MAX, &mut |at| {
            last = at;
            seen += 1;
            true
        });
        (seen == count).then_some(last)
    }

    /// Whether the rule itself would have its start.
    pub fn has_start(&self, start: DateTime) -> bool {
        let begin = self.period_start(start, 0);
        begin.is_some_and(|b| {
            self.moments(&DayFilter::new(self, start), start, b)
                .0
                .contains(&start)
        })
    }

    fn walk(
        &self,
        start: DateTime,
        until: Option<DateTime>,
        from: DateTime,
        to: DateTime,
        take: &mut dyn FnMut(DateTime) -> bool,
    ) {
        let to = until.map_or(to, |u| u.min(to));
        // DTSTART is the first one, whether the rule would have it or not.
        if start > to || (start >= from && !take(start)) {
            return;
        }
        let mut left = self.count.map_or(u64::MAX, u64::from) - 1;
        let mut period = 0;
        if from > start && (self.count.is_none() || self.is_plain()) {
            period = (self.periods_between(start, from) - 2).max(0);
            left = left.saturating_sub((period - 1).max(0) as u64);
        }
        let filter = DayFilter::new(self, start);
        let (mut work, mut last) = (0, start);
        while left > 0 && work < MAX_WORK {
            let Some(begin) = self.period_start(start, period) else {
                return;
            };
            if self.first_possible(begin) > to {
                return;
            }
            let (moments, cost) = self.moments(&filter, start, begin);
            work += cost;
            for at in moments.iter().copied() {
                // A day that was skipped may be one that the next month has, too.
                if at <= last {
                    continue;
                }
                if at > to {
                    return;
                }
                last = at;
                left -= 1;
                if (at >= from && !take(at)) || left == 0 {
                    return;
                }
            }
            period =
                match moments.is_empty() && self.frequency < Frequency::Daily && !filter.fits(begin.date()) {
                    true => self.first_of_next_day(start, begin, period),
                    false => period + 1,
                };
        }
    }

    /// One start in each period, whatever the calendar says.
    fn is_plain(&self) -> bool {
        let has_parts = [
            &self.by_second,
            &self.by_minute,
            &self.by_hour,
            &self.by_month_day,
            &self.by_year_day,
            &self.by_week,
            &self.by_month,
            &self.by_set_pos,
        ]
        .iter()
        .any(|p| !p.is_empty());
        !has_parts && self.by_day.is_empty() && self.frequency <= Frequency::Weekly
    }

    fn seconds(&self) -> i64 {
        match self.frequency {
            Frequency::Secondly => 1,
            Frequency::Minutely => 60,
            Frequency::Hourly => 3_600,
            Frequency::Daily => 86_400,
            _ => 7 * 86_400,
        }
    }

    fn periods_between(&self, start: DateTime, at: DateTime) -> i64 {
        let years = i64::from(at.year()) - i64::from(start.year());
        match self.frequency {
            Frequency::Yearly => years / self.interval,
            Frequency::Monthly => {
                (years * 12 + i64::from(at.month()) - i64::from(start.month())) / self.interval
            }
            _ => start.duration_until(at).as_secs() / (self.seconds() * self.interval),
        }
    }

    /// Some moment in the period: its first day for months and years, else the start moved on. None: beyond all dates.
    fn period_start(&self, start: DateTime, period: i64) -> Option<DateTime> {
        let steps = period.checked_mul(self.interval)?;
        match self.frequency {
            Frequency::Yearly => {
                let year = i64::from(start.year()).checked_add(steps)?;
                Some(
                    Date::new(i16::try_from(year).ok()?, 1, 1)
                        .ok()?
                        .to_datetime(start.time()),
                )
            }
            Frequency::Monthly => {
                let month =
                    (i64::from(start.year()) * 12 + i64::from(start.month()) - 1).checked_add(steps)?;
                let year = i16::try_from(month.div_euclid(12)).ok()?;
                let first = Date::new(year, month.rem_euclid(12) as i8 + 1, 1).ok()?;
                Some(first.to_datetime(start.time()))
            }
            _ => {
                let seconds = self.seconds().checked_mul(steps)?;
                start.checked_add(SignedDuration::from_secs(seconds)).ok()
            }
        }
    }

    /// No moment of the period that begins with `begin` is earlier.
    fn first_possible(&self, begin: DateTime) -> DateTime {
        match self.frequency {
            Frequency::Weekly => begin
                .checked_sub(SignedDuration::from_hours(7 * 24))
                .unwrap_or(begin),
            Frequency::Hourly | Frequency::Minutely | Frequency::Secondly => {
                begin.checked_sub(SignedDuration::from_hours(1)).unwrap_or(begin)
            }
            _ => begin.date().to_datetime(Time::midnight()),
        }
    }

    fn first_of_next_day(&self, start: DateTime, begin: DateTime, period: i64) -> i64 {
        let Ok(tomorrow) = begin.date().tomorrow() else {
            return period + 1;
        };
        let midnight = tomorrow.to_datetime(Time::midnight());
        let step = self.seconds() * self.interval;
        let seconds = start.duration_until(midnight).as_secs();
        (seconds / step).max(period + 1)
    }

    /// The moments of one period, ascending, and what finding them cost.
    fn moments(&self, filter: &DayFilter<'_>, start: DateTime, begin: DateTime) -> (Vec<DateTime>, u64) {
        let (days, looked_at) = filter.days(begin.date());
        let times = if days.is_empty() {
            Vec::new()
        } else {
            self.times(start, begin)
        };
        let mut out = Vec::with_capacity(days.len() * times.len());
        for day in &days {
            out.extend(times.iter().map(|t| day.to_datetime(*t)));
        }
        let cost = 1 + looked_at + out.len() as u64;
        if self.by_set_pos.is_empty() {
            return (out, cost);
        }
        let place = |pos: &i16| match *pos {
            n if n > 0 => out.get(n as usize - 1),
            n => out
                .len()
                .checked_sub(n.unsigned_abs() as usize)
                .and_then(|i| out.get(i)),
        };
        let mut chosen: Vec<DateTime> = self.by_set_pos.iter().filter_map(place).copied().collect();
        chosen.sort_unstable();
        chosen.dedup();
        (chosen, cost)
    }

    fn times(&self, start: DateTime, begin: DateTime) -> Vec<Time> {
        let or = |list: &[i16], expands: bool, now: i8, first: i8| -> Vec<i8> {
            let given = list.iter().map(|n| *n as i8);
            match (list.is_empty(), expands) {
                (true, true) => vec![first],
                (true, false) => vec![now],
                (false, true) => given.collect(),
                (false, false) => given.filter(|n| *n == now).collect(),
            }
        };
        let f = self.frequency;
        let hours = or(&self.by_hour, f > Frequency::Hourly, begin.hour(), start.hour());
        let minutes = or(
            &self.by_minute,
            f > Frequency::Minutely,
            begin.minute(),
            start.minute(),
        );
        let seconds = or(
            &self.by_second,
            f > Frequency::Secondly,
            begin.second(),
            start.second(),
        );
        let mut out = Vec::new();
        for hour in &hours {
            for minute in &minutes {
                out.extend(
                    seconds
                        .iter()
                        .filter_map(|second| Time::new(*hour, *minute, *second, 0).ok()),
                );
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

fn frequency(word: &str) -> Option<Frequency> {
    Some(match word.to_ascii_uppercase().as_str() {
        "SECONDLY" => Frequency::Secondly,
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return None,
    })
}

fn skip(word: &str) -> Option<Skip> {
    Some(match word.to_ascii_uppercase().as_str() {
        "OMIT" => Skip::Omit,
        "BACKWARD" => Skip::Backward,
        "FORWARD" => Skip::Forward,
        _ => return None,
    })
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word.trim().to_ascii_uppercase().as_str() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

fn numbered_day(word: &str) -> Option<(Option<i16>, Weekday)> {
    let word = word.trim();
    let (number, day) = word.split_at_checked(word.len().checked_sub(2)?)?;
    let number = match number {
        "" => None,
        n => Some(n.parse().ok().filter(|n: &i16| (1..=53).contains(&n.abs()))?),
    };
    Some((number, weekday(day)?))
}

fn numbers(value: &str, least: i16, most: i16) -> Option<Vec<i16>> {
    let one = |word: &str| word.trim().parse().ok().filter(|n| (least..=most).contains(n));
    value.split(',').take(MAX_VALUES).map(one).collect()
}

fn signed(value: &str, most: i16) -> Option<Vec<i16>> {
    numbers(value, -most, most).filter(|all| !all.contains(&0))
}
