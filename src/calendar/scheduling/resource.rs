//! Rooms and equipment answer for themselves. The decision is taken in the transaction that stores the booking, by the one
//! writer of the resource's file: two can never have the same hour, whatever doors they came through.

use super::apply::{Outcome, Work, own_answer};
use super::compare::times;
use super::hook::read_series;
use super::request::{send_answers, store};
use super::{Outgoing, attendee, calendar_of, is_own, is_same, send_in, stamp};
use crate::base::{Error, Result};
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::expand::{bounds, expand};
use crate::formats::ical::people::{PartStat, address_of};
use crate::formats::ical::zone::Zone;
use crate::formats::ical::{Entry, Message, Method, Series};
use crate::model::FolderKind;
use crate::model::object::Object;
use crate::model::scheduling::{Bookers, OpenTime, Resource};
use crate::store::account::AccountDb;
use crate::store::{Snapshot, Tx};

const SETTING: &str = "resource";
/// So far beyond its beginning a series is compared with what else is booked.
const HORIZON_S: i64 = 3 * 366 * 86_400;
/// Before the UID of what is booked: the question to the one who approves.
const APPROVAL: &str = "approval-";

/// What the resource says of itself. Errors: Internal, when what is stored has another shape.
pub fn resource_in(s: &Snapshot<'_, AccountDb>) -> Result<Resource> {
    match s.account_setting(SETTING)? {
        None => Ok(Resource::default()),
        Some(json) => serde_json::from_slice(&json)
            .map_err(|e| Error::internal("what the room says of itself cannot be read").caused_by(e)),
    }
}

pub fn put_resource_in(tx: &mut Tx<'_, AccountDb>, resource: &Resource) -> Result<()> {
    let json = serde_json::to_vec(resource)
        .map_err(|e| Error::internal("what the room says of itself cannot be written").caused_by(e))?;
    tx.put_account_setting(SETTING, Some(&json))
}

/// A time that somebody wants, or has. In seconds since 1970.
type Span = (i64, i64);

/// When a series takes place with this account, from now on.
fn spans(work: &Work<'_>, series: &Series, from_s: i64, to_s: i64) -> Result<Vec<Span>> {
    let object = series.object()?;
    let with_us = |part: usize| {
        let component = object
            .parts
            .get(part)
            .and_then(|p| object.calendar.parts.get(p.component));
        component.is_some_and(|c| {
            let own = c.attendee(|a| is_own(work.me, a)).map(PartStat::of);
            !c.is_cancelled() && own.is_some_and(|o| o != PartStat::Declined)
        })
    };
    let all = expand(&object, &Zone::utc(), from_s, to_s);
    Ok(all
        .into_iter()
        .filter(|o| with_us(o.part))
        .map(|o| (o.start_s, o.end_s))
        .collect())
}

/// Answers a request: yes, no with the reason, or not yet.
pub fn decide(
    work: &Work<'_>,
    tx: &mut Tx<'_, AccountDb>,
    mut wanted: Series,
    before: Option<&Series>,
    existing: Option<Object>,
) -> Result<Outcome> {
    let resource = resource_in(tx)?;
    for entry in wanted.entries_mut() {
        if let Some(own) = entry.component.attendee_mut(|a| is_own(work.me, a))
            && PartStat::of(own) == PartStat::Declined
        {
            own.set_param("PARTSTAT", PartStat::NeedsAction.name());
        }
    }
    if let Some(why) = refusal(work, tx, &resource, &wanted)? {
        return refuse(work, tx, &wanted, before, existing, &why);
    }
    let is_new_to_us = wanted.entries().any(|e| {
        let is_asked = e.component.attendee(|a| is_own(work.me, a)).is_some();
        is_asked && own_answer(work.me, &e.component) != PartStat::Accepted
    });
    let approver = resource.approver.as_ref().filter(|_| is_new_to_us);
    let answer = match approver {
        Some(_) => PartStat::Tentative,
        None => PartStat::Accepted,
    };
    set_answer(work, &mut wanted, answer);
    let comment = approver.map(|a| {
        work.say(
            &format!("{a} has to approve this booking"),
            &format!("{a} muss die Buchung noch bestätigen"),
        )
    });
    store(work, tx, wanted.clone(), existing)?;
    if let Some(approver) = approver {
        let question = question(work, &wanted, approver);
        send_in(
            tx,
            work.store,
            work.me,
            question.into_iter().collect(),
            work.now_ms,
        )?;
    }
    send_answers(work, tx, &wanted, answer, comment.as_deref())?;
    Ok(Outcome::Applied)
}

