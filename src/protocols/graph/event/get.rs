//! GET events/{id}, also of one of a series.

use super::fields::PROPERTIES;
use super::seen::{Seen, at_place, parse, parse_id};
use super::view::{Event, view};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::object::list::preferred;
use crate::protocols::graph::object::{Expansion, Look, read};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use serde_json::Value;

pub const ROWS: &[Row] = &[
    row!(GET "me/events/{}" CalendarRead [Select, Expand] => get),
    row!(GET "me/events/{}/instances/{}" CalendarRead [Select, Expand] => get_instance),
];

async fn get(call: Call) -> Result {
    answer(&call, call.key(0)).await
}

async fn get_instance(call: Call) -> Result {
    answer(&call, call.key(1)).await
}

async fn answer(call: &Call, id: &str) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let expansion = Expansion::of::<Event>(call.query.get(Opt::Expand))?;
    let value = event_of(call, id, &select, &expansion).await?;
    Ok(preferred(&Look::of(call)?, Answer::json(value)))
}

/// The event as it is now, in its envelope. Errors: ErrorInvalidIdMalformed, ErrorItemNotFound.
pub async fn event_of(call: &Call, id: &str, select: &Select, expansion: &Expansion) -> Result<Value> {
    let (master, place) = parse_id(id)?;
    let (object, raw) = read::<Event>(call, master).await?;
    let look = Look::of(call)?;
    let mut shown = {
        let calendar = parse(&raw)?;
        let seen = match place {
            None => Seen::whole(&look, &object, &calendar),
            Some(place) => {
                Seen::of_occurrence(&look, &object, &calendar, &at_place(&calendar, &look, place)?)
            }
        };
        view(&seen, select)
    };
    expansion
        .add::<Event>(call, &look, (&object, &raw), &mut shown)
        .await?;
    Ok(entity(call, "events", select, shown))
}

/// The whole of it, for answers to changes.
pub async fn whole_event(call: &Call, id: &str) -> Result<Value> {
    event_of(call, id, &Select::usual(&PROPERTIES), &Expansion::default()).await
}
