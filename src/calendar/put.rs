//! Storing an event, a task or a journal entry.

use super::attach::{gather, may_read_file};
use super::scheduling::hook::{NewEvent, prepare, put_in};
use crate::base::text::one_line;
use crate::base::{Error, Result};
use crate::formats::content_line::{Component, read_component};
use crate::formats::ical::attachment::managed_ids;
use crate::formats::ical::availability::{Availability, check_size};
use crate::formats::ical::expand::bounds;
use crate::formats::ical::people::address_of;
use crate::formats::ical::zone::Zone;
use crate::formats::ical::{CalendarObject, ComponentKind, read_object};
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::{Collection, ObjectColumns, ObjectKind, Shape};
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId};
use crate::objects::put::prepare_put;
use crate::objects::{Condition, Put};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::attachment::HeldFile;

/// Stores an event and, in the same commit, what its guests or its organizer have to be told (see
/// [`super::scheduling`]). Errors: Invalid, with the line; Forbidden, when the calendar does not take such components;
/// Exists, when an event with guests is in another calendar already; and those of [`crate::objects::put::put_object`].
pub async fn put_event(
    ctx: &Ctx,
    account: AccountId,
    calendar: &Collection,
    name: &str,
    raw: Vec<u8>,
    condition: Condition,
) -> Result<Put> {
    put_with_files(ctx, account, calendar, name, raw, condition, Vec::new()).await
}

/// As [`put_event`], with files that it names and that are new.
pub async fn put_with_files(
    ctx: &Ctx,
    account: AccountId,
    calendar: &Collection,
    name: &str,
    raw: Vec<u8>,
    condition: Condition,
    mut files: Vec<HeldFile>,
) -> Result<Put> {
    let level = require_level(ctx, account, calendar.folder.id, ShareLevel::Write).await?;
    let object = read_object(&raw)?;
    if let Some(method) = object.calendar.property("METHOD") {
        return Err(method.wrong("makes this a message, which is not stored in a calendar; leave METHOD out"));
    }
    if object.kind == ComponentKind::Availability {
        check_size(raw.len())?;
        Availability::default().add(&object.calendar)?;
    }
    let columns = columns(&object);
    if !calendar.components().contains(columns.kind) {
        return Err(Error::forbidden(format!(
            "»{}« takes no {}",
            calendar.display_name(),
            object.kind.name()
        )));
    }
    let staged = prepare_put(ctx, account, name, raw).await?;
    let is_new = |id: &&String| !files.iter().any(|f| f.managed_id == **id);
    let named: Vec<String> = columns.files.iter().filter(is_new).cloned().collect();
    files.extend(gather(ctx, account, &named).await?);
    if let Some(id) = unknown_file(ctx, account, (calendar, name), &named, &files).await? {
        return Ok(Put::NoSuchFile(id));
    }
    let hook = prepare(ctx, account, level, Some(&object)).await?;
    let (folder, name, now_ms) = (calendar.folder.id, name.to_owned(), ctx.now_ms());
    let new = NewEvent {
        folder,
        name,
        staged,
        object,
        columns,
        condition,
        files,
    };
    ctx.store
        .account(account)?
        .write(move |tx| put_in(tx, &hook, new, now_ms))
        .await
}

