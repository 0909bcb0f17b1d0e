//! When a calendar object takes place: its occurrences within a window, and the span that they all lie in.

use super::object::{CalendarObject, ComponentKind, Moment, Part};
use super::rule::Rule;
use super::value::Length;
use super::zone::{Zone, plain_seconds};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use std::collections::{BTreeMap, BTreeSet};

/// One time that something takes place. In seconds since 1970, the end is not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Index into the object's parts: the event itself or an override.
    pub part: usize,
    pub start_s: i64,
    pub end_s: i64,
    /// For occurrences of a series: where the rule has it, in the local time of the series.
    pub recurrence_id: Option<DateTime>,
}

/// What has no time is always there.
pub const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

/// More than a screen or a program can take; what is asked for beyond has to be asked for in smaller windows.
pub const MAX_OCCURRENCES: usize = 20_000;

/// A day on every side covers the zones that those who look may be in.
const FLOATING_SLACK_S: i64 = 15 * 3_600;

/// Whether something from `start_s` to `end_s` lies in the window (RFC 4791 §9.9): touching is not enough, but what
/// has no length lies where it is.
pub fn overlaps(start_s: i64, end_s: i64, from_s: i64, to_s: i64) -> bool {
    if start_s == end_s {
        return start_s >= from_s && start_s < to_s;
    }
    start_s < to_s && end_s > from_s
}

/// Occurrences that lie in the window, ascending; at most [`MAX_OCCURRENCES`].
pub fn expand(object: &CalendarObject, floating: &Zone, from_s: i64, to_s: i64) -> Vec<Occurrence> {
    let mut out = Vec::new();
    // Beyond these there are no dates to reckon with.
    let (from_s, to_s) = (from_s.max(-60_000_000_000), to_s.min(240_000_000_000));
    let mut series_zone = None;
    for (i, part) in object.parts.iter().enumerate() {
        if part.recurrence_id.is_none() && !(part.rules.is_empty() && part.added.is_empty()) {
            series_zone = part.start.as_ref().map(|s| s.zone.clone());
            expand_series(object, i, floating, (from_s, to_s), &mut out);
            continue;
        }
        let Some((start_s, end_s)) = single_span(object.kind, part, floating) else {
            out.push(Occurrence {
                part: i,
                start_s: from_s,
                end_s: to_s,
                recurrence_id: None,
            });
            continue;
        };
        if is_within(object.kind, part, (start_s, end_s), (from_s, to_s)) {
            let zone = series_zone.as_ref().and_then(Option::as_ref);
            let recurrence_id = part.recurrence_id.as_ref().map(|r| r.local_in(zone));
            out.push(Occurrence {
                part: i,
                start_s,
                end_s,
                recurrence_id,
            });
        }
    }
    out.sort_by_key(|o| (o.start_s, o.end_s));
    out.truncate(MAX_OCCURRENCES);
    out
}

/// Tasks lie in a window also when they only end at its edge (RFC 4791 §9.9).
fn is_within(kind: ComponentKind, part: &Part, span: (i64, i64), window: (i64, i64)) -> bool {
    let (start_s, end_s) = span;
    if kind == ComponentKind::Task && (part.due.is_some() || part.start.is_none()) {
        return start_s <= window.1 && end_s >= window.0;
    }
    overlaps(start_s, end_s, window.0, window.1)
}

/// None: it has no time and is always there.
fn single_span(kind: ComponentKind, part: &Part, floating: &Zone) -> Option<(i64, i64)> {
    if let Some(start) = &part.start {
        let (start_s, end_s) = span(start, part.length, floating);
        // What says when somebody is there holds until it says something else (RFC 7953 §3.1).
        let is_open = kind == ComponentKind::Availability && start_s == end_s;
        return Some((start_s, if is_open { i64::MAX } else { end_s }));
    }
    if kind != ComponentKind::Task {
        return None;
    }
    let utc = |m: &Option<Moment>| m.as_ref().map(|m| m.to_utc(floating));
    match (utc(&part.due), utc(&part.completed), utc(&part.created)) {
        (Some(due), _, _) => Some((due, due)),
        (None, Some(completed), created) => Some((created.unwrap_or(completed).min(completed), completed)),
        (None, None, Some(created)) => Some((created, i64::MAX)),
        (None, None, None) => None,
    }
}

