//! What an organizer's change has to tell: who is invited, who is told of what is new, who is uninvited.

use super::answer::PROPOSED;
use super::compare::{content, people, place, times};
use super::{Outgoing, calendar_of, is_own, stamp};
use crate::base::TimeMs;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::people::{PartStat, address_of, is_scheduled_by_server};
use crate::formats::ical::{Entry, Method, Series};
use crate::model::Account;
use jiff::civil::DateTime;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Who an address is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Ours,
    /// One of our domains, and nobody there.
    Nobody,
    Elsewhere,
}

pub type Standings = HashMap<String, Standing>;

/// Takes over what attendees have answered since the program last read the event.
pub fn keep_answers(old: &Series, new: &mut Series) {
    let answers = |entry: &Entry| -> BTreeMap<String, Property> {
        let all = entry.component.attendees();
        all.map(|p| (address_of(p), p.clone())).collect()
    };
    let master = old.master.as_ref().map(answers).unwrap_or_default();
    let take = |entry: &mut Entry, from: &BTreeMap<String, Property>| {
        for attendee in entry.component.attendees_mut() {
            if let Some(before) = from.get(&address_of(attendee)) {
                attendee.set_param("PARTSTAT", PartStat::of(before).name());
            }
        }
    };
    if let Some(entry) = &mut new.master {
        take(entry, &master);
    }
    for (place, entry) in &mut new.overrides {
        match old.overrides.get(place) {
            Some(before) => take(entry, &answers(before)),
            None => take(entry, &master),
        }
    }
}

/// Raises SEQUENCE where something weighty changed, and asks again where the time did (RFC 5546 §2.1.4).
fn raise(me: &Account, old: &Series, new: &mut Series) {
    let (was_out, is_out) = (old.excluded(), new.excluded());
    let is_back = |place: &DateTime| !new.overrides.contains_key(place) && !is_out.contains(place);
    // What goes back into its series is nothing that could be told by itself.
    let has_returned = was_out.iter().chain(old.overrides.keys()).any(is_back);
    let implied = new.clone();
    if let (Some(before), Some(after)) = (&old.master, &mut new.master) {
        let is_left = !people(&before.component).is_subset(&people(&after.component));
        let is_cancelled = after.component.is_cancelled() && !before.component.is_cancelled();
        let other_times = times(&before.part) != times(&after.part);
        let is_weighty = has_returned
            || other_times
            || is_left
            || is_cancelled
            || place(&before.component) != place(&after.component);
        settle(me, after, before.component.sequence(), is_weighty, other_times);
    }
    for (at, after) in &mut new.overrides {
        let (before, other_times) = match old.overrides.get(at) {
            Some(before) => (Some(before), times(&before.part) != times(&after.part)),
            None => {
                let usual = implied.occurrence(*at).is_some_and(|_| {
                    let start = after
                        .part
                        .start
                        .as_ref()
                        .map(|s| s.local_in(implied.zone.as_ref()));
                    let length = implied.master.as_ref().map(|m| m.part.length);
                    start == Some(*at) && length == Some(after.part.length)
                });
                (old.master.as_ref(), !usual)
            }
        };
        let Some(before) = before else { continue };
        let is_left = !people(&before.component).is_subset(&people(&after.component));
        let is_cancelled = after.component.is_cancelled() && !before.component.is_cancelled();
        let is_weighty =
            other_times || is_left || is_cancelled || place(&before.component) != place(&after.component);
        settle(me, after, before.component.sequence(), is_weighty, other_times);
    }
}

fn settle(me: &Account, after: &mut Entry, before: i64, is_weighty: bool, asks_again: bool) {
    let least = before + i64::from(is_weighty);
    if after.component.sequence() < least {
        after.component.set("SEQUENCE", least.to_string());
    }
    // What was proposed was about what is no more, whether it was taken or not (RFC 5546 §3.2.7).
    for attendee in after.component.attendees_mut().filter(|_| is_weighty) {
        attendee.take_param(PROPOSED);
    }
    if asks_again {
        for attendee in after.component.attendees_mut() {
            if !is_own(me, &address_of(attendee)) && PartStat::of(attendee) != PartStat::NeedsAction {
                attendee.set_param("PARTSTAT", PartStat::NeedsAction.name());
            }
        }
    }
}

/// Who takes part in which of an object's components: the event itself first, then its overrides by their place.
struct Guests(Vec<BTreeSet<String>>);

impl Guests {
    fn of(me: &Account, series: Option<&Series>) -> Guests {
        let entries = series.into_iter().flat_map(|s| {
            let master = std::iter::once(s.master.as_ref());
            master.chain(s.overrides.values().map(Some))
        });
        let guests = |entry: Option<&Entry>| -> BTreeSet<String> {
            let component = entry.map(|e| &e.component).filter(|c| !c.is_cancelled());
            let all = component.into_iter().flat_map(Component::attendees);
            all.filter(|p| is_scheduled_by_server(p))
                .map(address_of)
                .filter(|a| !is_own(me, a))
                .collect()
        };
        Guests(entries.map(guests).collect())
    }