fn set_answer(work: &Work<'_>, series: &mut Series, answer: PartStat) {
    for entry in series.entries_mut() {
        if let Some(own) = entry.component.attendee_mut(|a| is_own(work.me, a)) {
            own.set_param("PARTSTAT", answer.name());
            own.take_param("RSVP");
        }
    }
}

/// What was booked before stays only as far as it is not what was to be changed.
fn refuse(
    work: &Work<'_>,
    tx: &mut Tx<'_, AccountDb>,
    wanted: &Series,
    before: Option<&Series>,
    existing: Option<Object>,
    why: &str,
) -> Result<Outcome> {
    let same_series = match (before.and_then(|b| b.master.as_ref()), &wanted.master) {
        (Some(old), Some(new)) => times(&old.part) == times(&new.part),
        _ => false,
    };
    let (Some(before), Some(object)) = (before, existing) else {
        send_answers(work, tx, wanted, PartStat::Declined, Some(why))?;
        return Ok(Outcome::Applied);
    };
    if !same_series {
        tx.remove_object(&object, work.now_ms)?;
        send_answers(work, tx, wanted, PartStat::Declined, Some(why))?;
        return Ok(Outcome::Applied);
    }
    let is_other =
        |entry: &Entry, old: Option<&Entry>| old.is_none_or(|o| times(&o.part) != times(&entry.part));
    let changed = wanted
        .overrides
        .iter()
        .filter(|(place, entry)| is_other(entry, before.overrides.get(place)));
    let mut kept = before.clone();
    let mut replies = Vec::new();
    for (place, entry) in changed {
        if !entry.part.is_this_and_future {
            kept.exclude(*place);
        } else if !kept.end_before(*place) {
            tx.remove_object(&object, work.now_ms)?;
            send_answers(work, tx, wanted, PartStat::Declined, Some(why))?;
            return Ok(Outcome::Applied);
        }
        replies.extend(attendee::reply(
            work.me,
            wanted,
            &entry.component,
            PartStat::Declined,
            Some(why),
            work.now_ms,
        ));
    }
    work.store_news(tx, &object, &kept)?;
    send_in(tx, work.store, work.me, replies, work.now_ms)?;
    Ok(Outcome::Applied)
}

/// Why a booking cannot be; None: it can.
fn refusal(
    work: &Work<'_>,
    tx: &Tx<'_, AccountDb>,
    resource: &Resource,
    wanted: &Series,
) -> Result<Option<String>> {
    let name = &work.me.display_name;
    let organizer = wanted
        .first()
        .and_then(|e| e.component.organizer())
        .map(address_of);
    let organizer = organizer.unwrap_or_default();
    if !may_book(work, resource, &organizer) {
        return Ok(Some(work.say(
            &format!("{organizer} may not book »{name}«"),
            &format!("{organizer} darf »{name}« nicht buchen"),
        )));
    }
    let object = wanted.object()?;
    let is_series = object
        .parts
        .iter()
        .any(|p| !p.rules.is_empty() || !p.added.is_empty());
    if is_series && !resource.allows_recurring {
        return Ok(Some(work.say(
            &format!("»{name}« takes no series"),
            &format!("»{name}« nimmt keine Serien an"),
        )));
    }
    let now_s = work.now_ms.div_euclid(1000);
    if let Some(days) = resource.window_days
        && bounds(&object).1 > now_s + i64::from(days) * 86_400
    {
        return Ok(Some(work.say(
            &format!("»{name}« can be booked for the next {days} days only"),
            &format!("»{name}« ist nur für die nächsten {days} Tage buchbar"),
        )));
    }
    let zone = resource.time_zone.as_deref().and_then(Zone::by_name);
    let zone = zone.or_else(|| wanted.zone.clone()).unwrap_or_else(Zone::utc);
    let (first_s, last_s) = bounds(&object);
    let to_s = last_s.min(first_s.max(now_s).saturating_add(HORIZON_S));
    let mut all = spans(work, wanted, now_s, to_s)?;
    all.sort_unstable();
    for span in &all {
        if let Some(why) = refusal_of(work, resource, *span, &zone) {
            return Ok(Some(why));
        }
    }
    if let Some(pair) = all.windows(2).find(|w| w[1].0 < w[0].1) {
        return Ok(Some(taken(work, pair[1], &zone)));
    }
    let taken_span = first_taken(work, tx, wanted, &all)?;
    Ok(taken_span.map(|span| taken(work, span, &zone)))
}

