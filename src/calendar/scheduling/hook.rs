//! Where storing and removing events meets scheduling: within the one transaction, whatever the door.

use super::organizer::{Standing, Standings, keep_answers};
use super::{Outgoing, attendee, compare, deputy, is_own, organizer, send_in, sign_answers};
use crate::base::text::one_line;
use crate::base::{Error, Result, TimeMs};
use crate::calendar::put::columns;
use crate::formats::content_line::Property;
use crate::formats::ical::people::{address_of, is_scheduled_by_server};
use crate::formats::ical::private::has_private;
use crate::formats::ical::{CalendarObject, Series};
use crate::identity::Ctx;
use crate::identity::recipient::{Resolved, resolve};
use crate::model::object::{Object, ObjectColumns};
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountId, AccountKind, EmailAddress, FolderId};
use crate::objects::put::put_object_in;
use crate::objects::{Condition, Put};
use crate::store::account::AccountDb;
use crate::store::attachment::HeldFile;
use crate::store::blob::Staged;
use crate::store::{Store, Tx};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What has to be known before the transaction.
pub struct Hook {
    store: Arc<Store>,
    me: Account,
    standings: Standings,
    /// Who belongs to groups that are asked, by their address: address and name.
    groups: Groups,
    /// Of whoever does it: what is private is for the owner, and for who may do everything.
    level: ShareLevel,
    deputy: Option<String>,
}

/// An event that is to be stored.
pub struct NewEvent {
    pub folder: FolderId,
    pub name: String,
    /// The bytes as they came.
    pub staged: Staged,
    pub object: CalendarObject,
    pub columns: ObjectColumns,
    pub condition: Condition,
    /// That it names and that are new to the account.
    pub files: Vec<HeldFile>,
}

/// What this account is to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Organizer,
    Attendee,
    Neither,
}

/// Errors: NotFound (the account); Invalid, for more guests than anybody invites.
pub async fn prepare(
    ctx: &Ctx,
    account: AccountId,
    level: ShareLevel,
    object: Option<&CalendarObject>,
) -> Result<Hook> {
    let me = owner_of(ctx, account).await?;
    let mut standings = Standings::new();
    let components = object.into_iter().flat_map(|o| &o.calendar.parts);
    let all: BTreeSet<String> = components
        .flat_map(|c| c.attendees().map(address_of))
        .take(MOST_PEOPLE + 1)
        .collect();
    if all.len() > MOST_PEOPLE {
        return Err(Error::invalid(format!(
            "an event has at most {MOST_PEOPLE} guests"
        )));
    }
    let mut groups = Groups::new();
    for address in all {
        let standing = match EmailAddress::parse(&address) {
            Err(_) => Standing::Nobody,
            Ok(parsed) => match resolve(ctx, &parsed).await? {
                Resolved::Account(account) => {
                    if account.kind == AccountKind::Group {
                        groups.insert(address.clone(), people_in(ctx, account.id).await?);
                    }
                    Standing::Ours
                }
                Resolved::Unknown => Standing::Nobody,
                Resolved::Foreign => Standing::Elsewhere,
            },
        };
        standings.insert(address, standing);
    }
    let members = groups.values().flatten();
    standings.extend(members.map(|(address, _)| (address.to_lowercase(), Standing::Ours)));
    Ok(Hook {
        store: ctx.store.clone(),
        me,
        standings,
        groups,
        level,
        deputy: deputy(ctx, account),
    })
}

type Groups = HashMap<String, Vec<(String, String)>>;

async fn people_in(ctx: &Ctx, group: AccountId) -> Result<Vec<(String, String)>> {
    ctx.store
        .directory()
        .peek(move |d| {
            let mut out = Vec::new();
            for id in d.members(group)?.into_iter().take(MOST_PEOPLE) {
                let person = d.account(id)?.filter(Account::is_active);
                out.extend(person.map(|p| (p.address, p.display_name)));
            }
            Ok(out)
        })
        .await
}