/// When a part takes place, the first time of a series; None: it has no time.
pub fn part_span(object: &CalendarObject, part: usize, floating: &Zone) -> Option<(i64, i64)> {
    single_span(object.kind, object.parts.get(part)?, floating)
}

fn span(start: &Moment, length: Length, floating: &Zone) -> (i64, i64) {
    let zone = start.zone.as_ref().unwrap_or(floating);
    let start_s = zone.to_utc(start.local);
    let end_local = later(start.local, length.days * 86_400);
    let end_s = zone.to_utc(end_local).saturating_add(length.seconds);
    (start_s, end_s.max(start_s))
}

fn later(local: DateTime, seconds: i64) -> DateTime {
    let moved = local.checked_add(SignedDuration::from_secs(seconds));
    moved.unwrap_or(if seconds < 0 { DateTime::MIN } else { DateTime::MAX })
}

/// Places of a series that are left out or overridden: looked up for each occurrence, however many there are.
struct Places {
    times: BTreeSet<DateTime>,
    /// Dates among the times of a series mean the whole day.
    days: BTreeSet<Date>,
}

impl Places {
    fn new<'m>(all: impl Iterator<Item = &'m Moment>, start: &Moment) -> Places {
        let (days, times): (Vec<&Moment>, Vec<&Moment>) = all.partition(|m| m.is_date && !start.is_date);
        Places {
            times: times
                .into_iter()
                .map(|m| m.local_in(start.zone.as_ref()))
                .collect(),
            days: days.into_iter().map(|m| m.local.date()).collect(),
        }
    }

    fn contains(&self, at: DateTime) -> bool {
        self.times.contains(&at) || self.days.contains(&at.date())
    }
}

/// What an override does to the series from its place on.
struct Turn {
    part: usize,
    at: DateTime,
    shift_s: i64,
}

fn expand_series(
    object: &CalendarObject,
    index: usize,
    floating: &Zone,
    window: (i64, i64),
    out: &mut Vec<Occurrence>,
) {
    let part = &object.parts[index];
    let Some(start) = &part.start else { return };
    let zone = start.zone.as_ref();
    let turns = turns(object, zone);
    let overrides = object.parts.iter().filter_map(|p| p.recurrence_id.as_ref());
    let left_out = Places::new(part.excluded.iter().chain(overrides), start);
    let reach = turns.iter().map(|t| t.shift_s.abs()).max().unwrap_or(0);
    let longest = object
        .parts
        .iter()
        .map(|p| p.length.days * 86_400 + p.length.seconds)
        .max()
        .unwrap_or(0);
    let longest = longest.max(
        part.added
            .iter()
            .filter_map(|(_, l)| *l)
            .map(|l| l.days * 86_400 + l.seconds)
            .max()
            .unwrap_or(0),
    );
    // As local times, with room for a change of the clock on the way.
    let near = zone.unwrap_or(floating);
    let from_s = window.0.saturating_sub(longest + reach).max(-62_000_000_000);
    let to_s = window.1.saturating_add(reach).min(250_000_000_000);
    let (from, to) = (
        later(near.to_local(from_s), -7_200),
        later(near.to_local(to_s), 7_200),
    );
    for (at, length) in starts_of(part, start, floating, from, to) {
        if left_out.contains(at) {
            continue;
        }
        let turn = turns
            .partition_point(|t| t.at <= at)
            .checked_sub(1)
            .and_then(|i| turns.get(i));
        let (by, local, length) = match turn {
            Some(turn) => (turn.part, later(at, turn.shift_s), object.parts[turn.part].length),
            None => (index, at, length.unwrap_or(part.length)),
        };
        let moment = Moment {
            local,
            ..start.clone()
        };
        let (start_s, end_s) = span(&moment, length, floating);
        if is_within(object.kind, part, (start_s, end_s), window) {
            out.push(Occurrence {
                part: by,
                start_s,
                end_s,
                recurrence_id: Some(at),
            });
            if out.len() >= MAX_OCCURRENCES {
                return;
            }
        }
    }
}