    fn mask(&self, who: &str) -> Vec<bool> {
        self.0.iter().map(|g| g.contains(who)).collect()
    }
}

/// The part of an object that somebody sees who takes part in the components of `mask`.
fn part_of(series: &Series, mask: &[bool]) -> Option<Series> {
    let mut out = series.clone();
    let sees = |i: usize| mask.get(i).copied().unwrap_or_default();
    if !sees(0) {
        out.master = None;
    }
    for (i, place) in series.overrides.keys().enumerate() {
        if !sees(i + 1) {
            match out.master {
                Some(_) => out.exclude(*place),
                None => {
                    out.overrides.remove(place);
                }
            }
        }
    }
    (!out.is_empty()).then_some(out)
}

/// As it leaves the organizer: without what is the organizer's own.
pub(super) fn cleaned(component: &Component, now_ms: TimeMs) -> Component {
    let mut out = component.clone();
    out.parts.retain(|p| p.name != "VALARM");
    out.properties.retain(|p| {
        let is_private = p.name.starts_with("X-MOZ-") || p.name == "X-LIC-ERROR" || p.name == "CATEGORIES";
        !is_private && p.name != "TRANSP"
    });
    for property in &mut out.properties {
        if matches!(property.name.as_str(), "ATTENDEE" | "ORGANIZER") {
            property
                .params
                .retain(|(n, _)| !n.starts_with("SCHEDULE-") && !n.starts_with("X-HAUSPOST-"));
        }
    }
    out.set("DTSTAMP", stamp(now_ms));
    out
}

fn request(series: &Series, entries: Vec<&Entry>, now_ms: TimeMs) -> (Method, Component) {
    let all = entries
        .into_iter()
        .map(|e| cleaned(&e.component, now_ms))
        .collect();
    (Method::Request, calendar_of(series, all))
}

fn cancel(series: &Series, all: Vec<Component>, sequence: i64, now_ms: TimeMs) -> (Method, Component) {
    const KEPT: [&str; 13] = [
        "UID",
        "RECURRENCE-ID",
        "DTSTART",
        "DTEND",
        "DUE",
        "DURATION",
        "RRULE",
        "SUMMARY",
        "LOCATION",
        "ORGANIZER",
        "ATTENDEE",
        "SEQUENCE",
        "STATUS",
    ];
    let told = all.iter().map(|c| {
        let mut out = cleaned(c, now_ms);
        out.properties
            .retain(|p| KEPT.contains(&p.name.as_str()) || p.name == "DTSTAMP");
        out.set("STATUS", "CANCELLED");
        out.set("SEQUENCE", sequence.max(c.sequence()).to_string());
        out
    });
    (Method::Cancel, calendar_of(series, told.collect()))
}

/// What somebody is told who saw `old` and is to see `new`. `with_people`: also who else takes part is news.
fn told(
    old: Option<&Series>,
    new: Option<&Series>,
    sequence: i64,
    is_forced: bool,
    with_people: bool,
    now_ms: TimeMs,
) -> Vec<(Method, Component)> {
    let (old, new) = match (old, new) {
        (None, None) => return Vec::new(),
        (None, Some(new)) => return vec![request(new, new.entries().collect(), now_ms)],
        (Some(old), None) => {
            // Who is not wanted at all does not need to hear of each occurrence.
            let all = match &old.master {
                Some(master) => vec![master.component.clone()],
                None => old.overrides.values().map(|e| e.component.clone()).collect(),
            };
            return vec![cancel(old, all, sequence, now_ms)];
        }
        (Some(old), Some(new)) => (old, new),
    };
    let differs = |o: &Entry, n: &Entry| {
        // Who raises it wants everybody to know; and an answer to an older one would not count any more.
        times(&o.part) != times(&n.part)
            || n.component.sequence() > o.component.sequence()
            || content(&o.component) != content(&n.component)
            || (with_people && people(&o.component) != people(&n.component))
    };
    let is_whole = match (&old.master, &new.master) {
        (Some(o), Some(n)) => differs(o, n),
        (None, Some(_)) => true,
        _ => false,
    };
    if is_forced || is_whole {
        return vec![request(new, new.entries().collect(), now_ms)];
    }
    let mut out = Vec::new();
    if let (Some(master), None) = (&old.master, &new.master) {
        out.push(cancel(old, vec![master.component.clone()], sequence, now_ms));
    }
    let (was_out, is_out) = (old.excluded(), new.excluded());
    let gone = old
        .overrides
        .keys()
        .filter(|p| !new.overrides.contains_key(p) && (new.master.is_none() || is_out.contains(p)));
    let gone: BTreeSet<_> = gone.chain(is_out.difference(&was_out)).copied().collect();
    if gone.len() > MOST_SINGLE && new.master.is_some() {
        return vec![request(new, new.entries().collect(), now_ms)];
    }
    for place in gone {
        let stood = old.overrides.get(&place).map(|e| e.component.clone());
        if let Some(component) = stood.or_else(|| old.occurrence(place)) {
            let single = component.sequence() + 1;
            out.push(cancel(old, vec![component], single, now_ms));
        }
    }
    let changed: Vec<&Entry> = new
        .overrides
        .iter()
        .filter(|(place, entry)| {
            old.overrides
                .get(place)
                .is_none_or(|before| differs(before, entry))
        })
        .map(|(_, entry)| entry)
        .collect();
    if !changed.is_empty() {
        out.push(request(new, changed, now_ms));
    }
    out
}

