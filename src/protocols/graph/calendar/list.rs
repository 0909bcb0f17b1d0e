//! GET calendars.

use super::view::{PROPERTIES, calendars, view};
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection};
use crate::protocols::graph::odata::{fits, parse};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] =
    &[row!(GET "me/calendars" CalendarRead [Select, Top, Skip, Filter, Count, OrderBy] => list)];

/// Microsoft's 10 makes programs that do not page miss calendars.
const PAGE: u64 = 100;

async fn list(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, top) = call.query.page(PAGE)?;
    let filter = call.query.get(Opt::Filter).map(parse).transpose()?;
    let whole = Select::whole(&PROPERTIES);
    let mut all = Vec::new();
    for (i, calendar) in calendars(&call).await?.into_iter().enumerate() {
        let is_wanted = match &filter {
            Some(filter) => fits(filter, &view(&call, &calendar, i == 0, &whole).into())?,
            None => true,
        };
        if is_wanted {
            all.push((i, calendar));
        }
    }
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let page = all.iter().skip(from).take(top as usize);
    let items = page
        .map(|(i, c)| view(&call, c, *i == 0, &select).into())
        .collect();
    collection(
        &call,
        &select,
        PageOf::of_all("calendars".into(), items, skip, all.len() as u64),
    )
}
