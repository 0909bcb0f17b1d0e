//! A message about an event as people read it in their mail: what it says, which event of theirs it is about, and what was
//! said before. It has been worked in already when somebody looks at it.

use super::scheduling::refusal::noted;
use crate::base::Result;
use crate::formats::content_line::Component;
use crate::formats::ical::expand::part_span;
use crate::formats::ical::itip::read_messages;
use crate::formats::ical::people::{PartStat, address_of};
use crate::formats::ical::zone::Zone;
use crate::formats::ical::{CalendarObject, ComponentKind, Message, Method, Series};
use crate::identity::Ctx;
use crate::model::scheduling::Refusal;
use crate::model::{AccountId, FolderKind, ItemId};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use jiff::civil::DateTime;

/// Messages of the scheduling inbox that are looked through for what was said before.
const MOST_LOOKED_AT: usize = 300;

/// What a message says of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub subject: String,
    pub place: String,
    /// Seconds since 1970; of days without times the beginning of the day in UTC.
    pub start_s: i64,
    pub end_s: i64,
    pub is_all_day: bool,
    pub is_series: bool,
}

/// Somebody, and what they answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub address: String,
    pub answer: PartStat,
}

#[derive(Clone, Debug)]
pub struct Invitation {
    pub method: Method,
    /// None: it does not say when, as answers need not.
    pub said: Option<Said>,
    pub organizer: Option<Person>,
    /// Of an answer: who gives it.
    pub guest: Option<Person>,
    pub comment: String,
    /// The event in a calendar of the account. None: it is not there, or not any more.
    pub event: Option<ItemId>,
    /// It is about one of a series, in the series' own time.
    pub place: Option<DateTime>,
    /// A newer message about the same has been worked in.
    pub is_outdated: bool,
    /// Why nothing was done with it.
    pub refusal: Option<Refusal>,
    /// What the last invitation before this one said, where it is still known.
    pub before: Option<Said>,
}

fn said(object: &CalendarObject) -> Option<Said> {
    let part = object.parts.first()?;
    let component = object.calendar.parts.get(part.component)?;
    // Nobody's floating time: the page shows days as days.
    let (start_s, end_s) = part_span(object, 0, &Zone::utc())?;
    Some(Said {
        subject: component.text("SUMMARY").unwrap_or_default(),
        place: component.text("LOCATION").unwrap_or_default(),
        start_s,
        end_s,
        is_all_day: part.start.as_ref().is_some_and(|s| s.is_date),
        is_series: !part.rules.is_empty(),
    })
}

fn first(object: &CalendarObject) -> Option<&Component> {
    let part = object.parts.first()?;
    object.calendar.parts.get(part.component)
}

fn person(property: &crate::formats::content_line::Property) -> Person {
    Person {
        name: property.param("CN").unwrap_or_default().to_owned(),
        address: address_of(property),
        answer: PartStat::of(property),
    }
}

/// What the message `mail` in somebody's mailbox is about. Errors: NotFound (the account).
pub async fn look_at(ctx: &Ctx, account: AccountId, mail: ItemId, message: Message) -> Result<Invitation> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| look_in(s, mail, &message))
        .await
}

fn look_in(s: &Snapshot<'_, AccountDb>, mail: ItemId, message: &Message) -> Result<Invitation> {
    let object = &message.object;
    let component = first(object);
    let is_answer = matches!(message.method, Method::Reply | Method::Counter | Method::Refresh);
    let mut out = Invitation {
        method: message.method,
        said: said(object),
        organizer: component.and_then(|c| c.organizer()).map(person),
        guest: component
            .filter(|_| is_answer)
            .and_then(|c| c.attendees().next())
            .map(person),
        comment: component.and_then(|c| c.text("COMMENT")).unwrap_or_default(),
        event: None,
        place: None,
        is_outdated: false,
        refusal: noted(s, mail)?,
        before: None,
    };
    let stored = s.objects_of_uid(&object.uid)?.into_iter().next();
    if let Some(stored) = stored {
        let series = Series::read(&s.read_body(stored.item.body_id)?)?;
        let place = object.parts.first().and_then(|p| p.recurrence_id.as_ref());
        out.place = place.map(|p| p.local_in(series.zone.as_ref()));
        let known = match out.place {
            Some(place) => series.overrides.get(&place).or(series.master.as_ref()),
            None => series.first(),
        };
        let sequence = component.map_or(0, Component::sequence);
        out.is_outdated = !is_answer && known.is_some_and(|k| k.component.sequence() > sequence);
        out.event = Some(stored.item.id);
    }
    if message.method == Method::Request {
        out.before = before(s, object)?;
    }
    Ok(out)
}

/// The last invitation to the same with a lower SEQUENCE.
fn before(s: &Snapshot<'_, AccountDb>, object: &CalendarObject) -> Result<Option<Said>> {
    let sequence = first(object).map_or(0, Component::sequence);
    let place = |o: &CalendarObject| {
        let id = o.parts.first().and_then(|p| p.recurrence_id.as_ref());
        id.map(|m| m.to_utc(&Zone::utc()))
    };
    let mut best: Option<(i64, Said)> = None;
    for folder in s.collections(FolderKind::ScheduleInbox)? {
        let all = s.objects(folder.folder.id)?;
        for stored in all.iter().rev().take(MOST_LOOKED_AT) {
            let raw = s.read_body(stored.item.body_id)?;
            // What was worked in once is read again; what cannot be, says nothing.
            for other in read_messages(&raw, None).unwrap_or_default() {
                let is_same = other.object.uid == object.uid && place(&other.object) == place(object);
                if !is_same || other.method != Method::Request || other.object.kind != ComponentKind::Event {
                    continue;
                }
                let of_other = first(&other.object).map_or(0, Component::sequence);
                if of_other < sequence
                    && best.as_ref().is_none_or(|(known, _)| *known < of_other)
                    && let Some(said) = said(&other.object)
                {
                    best = Some((of_other, said));
                }
            }
        }
    }
    Ok(best.map(|(_, said)| said))
}