/// So many occurrences are told one by one; with more, the whole series says it shorter.
const MOST_SINGLE: usize = 20;

/// Which components somebody saw and is to see; whether they are told whatever changed; whether they are one of us.
type View = (Vec<bool>, Vec<bool>, bool, bool);

/// What has to be told to whom. `new` gets its SEQUENCE and, for everybody who is told, SCHEDULE-STATUS.
pub fn plan(
    me: &Account,
    old: Option<&Series>,
    mut new: Option<&mut Series>,
    standings: &Standings,
    now_ms: TimeMs,
) -> Vec<Outgoing> {
    if let (Some(old), Some(new)) = (old, new.as_deref_mut()) {
        raise(me, old, new);
    }
    let forced = new.as_deref_mut().map(take_forced).unwrap_or_default();
    let now = new.as_deref();
    let sequence = match (now.and_then(Series::first), old.and_then(Series::first)) {
        (Some(new), _) => new.component.sequence(),
        (None, old) => old.map_or(0, |o| o.component.sequence()) + 1,
    };
    let (before, after) = (Guests::of(me, old), Guests::of(me, now));
    let everybody: BTreeSet<&String> = before.0.iter().chain(&after.0).flatten().collect();
    // Those who see the same are told the same.
    let mut alike: BTreeMap<View, Vec<String>> = BTreeMap::new();
    for who in everybody {
        let is_ours = standings.get(who) == Some(&Standing::Ours);
        let key = (before.mask(who), after.mask(who), forced.contains(who), is_ours);
        alike.entry(key).or_default().push(who.clone());
    }
    let mut out = Vec::new();
    for ((saw, sees, is_forced, is_ours), who) in alike {
        let saw = old.and_then(|o| part_of(o, &saw));
        let sees = now.and_then(|n| part_of(n, &sees));
        for (method, calendar) in told(saw.as_ref(), sees.as_ref(), sequence, is_forced, is_ours, now_ms) {
            out.push(Outgoing {
                method,
                to: who.clone(),
                calendar,
                by_mail: false,
            });
        }
    }
    if let Some(new) = new {
        mark(new, &out, standings);
    }
    out
}

/// Who is to be told whatever has changed (RFC 6638 §7.2).
fn take_forced(series: &mut Series) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for entry in series.entries_mut() {
        for attendee in entry.component.attendees_mut() {
            let forced = attendee.take_param("SCHEDULE-FORCE-SEND");
            if forced.is_some_and(|f| f.eq_ignore_ascii_case("REQUEST")) {
                out.insert(address_of(attendee));
            }
        }
    }
    out
}

/// Notes beside each attendee what becomes of the message (RFC 6638 §3.2.9).
fn mark(series: &mut Series, sent: &[Outgoing], standings: &Standings) {
    let told: BTreeSet<&String> = sent.iter().flat_map(|o| &o.to).collect();
    for entry in series.entries_mut() {
        for attendee in entry.component.attendees_mut() {
            let who = address_of(attendee);
            if told.contains(&who) {
                attendee.set_param("SCHEDULE-STATUS", status(standings.get(&who).copied()));
            }
        }
    }
}

/// RFC 6638 §3.2.9.1: delivered; nobody there; on its way.
pub fn status(standing: Option<Standing>) -> &'static str {
    match standing {
        Some(Standing::Ours) => "1.2",
        Some(Standing::Nobody) => "3.7",
        Some(Standing::Elsewhere) | None => "1.1",
    }
}

/// The whole of it again for one who asks (REFRESH).
pub fn again(me: &Account, series: &Series, who: &str, now_ms: TimeMs) -> Option<Outgoing> {
    let guests = Guests::of(me, Some(series));
    let sees = part_of(series, &guests.mask(who))?;
    let (method, calendar) = request(&sees, sees.entries().collect(), now_ms);
    Some(Outgoing {
        method,
        to: vec![who.to_owned()],
        calendar,
        by_mail: false,
    })
}
