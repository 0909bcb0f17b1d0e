//! REQUEST and ADD: an invitation, or news about one (RFC 5546 §3.2.2, §3.2.4).

use super::answer::PROPOSED;
use super::apply::{Outcome, VIA, Work, is_late, own_answer};
use super::compare::times;
use super::hook::read_series;
use super::{attendee, is_own, resource, send_in};
use crate::base::{Error, Result, random};
use crate::calendar::put::columns;
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::people::{PartStat, address_of};
use crate::formats::ical::{ComponentKind, Entry, Message, Method, Series};
use crate::model::object::{Collection, Object};
use crate::model::scheduling::Refusal;
use crate::model::{Account, FolderKind};
use crate::objects::collections::default_collection_in;
use crate::objects::put::put_object_in;
use crate::objects::{Condition, Put};
use crate::store::Tx;
use crate::store::account::AccountDb;
use crate::store::blob::Staged;

pub fn apply(
    work: &Work<'_>,
    tx: &mut Tx<'_, AccountDb>,
    message: Message,
    existing: Option<Object>,
) -> Result<Outcome> {
    let before = existing.as_ref().map(|o| read_series(tx, o)).transpose()?;
    let is_add = message.method == Method::Add;
    let Message { object, .. } = message;
    let zone = before.as_ref().map(|b| b.zone.clone());
    let mut news = match zone {
        Some(zone) if object.parts.iter().all(|p| p.recurrence_id.is_some()) => {
            Series::placed_in(object, zone)
        }
        _ => Series::of(object),
    };
    if is_add {
        news = match added(before.as_ref(), news)? {
            Some(news) => news,
            None => return Ok(Outcome::Ignored("there is no series to add to")),
        };
    }
    if news
        .entries()
        .any(|e| e.part.start.is_none() && news.kind == ComponentKind::Event)
    {
        return Ok(Outcome::Ignored("the invitation does not say when"));
    }
    name_organizer(work, &mut news);
    let known = before
        .as_ref()
        .and_then(|b| b.first())
        .and_then(|e| e.component.organizer());
    let Some(named) = news.first().and_then(|e| e.component.organizer()) else {
        return Ok(Outcome::Ignored("the invitation is empty"));
    };
    if known.is_some_and(|k| is_own(work.me, &address_of(k))) || is_own(work.me, &address_of(named)) {
        return Ok(Outcome::Refused(Refusal::NotOrganizer));
    }
    if before.is_some() && known.is_none() {
        return Ok(Outcome::Ignored("an event of one's own has the same UID"));
    }
    if !work.speaks_for(named, known) {
        return Ok(Outcome::Refused(Refusal::NotOrganizer));
    }
    if !news
        .entries()
        .any(|e| e.component.attendee(|a| is_own(work.me, a)).is_some())
    {
        return Ok(Outcome::Ignored("this account is not invited"));
    }
    let Some(mut merged) = merge(work.me, before.as_ref(), news) else {
        return Ok(Outcome::Ignored("it is older than what is known"));
    };
    // A room says yes or no to them as one.
    if !work.is_resource() {
        merged.write_out_turns()?;
    }
    for alarm_free in merged.entries_mut().filter(|_| work.is_resource()) {
        alarm_free.component.parts.retain(|p| p.name != "VALARM");
    }
    if work.is_resource() {
        return resource::decide(work, tx, merged, before.as_ref(), existing);
    }
    store(work, tx, merged, existing)
}

/// Puts the merged object where it belongs: in the place of the one that is there, or into the usual calendar.
pub fn store(
    work: &Work<'_>,
    tx: &mut Tx<'_, AccountDb>,
    series: Series,
    existing: Option<Object>,
) -> Result<Outcome> {
    if let Some(object) = existing {
        return work.store_news(tx, &object, &series);
    }
    let kind = match series.kind {
        ComponentKind::Task => FolderKind::TaskList,
        _ => FolderKind::Calendar,
    };
    let folder: Collection = default_collection_in(tx, kind, &work.me.language, work.now_ms)?;
    let hash = blake3::hash(series.uid.as_bytes()).to_hex();
    let mut name = format!("{}.ics", &hash[..32]);
    if tx.object_by_name(folder.folder.id, &name)?.is_some() {
        name = format!("{}.ics", random::uuid());
    }
    let staged = Staged::from_bytes(work.store.layout(), &series.print())?;
    let columns = columns(&series.object()?);
    let put = put_object_in(
        tx,
        folder.folder.id,
        &name,
        &staged,
        &columns,
        Condition::Absent,
        work.now_ms,
    )?;
    let Put::Stored { modseq, .. } = put else {
        return Err(Error::internal("an invitation stands in its own way"));
    };
    if let Some(stored) = tx.object_by_name(folder.folder.id, &name)? {
        tx.put_schedule_tag(&stored, Some(modseq))?;
    }
    Ok(Outcome::Applied)
}

/// Programs that leave ORGANIZER out mean whoever sends; providers that send in their own name are noted.
fn name_organizer(work: &Work<'_>, news: &mut Series) {
    let sender = work.sender.address();
    for entry in news.entries_mut() {
        // What we note beside people is ours to note.
        for attendee in entry.component.attendees_mut() {
            attendee.params.retain(|(n, _)| !n.starts_with("X-HAUSPOST-"));
        }
        match entry
            .component
            .properties
            .iter_mut()
            .find(|p| p.name == "ORGANIZER")
        {
            None => entry
                .component
                .put(Property::new("ORGANIZER", format!("mailto:{sender}"))),
            Some(organizer) => {
                organizer.take_param(VIA);
                if !work.sender.is(&address_of(organizer)) {
                    organizer.set_param(VIA, sender);
                }
            }
        }
    }
}

