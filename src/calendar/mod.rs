//! The calendar room: events, tasks and journal entries as iCalendar objects. They are stored as they came; what lists
//! and windows need stands beside them. Whoever takes part hears of it ([`scheduling`]).

pub mod agenda;
pub mod attach;
pub mod availability;
pub mod feed;
pub mod free_busy;
pub mod invitation;
mod known;
pub mod publish;
pub mod put;
pub mod query;
pub mod remove;
pub mod resource;
pub mod scheduling;
pub mod window;

use crate::base::Result;
use crate::formats::content_line::read_component;
use crate::formats::ical::read_object;
use crate::formats::ical::zone::{Zone, read_zones};
use crate::identity::Ctx;
use crate::model::object::{Collection, ObjectColumns};
use crate::model::{AccountId, FolderKind};
use crate::objects::rebuild::rebuild_columns;

/// What this room keeps things in.
pub const KINDS: [FolderKind; 2] = [FolderKind::Calendar, FolderKind::TaskList];

/// Computes again what stands beside events and tasks. Errors: Forbidden, NotFound.
pub async fn rebuild(ctx: &Ctx, account: AccountId) -> Result<()> {
    rebuild_columns(ctx, account, &KINDS, read_columns).await
}

/// What stands beside an event, task or journal entry. Errors: Invalid.
pub fn read_columns(raw: &[u8]) -> Result<ObjectColumns> {
    Ok(put::columns(&read_object(raw)?))
}

/// Where those are who look at a calendar, for what floats: its own zone, or UTC when it has none.
pub fn zone_of(collection: &Collection) -> Zone {
    let described = collection.properties.time_zone.as_deref();
    let zones = described
        .and_then(|z| read_component(z.as_bytes()).ok())
        .and_then(|c| read_zones(&c).ok());
    zones
        .and_then(|z| z.into_values().next())
        .unwrap_or_else(Zone::utc)
}

/// The name of a calendar's zone, where it has one that is known (RFC 7809 §5.2).
pub fn zone_name(calendar: &Collection) -> Option<String> {
    let described = read_component(calendar.properties.time_zone.as_deref()?.as_bytes()).ok()?;
    let zone = described.parts.iter().find(|p| p.name == "VTIMEZONE")?;
    match Zone::by_name(&zone.text("TZID")?)? {
        Zone::Named(zone) => zone.iana_name().map(str::to_owned),
        Zone::Own(_) => None,
    }
}
