//! When somebody can be met at all: what they say of it (RFC 7953), and their working hours, which are its plainest form.
//! It is kept as iCalendar; whoever sets hours by a word of their own sets this.

use super::zone_of;
use crate::base::text::one_line;
use crate::base::{Error, Result};
use crate::formats::content_line::read_component;
use crate::formats::ical::availability::{
    Availability, Closed, WeeklyHours, check_size, print_weekly, replace_weekly,
};
use crate::formats::ical::zone::Zone;
use crate::identity::Ctx;
use crate::model::object::{Object, ObjectKind};
use crate::model::{AccountId, FolderKind};
use crate::store::Snapshot;
use crate::store::account::AccountDb;

const AVAILABILITY: &str = "availability";

/// As it was set. None: nothing is said.
pub async fn get_availability(ctx: &Ctx, account: AccountId) -> Result<Option<String>> {
    ctx.require_owner(account)?;
    let read = |s: &Snapshot<'_, AccountDb>| s.account_setting(AVAILABILITY);
    let found = ctx.store.account(account)?.read(read).await?;
    Ok(found.map(|raw| String::from_utf8_lossy(&raw).into_owned()))
}

/// Whether it may be [put](put_availability), for who has to know it before. Errors: Invalid, with the line; TooLarge.
pub fn check_availability(text: &str) -> Result<()> {
    check_size(text.len())?;
    Availability::read(text.as_bytes()).map(|_| ())
}

/// None takes it away. Errors: as [`check_availability`].
pub async fn put_availability(ctx: &Ctx, account: AccountId, text: Option<String>) -> Result<()> {
    ctx.require_owner(account)?;
    if let Some(text) = &text {
        check_availability(text)?;
    }
    ctx.store
        .account(account)?
        .write(move |tx| tx.put_account_setting(AVAILABILITY, text.as_deref().map(str::as_bytes)))
        .await
}

/// The hours that are kept, beside what is said of some time.
pub async fn get_hours(ctx: &Ctx, account: AccountId) -> Result<Option<WeeklyHours>> {
    let text = get_availability(ctx, account).await?;
    Ok(text.and_then(|t| Availability::read(t.as_bytes()).ok()?.usual_hours()))
}

/// What is to be [put](put_availability) so that these hours hold, beside what is said of some time; nothing is stored yet.
/// Errors: Invalid, for a zone that is not known; Conflict, when more is said of the weeks than such hours do.
pub async fn with_hours(ctx: &Ctx, account: AccountId, mut hours: WeeklyHours) -> Result<String> {
    if let Some(Zone::Named(zone)) = Zone::by_name(&hours.zone)
        && let Some(name) = zone.iana_name()
    {
        hours.zone = name.to_owned();
    }
    let text = match get_availability(ctx, account).await? {
        Some(said) => replace_weekly(said.as_bytes(), &hours)?,
        None => print_weekly(&hours),
    };
    text.ok_or_else(|| {
        Error::invalid(format!(
            "»{}« is no time zone; write W. Europe Standard Time or Europe/Berlin",
            one_line(&hours.zone)
        ))
    })
}

/// When somebody cannot be met within the window, and whether that is only because of their [hours](get_hours).
pub async fn closed_times(ctx: &Ctx, account: AccountId, window: (i64, i64)) -> Result<(Vec<Closed>, bool)> {
    let read = move |s: &Snapshot<'_, AccountDb>| {
        let mut said = availability_in(s)?.unwrap_or_default();
        let mut zone = Zone::utc();
        for calendar in s.collections(FolderKind::Calendar)? {
            zone = zone_of(&calendar);
            if calendar.properties.is_transparent {
                continue;
            }
            let all = s.objects_between(calendar.folder.id, window.0, window.1)?;
            for object in all.iter().filter(|o| o.kind == ObjectKind::Availability) {
                add_object(s, object, &mut said)?;
            }
        }
        Ok((said.closed(&zone, window), said.weekly().is_some()))
    };
    ctx.store.account(account)?.read(read).await
}

/// What is stored has been read before; one too many says nothing.
pub(super) fn add_object(
    s: &Snapshot<'_, AccountDb>,
    object: &Object,
    said: &mut Availability,
) -> Result<()> {
    let raw = s.read_body(object.item.body_id)?;
    let read = check_size(raw.len()).and_then(|()| said.add(&read_component(&raw)?));
    if let Err(e) = read {
        tracing::info!(name = object.name, error = ?e, "what is said of somebody's availability cannot be read");
    }
    Ok(())
}

/// What an account says, for the other questions of this room. What cannot be read says nothing.
pub(super) fn availability_in(s: &Snapshot<'_, AccountDb>) -> Result<Option<Availability>> {
    let text = s.account_setting(AVAILABILITY)?;
    Ok(text.and_then(|t| Availability::read(&t).ok()))
}