/// The account's copy as it is to be from now on. None: all of the news is older than what is known.
fn merge(me: &Account, before: Option<&Series>, mut news: Series) -> Option<Series> {
    let Some(before) = before else { return Some(news) };
    let stood =
        |s: &Series, place| -> Option<Entry> { s.overrides.get(&place).or(s.master.as_ref()).cloned() };
    let is_master_late = match &news.master {
        Some(m) => is_late(&m.component, before.master.as_ref().map(|b| &b.component)),
        None => true,
    };
    if let Some(master) = news.master.as_mut().filter(|_| !is_master_late) {
        if let Some(old) = &before.master {
            carry(me, old, master, true);
        }
        let is_same_sequence = before
            .master
            .as_ref()
            .is_some_and(|b| b.component.sequence() == master.component.sequence());
        for (place, entry) in &mut news.overrides {
            if let Some(old) = stood(before, *place) {
                carry(me, &old, entry, before.overrides.contains_key(place));
            }
        }
        // Some programs send the series without the occurrences that were changed before.
        if is_same_sequence {
            let excluded = news.excluded();
            for (place, old) in &before.overrides {
                if !excluded.contains(place) {
                    news.overrides.entry(*place).or_insert_with(|| old.clone());
                }
            }
        }
        return Some(news);
    }
    let mut out = before.clone();
    out.add_zones(&news.shell);
    let mut has_news = false;
    for (place, mut entry) in std::mem::take(&mut news.overrides) {
        let old = stood(before, place);
        if is_late(&entry.component, old.as_ref().map(|o| &o.component)) {
            continue;
        }
        if let Some(old) = &old {
            carry(me, old, &mut entry, before.overrides.contains_key(&place));
        }
        has_news = true;
        if entry.part.is_this_and_future {
            // What was said of a later one is over, unless it was said after this.
            let sequence = entry.component.sequence();
            out.overrides
                .retain(|at, later| *at < place || later.component.sequence() > sequence);
        }
        out.overrides.insert(place, entry);
    }
    has_news.then_some(out)
}

/// What is the attendee's own stays: alarms, whether it makes busy, categories; the answer, unless the time is another.
fn carry(me: &Account, old: &Entry, new: &mut Entry, is_same_component: bool) {
    let new_component: &mut Component = &mut new.component;
    new_component.parts.retain(|p| p.name != "VALARM");
    let alarms = old.component.parts.iter().filter(|p| p.name == "VALARM");
    new_component.parts.extend(alarms.cloned());
    for name in ["TRANSP", "CATEGORIES"] {
        if let Some(own) = old.component.property(name) {
            new_component.put(own.clone());
        }
    }
    let answered = own_answer(me, &old.component);
    let is_same_time = is_same_component && times(&old.part) == times(&new.part);
    let proposed = old
        .component
        .attendee(|a| is_own(me, a))
        .and_then(|p| p.param(PROPOSED));
    if is_same_time
        && let Some(proposed) = proposed.filter(|_| new_component.sequence() == old.component.sequence())
        && let Some(own) = new_component.attendee_mut(|a| is_own(me, a))
    {
        own.set_param(PROPOSED, proposed);
    }
    if is_same_time
        && answered != PartStat::NeedsAction
        && let Some(own) = new_component.attendee_mut(|a| is_own(me, a))
        && PartStat::of(own) == PartStat::NeedsAction
    {
        own.set_param("PARTSTAT", answered.name());
    }
}

/// ADD names an occurrence by its start; it becomes one more date of the series, with what is said about it.
fn added(before: Option<&Series>, news: Series) -> Result<Option<Series>> {
    let (Some(before), Some(add)) = (before, &news.master) else {
        return Ok(None);
    };
    let (Some(master), Some(start)) = (&before.master, &add.part.start) else {
        return Ok(None);
    };
    let place = start.local_in(before.zone.as_ref());
    let mut out = before.clone();
    out.add_zones(&news.shell);
    let date = before.place_property("RDATE", place);
    let id = before.place_property("RECURRENCE-ID", place);
    let mut component = add.component.clone();
    component.put(id);
    let mut whole = master.component.clone();
    whole.properties.push(date);
    for property in ["SEQUENCE", "DTSTAMP"] {
        if let Some(newer) = add.component.property(property) {
            whole.put(newer.clone());
        }
    }
    out.master = Some(Entry {
        component: whole,
        part: master.part.clone(),
    });
    // Read again, so that the times know of the new date.
    let mut out = Series::of(out.object()?);
    out.put_override(place, component)?;
    Ok(Some(out))
}

/// Answers for a resource, one for each component in which it is asked.
pub fn send_answers(
    work: &Work<'_>,
    tx: &mut Tx<'_, AccountDb>,
    series: &Series,
    answer: PartStat,
    comment: Option<&str>,
) -> Result<()> {
    let all: Vec<&Component> = match &series.master {
        Some(master) => vec![&master.component],
        None => series.overrides.values().map(|e| &e.component).collect(),
    };
    let replies = all
        .into_iter()
        .filter_map(|c| attendee::reply(work.me, series, c, answer, comment, work.now_ms));
    let replies: Vec<_> = replies.collect();
    send_in(tx, work.store, work.me, replies, work.now_ms)
}