/// Asks everybody who belongs to a group that is asked, beside the group (RFC 5545 §3.2.11). Only where it was not asked
/// before: whom the organizer takes out afterwards stays out.
fn ask_members(hook: &Hook, before: Option<&Series>, series: &mut Series) {
    if hook.groups.is_empty() {
        return;
    }
    let asked = before.map(|b| {
        let all = b.entries().flat_map(|e| e.component.attendees().map(address_of));
        all.collect::<BTreeSet<String>>()
    });
    let asked = asked.unwrap_or_default();
    for entry in series.entries_mut() {
        let component = &mut entry.component;
        let all: Vec<Property> = component.attendees().cloned().collect();
        for group in all.iter().filter(|p| is_scheduled_by_server(p)) {
            let address = address_of(group);
            let Some(members) = hook.groups.get(&address).filter(|_| !asked.contains(&address)) else {
                continue;
            };
            if let Some(line) = component.attendee_mut(|a| a == address) {
                line.set_param("CUTYPE", "GROUP");
            }
            for (who, name) in members {
                if is_own(&hook.me, who) || component.attendee(|a| a.eq_ignore_ascii_case(who)).is_some() {
                    continue;
                }
                let mut new = Property::new("ATTENDEE", format!("mailto:{who}")).with("CN", one_line(name));
                if let Some(role) = group.param("ROLE") {
                    new.set_param("ROLE", role);
                }
                new.set_param("PARTSTAT", "NEEDS-ACTION");
                new.set_param("RSVP", "TRUE");
                new.set_param("MEMBER", format!("mailto:{address}"));
                component.properties.push(new);
            }
        }
    }
}

/// Nobody in an office invites so many, and each is told.
pub(super) const MOST_PEOPLE: usize = 2_000;

/// Errors: NotFound.
pub async fn owner_of(ctx: &Ctx, account: AccountId) -> Result<Account> {
    if let Ok(actor) = ctx.account()
        && actor.id == account
    {
        return Ok((**actor).clone());
    }
    let found = ctx.store.directory().peek(move |d| d.account(account)).await?;
    found.ok_or_else(|| Error::not_found("there is no such mailbox"))
}

impl Hook {
    /// Errors: Forbidden, for what somebody saw only the times of: they would write over what they never saw.
    fn check_private(&self, tx: &Tx<'_, AccountDb>, object: Option<&Object>) -> Result<()> {
        let Some(object) = object.filter(|_| !self.level.sees_private()) else {
            return Ok(());
        };
        match has_private(&tx.read_body(object.item.body_id)?) {
            true => Err(Error::forbidden("this is private; only its owner may change it")),
            false => Ok(()),
        }
    }

    fn part(&self, series: &Series) -> Part {
        let first = series.first().and_then(|e| e.component.organizer());
        let Some(organizer) = first.map(address_of) else {
            return Part::Neither;
        };
        if is_own(&self.me, &organizer) {
            return Part::Organizer;
        }
        let is_asked = series
            .entries()
            .any(|e| e.component.attendee(|a| is_own(&self.me, a)).is_some());
        if is_asked { Part::Attendee } else { Part::Neither }
    }
}

/// The bytes of a stored object, taken apart.
pub fn read_series(tx: &Tx<'_, AccountDb>, object: &Object) -> Result<Series> {
    Series::read(&tx.read_body(object.item.body_id)?)
}

/// Stores an event, and in the same commit what has to be told.
/// Errors: Conflict (the condition); Exists, when the event is in another calendar of the account.
pub fn put_in(tx: &mut Tx<'_, AccountDb>, hook: &Hook, mut new: NewEvent, now_ms: TimeMs) -> Result<Put> {
    let files = std::mem::take(&mut new.files);
    hold_files(tx, &files)?;
    let put = put_beside_files(tx, hook, new, now_ms)?;
    drop_unused(tx, &files)?;
    Ok(put)
}

/// Takes files in, before what names them is stored.
pub fn hold_files(tx: &mut Tx<'_, AccountDb>, files: &[HeldFile]) -> Result<()> {
    files.iter().try_for_each(|file| tx.hold_attachment(file))
}

/// Lets those go again that nothing has come to name.
pub fn drop_unused(tx: &mut Tx<'_, AccountDb>, files: &[HeldFile]) -> Result<()> {
    let ids: Vec<String> = files.iter().map(|f| f.managed_id.clone()).collect();
    tx.drop_unused_attachments(&ids)
}

