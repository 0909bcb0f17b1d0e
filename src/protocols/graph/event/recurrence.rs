//! Graph's patternedRecurrence and iCalendar's RRULE. What a rule says beyond the six patterns is shown as near as
//! possible, and stays as it is as long as nobody names another pattern.

use crate::formats::ical::rule::{Frequency, Rule};
use crate::formats::ical::zone::{Zone, plain_time};
use crate::formats::ical::zone_print::day_word;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::weekday::DAYS;
use jiff::civil::{Date, DateTime, Weekday};
use serde_json::{Value, json};

const INDEXES: [(&str, i16); 5] = [
    ("first", 1),
    ("second", 2),
    ("third", 3),
    ("fourth", 4),
    ("last", -1),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Daily,
    Weekly,
    AbsoluteMonthly,
    RelativeMonthly,
    AbsoluteYearly,
    RelativeYearly,
}

const KINDS: [(&str, Kind); 6] = [
    ("daily", Kind::Daily),
    ("weekly", Kind::Weekly),
    ("absoluteMonthly", Kind::AbsoluteMonthly),
    ("relativeMonthly", Kind::RelativeMonthly),
    ("absoluteYearly", Kind::AbsoluteYearly),
    ("relativeYearly", Kind::RelativeYearly),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    NoEnd,
    EndDate(Date),
    Numbered(u32),
}

/// One of Graph's patterns with its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    kind: Kind,
    interval: i64,
    days: Vec<Weekday>,
    day: i8,
    month: i8,
    index: i16,
    week_start: Weekday,
    range: Range,
}

