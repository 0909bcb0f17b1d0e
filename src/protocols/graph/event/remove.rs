//! DELETE events/{id}: all of it, or one of a series.

use super::create::stamp;
use super::seen::{at_place, parse, parse_id};
use super::times::like_start;
use super::view::Event;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::read_component;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::object::edit::{edit, remove as remove_object};
use crate::protocols::graph::object::{Look, id_of};
use crate::protocols::graph::routes::{Row, row};
use jiff::civil::DateTime;

pub const ROWS: &[Row] = &[
    row!(DELETE "me/events/{}" CalendarWrite [] => remove),
    row!(POST "me/events/{}/permanentDelete" CalendarWrite [] => remove),
];

async fn remove(call: Call) -> Result {
    let (master, place) = parse_id(call.key(0))?;
    let (id, unchanged) = (id_of::<Event>(master)?, call.unchanged()?);
    match place {
        None => remove_object::<Event>(&call, id, unchanged).await?,
        Some(place) => {
            let look = Look::of(&call)?;
            edit::<Event>(&call, id, unchanged, |_, raw| {
                without(&call, &look, raw, place).map(Some)
            })
            .await?;
        }
    }
    Ok(Answer::no_content())
}

/// Errors: ErrorItemNotFound for one that is not there.
pub fn without(call: &Call, look: &Look, raw: &[u8], place: DateTime) -> Result<Vec<u8>> {
    let old = parse(raw)?;
    at_place(&old, look, place)?;
    let zone = old.parts[0].start.as_ref().and_then(|s| s.zone.clone());
    let mut calendar = read_component(raw)?;
    let main = old.parts[0].component;
    if let Some(master) = calendar.parts.get_mut(main) {
        let excluded = like_start(master, "EXDATE", place);
        master.properties.push(excluded);
        stamp(call, master, false);
    }
    let is_about_it = |i: usize| {
        old.parts.iter().any(|p| {
            let id = p.recurrence_id.as_ref().map(|r| r.local_in(zone.as_ref()));
            p.component == i && id == Some(place) && !p.is_this_and_future
        })
    };
    let mut at = 0;
    calendar.parts.retain(|_| {
        at += 1;
        !is_about_it(at - 1)
    });
    Ok(print_component(&calendar).into_bytes())
}
