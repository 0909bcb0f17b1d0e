//! Which objects of a calendar fit a filter. The index gives those that can; only what it cannot decide is read.

use super::known::times_of;
use super::zone_of;
use crate::base::Result;
use crate::formats::filter::CompFilter;
use crate::formats::ical::expand::{ALWAYS, expand, overlaps};
use crate::formats::ical::zone::Zone;
use crate::formats::ical::{ComponentKind, read_object};
use crate::identity::Ctx;
use crate::identity::shares::{require_level, shown_to};
use crate::model::AccountId;
use crate::model::object::{Collection, Object, ObjectKind, Shape};
use crate::model::share::ShareLevel;
use crate::objects::get::{Found, Held};

/// Objects that fit, by id. `filter` is about the VCALENDAR (RFC 4791 §9.7). `zone`: where those are who ask, for what
/// floats; None: where the calendar is. With their bytes when `with_bytes`.
pub async fn query_calendar(
    ctx: &Ctx,
    account: AccountId,
    calendar: &Collection,
    (filter, zone): (CompFilter, Option<Zone>),
    with_bytes: bool,
) -> Result<Vec<Found>> {
    let level = require_level(ctx, account, calendar.folder.id, ShareLevel::Read).await?;
    let (folder, zone) = (calendar.folder.id, zone.unwrap_or_else(|| zone_of(calendar)));
    ctx.store
        .account(account)?
        .read(move |s| {
            let candidates = match filter.window() {
                Some((from_s, to_s)) => s.objects_between(folder, from_s, to_s)?,
                None => s.objects(folder)?,
            };
            let mut out = Vec::new();
            for object in candidates {
                let fits = match decide(&filter, &object) {
                    Some(fits) => fits,
                    None if filter.is_only_window().is_some() => {
                        // When something is, nobody is kept from seeing: what is private shows its times.
                        let (from_s, to_s) = filter.window().unwrap_or(ALWAYS);
                        times_of(s, object.item.body_id)?
                            .is_some_and(|times| !expand(&times, &zone, from_s, to_s).is_empty())
                    }
                    None => {
                        let raw = s.read_body(object.item.body_id)?;
                        let raw = shown_to(level, &object, raw);
                        // What is stored has been read once; what cannot be read any more fits nothing.
                        read_object(&raw).is_ok_and(|o| filter.fits(&o, &zone))
                    }
                };
                if fits {
                    out.push(object);
                }
            }
            out.sort_by_key(|o| o.item.id);
            let mut held = Held::new(with_bytes);
            let read = |o: &Object| Ok(shown_to(level, o, s.read_body(o.item.body_id)?));
            let found = out.into_iter().map(|object| {
                let raw = held.take(|| read(&object))?;
                Ok((object, raw))
            });
            found.collect()
        })
        .await
}

/// What the index alone says; None: the object must be read.
fn decide(filter: &CompFilter, object: &Object) -> Option<bool> {
    if filter.components.is_empty() && filter.properties.is_empty() {
        return Some(true);
    }
    let name = filter.is_only_window()?;
    let wanted = ComponentKind::by_name(name)? as i64;
    if wanted != object.kind as i64 {
        return Some(false);
    }
    let Some((from_s, to_s)) = filter.window() else {
        return Some(true);
    };
    let is_exact = object.kind == ObjectKind::Event
        && !object.shape.contains(Shape::RECURRING)
        && !object.shape.contains(Shape::FLOATING);
    let (first_s, last_s) = object.span?;
    is_exact.then(|| overlaps(first_s, last_s, from_s, to_s))
}