/// One of the named files that nobody has, or that the actor may not read: a name alone opens no file. What the object has
/// named before it may go on naming: it came here with it.
async fn unknown_file(
    ctx: &Ctx,
    account: AccountId,
    (calendar, name): (&Collection, &str),
    named: &[String],
    new: &[HeldFile],
) -> Result<Option<String>> {
    let mut unknown: Vec<String> = named.to_vec();
    unknown.retain(|id| !new.iter().any(|f| f.managed_id == *id));
    if unknown.is_empty() {
        return Ok(None);
    }
    let (folder, name) = (calendar.folder.id, name.to_owned());
    let file = ctx.store.account(account)?;
    let is_owner = ctx.is_owner(account);
    let others = file
        .read(move |s| unnamed_before(s, folder, &name, unknown))
        .await?;
    for id in others {
        let is_known = match is_owner {
            true => {
                let id = id.clone();
                file.read(move |s| s.has_attachment(&id)).await?
            }
            false => may_read_file(ctx, &id).await?,
        };
        if !is_known {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Those of the files that the object of this name does not name as it stands.
fn unnamed_before(
    s: &Snapshot<'_, AccountDb>,
    folder: FolderId,
    name: &str,
    mut ids: Vec<String>,
) -> Result<Vec<String>> {
    if let Some(object) = s.object_by_name(folder, name)? {
        let raw = s.open_body(object.item.body_id)?.read_all()?;
        let before = read_component(&raw).map(|c| managed_ids(&c)).unwrap_or_default();
        ids.retain(|id| !before.contains(id));
    }
    Ok(ids)
}

fn kind(kind: ComponentKind) -> ObjectKind {
    match kind {
        ComponentKind::Event => ObjectKind::Event,
        ComponentKind::Task => ObjectKind::Task,
        ComponentKind::Journal => ObjectKind::Journal,
        ComponentKind::FreeBusy => ObjectKind::FreeBusy,
        ComponentKind::Availability => ObjectKind::Availability,
    }
}

/// What is kept beside an object.
pub fn columns(object: &CalendarObject) -> ObjectColumns {
    let main = &object.parts[0];
    let component = &object.calendar.parts[main.component];
    let is_series = object.parts.len() > 1 || !main.rules.is_empty() || !main.added.is_empty();
    let is_floating = main
        .start
        .as_ref()
        .or(main.due.as_ref())
        .is_none_or(|s| s.zone.is_none());
    let text = |name: &str| component.text(name).map(|t| one_line(&t));
    let transparent = text("TRANSP").is_some_and(|t| t.eq_ignore_ascii_case("TRANSPARENT"));
    // What Exchange says beside it (see [`super::agenda`]).
    let detail = text("X-MICROSOFT-CDO-BUSYSTATUS").is_some_and(|t| t.eq_ignore_ascii_case("TENTATIVE"));
    let status = |word: &str| text("STATUS").is_some_and(|t| t.eq_ignore_ascii_case(word));
    ObjectColumns {
        uid: Some(object.uid.clone()),
        kind: kind(object.kind),
        shape: Shape::default()
            .with(Shape::RECURRING, is_series)
            .with(Shape::ALL_DAY, main.start.as_ref().is_some_and(|s| s.is_date))
            .with(Shape::FLOATING, is_floating)
            .with(Shape::TRANSPARENT, transparent)
            .with(Shape::HAS_PEOPLE, has_people(object))
            .with(Shape::CANCELLED, status("CANCELLED"))
            .with(Shape::TENTATIVE, status("TENTATIVE") || detail),
        span: Some(bounds(object)),
        title: text("SUMMARY").unwrap_or_default(),
        status: text("STATUS").map(|s| s.to_ascii_uppercase()),
        organizer: component.organizer().map(address_of),
        people: people(component),
        phones: Vec::new(),
        company: None,
        start_s: main.start.as_ref().map(|s| s.to_utc(&Zone::utc())),
        due_s: main.due.as_ref().map(|d| d.to_utc(&Zone::utc())),
        priority: component
            .property("PRIORITY")
            .and_then(|p| p.value.trim().parse().ok()),
        files: managed_ids(&object.calendar),
    }
}

/// More attendees than this are found by reading the event.
const MAX_PEOPLE: usize = 1_000;

fn people(component: &Component) -> Vec<String> {
    component.attendees().take(MAX_PEOPLE).map(address_of).collect()
}

fn has_people(object: &CalendarObject) -> bool {
    let components = object.parts.iter().map(|p| &object.calendar.parts[p.component]);
    components.into_iter().any(|c| c.attendees().next().is_some())
}