fn turns(object: &CalendarObject, zone: Option<&Zone>) -> Vec<Turn> {
    let mut out: Vec<Turn> = Vec::new();
    for (part, p) in object
        .parts
        .iter()
        .enumerate()
        .filter(|(_, p)| p.is_this_and_future)
    {
        let (Some(id), Some(start)) = (&p.recurrence_id, &p.start) else {
            continue;
        };
        let at = id.local_in(zone);
        let shift_s = plain_seconds(start.local_in(zone)) - plain_seconds(at);
        out.push(Turn { part, at, shift_s });
    }
    out.sort_by_key(|t| t.at);
    out
}

/// Local starts of a series with the length of those that have their own.
fn starts_of(
    part: &Part,
    start: &Moment,
    floating: &Zone,
    from: DateTime,
    to: DateTime,
) -> BTreeMap<DateTime, Option<Length>> {
    let mut out = BTreeMap::new();
    let zone = start.zone.as_ref();
    let starts = |rule: &Rule| {
        let until = rule.until_local(zone.unwrap_or(floating));
        // A date has no time of day that an UNTIL with one could cut off.
        let until = until.map(|u| {
            if start.is_date {
                later(u.date().into(), 86_399)
            } else {
                u
            }
        });
        rule.starts(start.local, until, from, to, MAX_OCCURRENCES)
    };
    for rule in &part.rules {
        out.extend(starts(rule).into_iter().map(|at| (at, None)));
    }
    if part.rules.is_empty() {
        out.insert(start.local, None);
    }
    for (moment, length) in &part.added {
        let local = moment.local_in(zone);
        if (from..=to).contains(&local) {
            out.insert(local, *length);
        }
    }
    for rule in &part.excluding_rules {
        // A rule that says what takes place has its start in any case, one that says what does not only by itself.
        let has_start = rule.has_start(start.local);
        for at in starts(rule) {
            if at != start.local || has_start {
                out.remove(&at);
            }
        }
    }
    out
}

/// The span in which everything of the object lies, for an index: from where, to where, widened for what floats.
pub fn bounds(object: &CalendarObject) -> (i64, i64) {
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    let utc = Zone::utc();
    // Every question about somebody's time has to look at it.
    if object.kind == ComponentKind::Availability {
        return ALWAYS;
    }
    for part in &object.parts {
        let Some((start_s, end_s)) = single_span(object.kind, part, &utc) else {
            return ALWAYS;
        };
        let slack = match &part.start {
            Some(start) if start.zone.is_some() => 0,
            _ => FLOATING_SLACK_S,
        };
        first = first.min(start_s.saturating_sub(slack));
        last = last.max(end_s.saturating_add(slack));
        let Some(start) = &part.start else { continue };
        let length = end_s - start_s + slack + 86_400;
        for (moment, own) in &part.added {
            let (s, e) = span(moment, own.unwrap_or(part.length), &utc);
            first = first.min(s.saturating_sub(slack));
            last = last.max(e.saturating_add(slack));
        }
        for rule in &part.rules {
            let until = rule.until_local(start.zone.as_ref().unwrap_or(&utc));
            let end = match (until, rule.count) {
                (Some(until), _) => Some(until),
                (None, Some(_)) => rule.last_of_count(start.local),
                (None, None) => None,
            };
            last = last.max(end.map_or(i64::MAX, |e| plain_seconds(e).saturating_add(length + 86_400)));
        }
    }
    // An override from its place on moves all that follow it.
    if object.parts.iter().any(|p| p.is_this_and_future) {
        return ALWAYS;
    }
    (first, last)
}