fn may_book(work: &Work<'_>, resource: &Resource, organizer: &str) -> bool {
    match resource.bookers {
        Bookers::Everyone => true,
        Bookers::Internal => work.sender.is_about_ours,
        Bookers::Named => resource.named.iter().any(|n| is_same(n, organizer)),
    }
}

fn refusal_of(work: &Work<'_>, resource: &Resource, span: Span, zone: &Zone) -> Option<String> {
    let name = &work.me.display_name;
    if let Some(minutes) = resource.longest_minutes
        && span.1 - span.0 > i64::from(minutes) * 60
    {
        return Some(work.say(
            &format!("»{name}« can be booked for {minutes} minutes at most"),
            &format!("»{name}« ist für höchstens {minutes} Minuten buchbar"),
        ));
    }
    let is_open = resource.open.is_empty() || resource.open.iter().any(|o| is_within(o, span, zone));
    (!is_open).then(|| {
        let times = crate::model::scheduling::print_open_times(&resource.open);
        work.say(
            &format!("»{name}« is open only {times}"),
            &format!("»{name}« ist nur {times} geöffnet"),
        )
    })
}

fn is_within(open: &OpenTime, span: Span, zone: &Zone) -> bool {
    let (start, end) = (zone.to_local(span.0), zone.to_local(span.1));
    let day = start.date().weekday().to_monday_one_offset() as u8;
    let minute = |t: jiff::civil::DateTime| i64::from(t.hour()) * 60 + i64::from(t.minute());
    let days = (span.1 - span.0) / 86_400;
    let end_minute = match end.date() == start.date() {
        true => minute(end),
        // Until midnight is still the same day.
        false => minute(end) + 1_440,
    };
    days < 1
        && (open.first_day..=open.last_day).contains(&day)
        && minute(start) >= i64::from(open.from_minute)
        && end_minute <= i64::from(open.to_minute)
}

/// The first of the wanted spans that another booking has.
fn first_taken(
    work: &Work<'_>,
    tx: &Tx<'_, AccountDb>,
    wanted: &Series,
    all: &[Span],
) -> Result<Option<Span>> {
    let (Some(from_s), Some(to_s)) = (all.first().map(|s| s.0), all.iter().map(|s| s.1).max()) else {
        return Ok(None);
    };
    for folder in tx.folders(FolderKind::Calendar)? {
        for object in tx.objects_between(folder.id, from_s, to_s)? {
            if object.uid.as_ref() == Some(&wanted.uid) {
                continue;
            }
            let Ok(other) = read_series(tx, &object) else {
                continue;
            };
            let has_people = other.entries().any(|e| e.component.attendees().next().is_some());
            let theirs = match has_people {
                true => spans(work, &other, from_s, to_s)?,
                // What somebody entered by hand, such as a day of repairs.
                false => expand(&other.object()?, &Zone::utc(), from_s, to_s)
                    .into_iter()
                    .map(|o| (o.start_s, o.end_s))
                    .collect(),
            };
            let mut theirs = theirs;
            theirs.sort_unstable();
            if let Some(span) = meets(all, &theirs) {
                return Ok(Some(span));
            }
        }
    }
    Ok(None)
}

/// Both ascending, each without overlaps in itself. The first of `all` that meets one of `others`.
fn meets(all: &[Span], others: &[Span]) -> Option<Span> {
    let mut rest = others.iter().peekable();
    for span in all {
        while rest.next_if(|o| o.1 <= span.0).is_some() {}
        if rest.peek().is_some_and(|o| o.0 < span.1) {
            return Some(*span);
        }
    }
    None
}

