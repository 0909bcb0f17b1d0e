//! Lists that are in memory anyway: filtered by every property that their things have, and given out in pages.

use super::answer::Result;
use super::call::Call;
use super::envelope::{PageOf, collection};
use super::odata::{fits, parse};
use super::query::Opt;
use super::select::{Properties, Select};
use serde_json::{Map, Value};

/// Microsoft's 10 makes programs that do not page miss things.
const PAGE: u64 = 100;

/// `view`: what was selected of one.
pub fn short_list<T>(
    call: &Call,
    path: &str,
    properties: &Properties,
    all: &[T],
    view: impl Fn(&T, &Select) -> Map<String, Value>,
) -> Result {
    let select = Select::of(&call.query, properties)?;
    let (skip, top) = call.query.page(PAGE)?;
    let filter = call.query.get(Opt::Filter).map(parse).transpose()?;
    let whole = Select::whole(properties);
    let mut found = Vec::new();
    for one in all {
        let is_wanted = match &filter {
            Some(filter) => fits(filter, &view(one, &whole).into())?,
            None => true,
        };
        if is_wanted {
            found.push(one);
        }
    }
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let page = found.iter().skip(from).take(top as usize);
    let items = page.map(|one| view(one, &select).into()).collect();
    collection(
        call,
        &select,
        PageOf::of_all(path.to_owned(), items, skip, found.len() as u64),
    )
}