fn put_beside_files(tx: &mut Tx<'_, AccountDb>, hook: &Hook, new: NewEvent, now_ms: TimeMs) -> Result<Put> {
    let old = tx.object_by_name(new.folder, &new.name)?;
    new.condition.check(old.as_ref())?;
    hook.check_private(tx, old.as_ref())?;
    let mut series = Series::of(new.object);
    let has_people = series.entries().any(|e| e.component.organizer().is_some());
    let was_shared = old.as_ref().filter(|o| o.schedule_tag.is_some());
    if !has_people && was_shared.is_none() {
        return put_object_in(
            tx,
            new.folder,
            &new.name,
            &new.staged,
            &new.columns,
            new.condition,
            now_ms,
        );
    }
    let elsewhere = tx.objects_of_uid(&series.uid)?;
    if let Some(twin) = elsewhere
        .iter()
        .find(|o| o.item.folder_id != new.folder && o.schedule_tag.is_some())
    {
        return Err(Error::exists(format!(
            "»{}« in another calendar is the same event; an event with guests is in one calendar only",
            twin.name
        )));
    }
    // One that came before anybody was invited is no news to be compared with.
    let before = old.as_ref().and_then(|o| read_series(tx, o).ok());
    let part = match before.as_ref().map(|b| hook.part(b)) {
        None | Some(Part::Neither) => hook.part(&series),
        Some(part) => part,
    };
    let is_own_change = |a: &str| is_own(&hook.me, a);
    if part == Part::Attendee
        && let Some(before) = &before
        && let Some(why) = compare::not_allowed(before, &series, &is_own_change)
    {
        return Ok(Put::AttendeeMayNot(why));
    }
    let as_given = series.calendar();
    let shared_before = before.as_ref().filter(|_| was_shared.is_some());
    if let (Some(before), Condition::ScheduleTag(_), Part::Organizer) = (shared_before, new.condition, part) {
        keep_answers(before, &mut series);
    }
    if part == Part::Organizer {
        ask_members(hook, shared_before, &mut series);
    }
    let was_over = old.as_ref().is_none_or(|o| is_over(o.span, now_ms));
    let mut messages = match part {
        // Calendars that are moved here bring years of meetings along: nobody is invited to those again.
        _ if was_over && is_over(new.columns.span, now_ms) => Vec::new(),
        Part::Organizer => organizer::plan(
            &hook.me,
            shared_before,
            Some(&mut series),
            &hook.standings,
            now_ms,
        ),
        Part::Attendee => attendee::plan(&hook.me, before.as_ref(), Some(&mut series), now_ms),
        Part::Neither => Vec::new(),
    };
    let is_as_given = series.calendar() == as_given;
    let (staged, columns) = match is_as_given {
        true => (new.staged, new.columns),
        false => (
            Staged::from_bytes(hook.store.layout(), &series.print())?,
            columns(&series.object()?),
        ),
    };
    let put = put_object_in(
        tx,
        new.folder,
        &new.name,
        &staged,
        &columns,
        new.condition,
        now_ms,
    )?;
    let Put::Stored { modseq, is_new, .. } = put else {
        return Ok(put);
    };
    let tag = (part != Part::Neither && has_people).then_some(modseq);
    if let Some(stored) = tx.object_by_name(new.folder, &new.name)? {
        tx.put_schedule_tag(&stored, tag)?;
    }
    sign_answers(&mut messages, hook.deputy.as_deref());
    send_in(tx, &hook.store, &hook.me, messages, now_ms)?;
    Ok(Put::Stored {
        modseq,
        is_new,
        is_as_given,
        schedule_tag: tag,
    })
}

fn is_over(span: Option<(i64, i64)>, now_ms: TimeMs) -> bool {
    span.is_some_and(|(_, last_s)| last_s < now_ms.div_euclid(1000))
}

/// Removes an event, and in the same commit what has to be told. `answers`: an attendee who removes it declines.
pub fn remove_in(
    tx: &mut Tx<'_, AccountDb>,
    hook: &Hook,
    object: &Object,
    answers: bool,
    now_ms: TimeMs,
) -> Result<()> {
    hook.check_private(tx, Some(object))?;
    let mut messages: Vec<Outgoing> = Vec::new();
    if object.schedule_tag.is_some()
        && !is_over(object.span, now_ms)
        && let Ok(series) = read_series(tx, object)
    {
        messages = match hook.part(&series) {
            Part::Organizer => organizer::plan(&hook.me, Some(&series), None, &hook.standings, now_ms),
            Part::Attendee if answers => attendee::plan(&hook.me, Some(&series), None, now_ms),
            _ => Vec::new(),
        };
    }
    tx.dump_items(std::slice::from_ref(&object.item), now_ms)?;
    tx.remove_object(object, now_ms)?;
    sign_answers(&mut messages, hook.deputy.as_deref());
    send_in(tx, &hook.store, &hook.me, messages, now_ms)
}