fn word<T: PartialEq + Copy>(table: &[(&'static str, T)], value: T) -> &'static str {
    table.iter().find(|(_, v)| *v == value).map_or("", |(w, _)| w)
}

fn value<T: Copy>(table: &[(&'static str, T)], word: &str, name: &str) -> Result<T, GraphError> {
    let found = table.iter().find(|(w, _)| w.eq_ignore_ascii_case(word));
    found.map(|(_, v)| *v).ok_or_else(|| {
        let known: Vec<&str> = table.iter().map(|(w, _)| *w).collect();
        wrong(format!(
            "»{name}« of »recurrence« is »{}«; known: {}",
            crate::base::text::one_line(word),
            known.join(", ")
        ))
    })
}

fn wrong(what: String) -> GraphError {
    GraphError::bad("ErrorInvalidRequest", what)
}

impl Pattern {
    /// The nearest to a rule. `start`: the series' own, in `zone`.
    pub fn of_rule(rule: &Rule, start: DateTime, zone: &Zone) -> Pattern {
        let days: Vec<Weekday> = rule.by_day.iter().map(|(_, d)| *d).collect();
        let number = rule.by_day.iter().find_map(|(n, _)| *n);
        let index = number.or(rule.by_set_pos.first().copied());
        let index = index.map(|n| if n < 0 { -1 } else { n.clamp(1, 4) });
        let is_relative = index.is_some() && !days.is_empty();
        let kind = match rule.frequency {
            Frequency::Weekly => Kind::Weekly,
            Frequency::Daily if rule.by_day.is_empty() => Kind::Daily,
            Frequency::Daily => Kind::Weekly,
            Frequency::Monthly if is_relative => Kind::RelativeMonthly,
            Frequency::Monthly => Kind::AbsoluteMonthly,
            Frequency::Yearly if is_relative => Kind::RelativeYearly,
            Frequency::Yearly => Kind::AbsoluteYearly,
            _ => Kind::Daily,
        };
        let last_day = rule.by_month_day.iter().copied().max();
        let day = match last_day {
            Some(n) if n < 0 => 31,
            Some(n) => n as i8,
            None => start.day(),
        };
        let month = rule.by_month.first().map_or(start.month(), |m| *m as i8);
        Pattern {
            kind,
            interval: match rule.frequency {
                Frequency::Daily if kind == Kind::Weekly => 1,
                f if f < Frequency::Daily => 1,
                _ => rule.interval,
            },
            days: match (days.is_empty(), kind) {
                (true, Kind::Weekly) => vec![start.weekday()],
                _ => days,
            },
            day,
            month,
            index: index.unwrap_or(1),
            week_start: rule.week_start,
            range: match (rule.count, rule.until_local(zone)) {
                (Some(count), _) => Range::Numbered(count),
                (None, Some(until)) => Range::EndDate(until.date()),
                (None, None) => Range::NoEnd,
            },
        }
    }

    /// Every field, with neutral values in those that the kind does not use: programs read them all.
    pub fn print(&self, start: Date, zone: &str) -> Value {
        use Kind::{AbsoluteMonthly, AbsoluteYearly, RelativeMonthly, RelativeYearly, Weekly};
        let has_days = matches!(self.kind, Weekly | RelativeMonthly | RelativeYearly);
        let has_day = matches!(self.kind, AbsoluteMonthly | AbsoluteYearly);
        let has_month = matches!(self.kind, AbsoluteYearly | RelativeYearly);
        let has_index = matches!(self.kind, RelativeMonthly | RelativeYearly);
        let days: Vec<&str> = self.days.iter().map(|d| word(&DAYS, *d)).collect();
        let (kind, end, count) = match self.range {
            Range::NoEnd => ("noEnd", "0001-01-01".to_owned(), 0),
            Range::EndDate(end) => ("endDate", end.to_string(), 0),
            Range::Numbered(count) => ("numbered", "0001-01-01".to_owned(), count),
        };
        json!({
            "pattern": {
                "type": word(&KINDS, self.kind),
                "interval": self.interval,
                "month": if has_month { self.month } else { 0 },
                "dayOfMonth": if has_day { self.day } else { 0 },
                "daysOfWeek": if has_days { days } else { Vec::new() },
                "firstDayOfWeek": if self.kind == Weekly { word(&DAYS, self.week_start) } else { "sunday" },
                "index": if has_index { word(&INDEXES, self.index) } else { "first" },
            },
            "range": {
                "type": kind,
                "startDate": start.to_string(),
                "endDate": end,
                "recurrenceTimeZone": zone,
                "numberOfOccurrences": count,
            },
        })
    }

    /// Errors: ErrorInvalidRequest, naming what is wrong.
    pub fn read(recurrence: &Value, start: Date) -> Result<Pattern, GraphError> {
        let missing = |name: &str| wrong(format!("»recurrence« lacks »{name}«"));
        let pattern = json::object(recurrence, "pattern")?.ok_or_else(|| missing("pattern"))?;
        let range = json::object(recurrence, "range")?.ok_or_else(|| missing("range"))?;
        let kind = value(&KINDS, json::required_text(pattern, "type")?, "type")?;
        let days = json::list(pattern, "daysOfWeek")?.unwrap_or_default();
        let days: Vec<Weekday> = days
            .iter()
            .map(|d| value(&DAYS, d.as_str().unwrap_or_default(), "daysOfWeek"))
            .collect::<Result<_, _>>()?;
        let number = |from: &Value, name: &str, most: i64, or: i64| match json::field(from, name) {
            None => Ok(or),
            Some(v) => match v.as_i64() {
                Some(0) => Ok(or),
                Some(n) if (1..=most).contains(&n) => Ok(n),
                _ => Err(wrong(format!(
                    "»{name}« of »recurrence« is to be a number from 1 to {most}"
                ))),
            },
        };
        let needs_days = matches!(kind, Kind::RelativeMonthly | Kind::RelativeYearly);
        if needs_days && days.is_empty() {
            return Err(missing("daysOfWeek"));
        }
        let range = match json::text(range, "type")?
            .unwrap_or("noEnd")
            .to_ascii_lowercase()
            .as_str()
        {
            "noend" => Range::NoEnd,
            "numbered" => Range::Numbered(number(range, "numberOfOccurrences", 10_000, 1)? as u32),
            "enddate" => {
                let text = json::required_text(range, "endDate")?;
                let end: Date =
                    text.get(..10).unwrap_or(text).parse().map_err(|_| {
                        wrong(format!("»endDate« of »recurrence« is »{text}«; write 2026-12-31"))
                    })?;
                Range::EndDate(end)
            }
            other => {
                return Err(wrong(format!(
                    "»{other}« is no type of a range; known: noEnd, endDate, numbered"
                )));
            }
        };
        Ok(Pattern {
            kind,
            interval: number(pattern, "interval", 999, 1)?,
            days: match (days.is_empty(), kind) {
                (true, Kind::Weekly) => vec![start.weekday()],
                _ => days,
            },
            day: number(pattern, "dayOfMonth", 31, i64::from(start.day()))? as i8,
            month: number(pattern, "month", 12, i64::from(start.month()))? as i8,
            index: value(
                &INDEXES,
                json::text(pattern, "index")?.unwrap_or("first"),
                "index",
            )?,
            week_start: value(
                &DAYS,
                json::text(pattern, "firstDayOfWeek")?.unwrap_or("sunday"),
                "firstDayOfWeek",
            )?,
            range,
        })
    }

    /// The value of RRULE. `zone`: of the series; None: it floats, as dates do.
    pub fn rule_text(&self, is_date: bool, zone: Option<&Zone>) -> String {
        let frequency = match self.kind {
            Kind::Daily => "DAILY",
            Kind::Weekly => "WEEKLY",
            Kind::AbsoluteMonthly | Kind::RelativeMonthly => "MONTHLY",
            Kind::AbsoluteYearly | Kind::RelativeYearly => "YEARLY",
        };
        let mut out = format!("FREQ={frequency}");
        if self.interval > 1 {
            out.push_str(&format!(";INTERVAL={}", self.interval));
        }
        if matches!(self.kind, Kind::AbsoluteYearly | Kind::RelativeYearly) {
            out.push_str(&format!(";BYMONTH={}", self.month));
        }
        let days: Vec<&str> = self.days.iter().map(|d| day_word(*d)).collect();
        match self.kind {
            Kind::Daily => {}
            Kind::Weekly => {
                out.push_str(&format!(
                    ";BYDAY={};WKST={}",
                    days.join(","),
                    day_word(self.week_start)
                ));
            }
            // The last day where a month is shorter, as Exchange has it.
            Kind::AbsoluteMonthly if self.day == 31 => out.push_str(";BYMONTHDAY=-1"),
            Kind::AbsoluteMonthly if self.day > 28 => {
                let all: Vec<String> = (28..=self.day).map(|d| d.to_string()).collect();
                out.push_str(&format!(";BYMONTHDAY={};BYSETPOS=-1", all.join(",")));
            }
            Kind::AbsoluteMonthly | Kind::AbsoluteYearly => {
                out.push_str(&format!(";BYMONTHDAY={}", self.day));
            }
            Kind::RelativeMonthly | Kind::RelativeYearly => match days.as_slice() {
                [day] => out.push_str(&format!(";BYDAY={}{day}", self.index)),
                all => out.push_str(&format!(";BYDAY={};BYSETPOS={}", all.join(","), self.index)),
            },
        }
        match self.range {
            Range::NoEnd => {}
            Range::Numbered(count) => out.push_str(&format!(";COUNT={count}")),
            Range::EndDate(end) if is_date => out.push_str(&format!(";UNTIL={}", end.strftime("%Y%m%d"))),
            Range::EndDate(end) => {
                let last = end.at(23, 59, 59, 0);
                let (last, mark) = match zone {
                    Some(zone) => (plain_time(zone.to_utc(last)), "Z"),
                    None => (last, ""),
                };
                out.push_str(&format!(";UNTIL={}{mark}", last.strftime("%Y%m%dT%H%M%S")));
            }
        }
        out
    }

    /// The first day from `date` on that the pattern means; `date` itself when there is none within the next ten years.
    pub fn first_from(&self, date: Date) -> Date {
        let mut at = date;
        for _ in 0..3_700 {
            if self.means(at) {
                return at;
            }
            match at.tomorrow() {
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        date
    }

    fn means(&self, date: Date) -> bool {
        let is_nth = || {
            // Several days: the nth of all of them in the month.
            let last = date.days_in_month();
            let all: Vec<i8> = (1..=last)
                .filter(|d| {
                    let day = Date::new(date.year(), date.month(), *d);
                    day.is_ok_and(|d| self.days.contains(&d.weekday()))
                })
                .collect();
            let place = match self.index {
                -1 => all.last(),
                n => all.get(n as usize - 1),
            };
            place == Some(&date.day())
        };
        match self.kind {
            Kind::Daily => true,
            Kind::Weekly => self.days.contains(&date.weekday()),
            Kind::AbsoluteMonthly => date.day() == self.day.min(date.days_in_month()),
            Kind::RelativeMonthly => is_nth(),
            Kind::AbsoluteYearly => date.month() == self.month && date.day() == self.day,
            Kind::RelativeYearly => date.month() == self.month && is_nth(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::Property;

    fn round(rule: &str, start: &str) -> (Value, String) {
        let rule = Rule::read(&Property::new("RRULE", rule)).unwrap();
        let start: DateTime = start.parse().unwrap();
        let zone = Zone::by_name("Europe/Berlin").unwrap();
        let shown = Pattern::of_rule(&rule, start, &zone).print(start.date(), "Europe/Berlin");
        let read = Pattern::read(&shown, start.date()).unwrap();
        (shown, read.rule_text(false, Some(&zone)))
    }

    #[test]
    fn rules_that_graph_can_say_come_back() {
        for rule in [
            "FREQ=DAILY;INTERVAL=3",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=MO;COUNT=10",
            "FREQ=MONTHLY;BYMONTHDAY=15;UNTIL=20270131T225959Z",
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
            "FREQ=MONTHLY;BYDAY=2TU",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=23",
            "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        ] {
            assert_eq!(round(rule, "2026-11-23T09:00:00").1, rule);
        }
        let (shown, _) = round("FREQ=MONTHLY;BYDAY=-1FR", "2026-11-27T09:00:00");
        assert_eq!(
            shown["pattern"],
            json!({"type": "relativeMonthly", "interval": 1, "month": 0, "dayOfMonth": 0, "daysOfWeek": ["friday"],
                "firstDayOfWeek": "sunday", "index": "last"})
        );
        assert_eq!(shown["range"]["endDate"], "0001-01-01");
    }

    #[test]
    fn a_start_beside_the_pattern_moves_to_its_first_day() {
        let pattern = |p: Value| {
            let recurrence = json!({"pattern": p, "range": {"type": "noEnd"}});
            Pattern::read(&recurrence, "2026-11-23".parse().unwrap()).unwrap()
        };
        let weekly = pattern(json!({"type": "weekly", "interval": 1, "daysOfWeek": ["Wednesday"]}));
        assert_eq!(
            weekly.first_from("2026-11-23".parse().unwrap()).to_string(),
            "2026-11-25"
        );
        let relative =
            pattern(json!({"type": "relativeMonthly", "daysOfWeek": ["friday"], "index": "first"}));
        assert_eq!(
            relative.first_from("2026-11-23".parse().unwrap()).to_string(),
            "2026-12-04"
        );
        let short = pattern(json!({"type": "absoluteMonthly", "dayOfMonth": 31}));
        assert_eq!(
            short.first_from("2026-11-23".parse().unwrap()).to_string(),
            "2026-11-30"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for bad in [
            json!({}),
            json!({"pattern": {"type": "hourly"}, "range": {}}),
            json!({"pattern": {"type": "weekly", "daysOfWeek": ["x"]}, "range": {}}),
            json!({"pattern": {"type": "daily", "interval": -1}, "range": {}}),
            json!({"pattern": {"type": "daily"}, "range": {"type": "endDate", "endDate": "x"}}),
            json!({"pattern": {"type": "relativeMonthly"}, "range": {}}),
        ] {
            assert!(
                Pattern::read(&bad, "2026-11-23".parse().unwrap()).is_err(),
                "{bad}"
            );
        }
    }
}