fn taken(work: &Work<'_>, span: Span, zone: &Zone) -> String {
    let (start, end) = (zone.to_local(span.0), zone.to_local(span.1));
    let (day, from, to) = (
        start.strftime("%Y-%m-%d"),
        start.strftime("%H:%M"),
        end.strftime("%H:%M"),
    );
    let name = &work.me.display_name;
    work.say(
        &format!("»{name}« is already booked on {day} between {from} and {to}"),
        &format!("»{name}« ist am {day} zwischen {from} und {to} schon gebucht"),
    )
}

impl Work<'_> {
    /// In the language of the account.
    fn say(&self, english: &str, german: &str) -> String {
        match self.me.language.as_str() {
            "de" => german.to_owned(),
            _ => english.to_owned(),
        }
    }
}

/// An invitation of its own to the one who approves: accepting it is the approval.
fn question(work: &Work<'_>, wanted: &Series, approver: &str) -> Option<Outgoing> {
    let first = &wanted.first()?.component;
    let mut out = Component::new(&first.name);
    const KEPT: [&str; 8] = [
        "DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE", "EXDATE", "SEQUENCE",
    ];
    let kept = first
        .properties
        .iter()
        .filter(|p| KEPT.contains(&p.name.as_str()));
    out.properties.extend(kept.cloned());
    out.set_text("UID", &format!("{APPROVAL}{}", wanted.uid));
    out.set("DTSTAMP", stamp(work.now_ms));
    let organizer = first.organizer().map(address_of).unwrap_or_default();
    let summary = first.text("SUMMARY").unwrap_or_default();
    let name = &work.me.display_name;
    out.set_text(
        "SUMMARY",
        &work.say(
            &format!("Approve booking of »{name}«: {summary}"),
            &format!("Buchung von »{name}« bestätigen: {summary}"),
        ),
    );
    out.set_text(
        "DESCRIPTION",
        &work.say(
            &format!("{organizer} wants to book »{name}«. Accept or decline this invitation to answer."),
            &format!(
                "{organizer} möchte »{name}« buchen. Zum Antworten diese Einladung annehmen oder ablehnen."
            ),
        ),
    );
    out.set("TRANSP", "TRANSPARENT");
    out.put(Property::new("ORGANIZER", format!("mailto:{}", work.me.address)).with("CN", name.clone()));
    out.put(
        Property::new("ATTENDEE", format!("mailto:{approver}"))
            .with("PARTSTAT", "NEEDS-ACTION")
            .with("RSVP", "TRUE"),
    );
    Some(Outgoing {
        method: Method::Request,
        to: vec![approver.to_owned()],
        calendar: calendar_of(wanted, vec![out]),
        by_mail: true,
    })
}

/// The answer of the one who approves (a REPLY to [`question`]).
pub fn approve(work: &Work<'_>, tx: &mut Tx<'_, AccountDb>, message: Message) -> Result<Outcome> {
    let resource = resource_in(tx)?;
    if !resource.approver.as_ref().is_some_and(|a| work.sender.is(a)) {
        return Ok(Outcome::Ignored("who answers does not approve bookings here"));
    }
    let Some(uid) = message.object.uid.strip_prefix(APPROVAL) else {
        return Ok(Outcome::Ignored("this was not asked"));
    };
    let Some(object) = tx.objects_of_uid(uid)?.into_iter().next() else {
        return Ok(Outcome::Ignored("the booking is gone"));
    };
    let mut series = read_series(tx, &object)?;
    let said = message
        .object
        .calendar
        .parts
        .iter()
        .find_map(|c| c.attendees().next().map(PartStat::of));
    match said {
        Some(PartStat::Accepted) => {
            set_answer(work, &mut series, PartStat::Accepted);
            work.store_news(tx, &object, &series)?;
            send_answers(work, tx, &series, PartStat::Accepted, None)?;
        }
        Some(PartStat::Declined) => {
            tx.remove_object(&object, work.now_ms)?;
            let approver = resource.approver.unwrap_or_default();
            let why = work.say(
                &format!("{approver} has not approved the booking"),
                &format!("{approver} hat die Buchung nicht bestätigt"),
            );
            send_answers(work, tx, &series, PartStat::Declined, Some(&why))?;
        }
        _ => return Ok(Outcome::Ignored("the approver has not decided")),
    }
    Ok(Outcome::Applied)
}
