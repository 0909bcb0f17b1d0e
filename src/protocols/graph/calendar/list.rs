//! GET calendars.

use super::view::{PROPERTIES, calendars, view};
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::short_list::short_list;

pub const ROWS: &[Row] =
    &[row!(GET "me/calendars" CalendarRead [Select, Top, Skip, Filter, Count, OrderBy] => list)];

async fn list(call: Call) -> Result {
    let all = calendars(&call).await?;
    short_list(&call, "calendars", &PROPERTIES, &all, view)
}
