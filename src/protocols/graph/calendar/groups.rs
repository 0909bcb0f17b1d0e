//! calendarGroups: programs look for one, and here it is one, with all calendars in it.

use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection, entity};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use serde_json::{Map, Value};

pub const ROWS: &[Row] = &[
    row!(GET "me/calendarGroups" CalendarRead [Select, Top, Skip, Count] => list),
    row!(GET "me/calendarGroups/{}" CalendarRead [Select] => get),
];

pub const PROPERTIES: Properties = Properties {
    resource: "calendarGroup",
    usual: &["id", "name", "classId", "changeKey"],
    further: &[],
};

const ID: &str = "G1";

fn view(call: &Call, select: &Select) -> Map<String, Value> {
    let is_german = call.ctx().account().is_ok_and(|a| a.language == "de");
    let property = |name: &str| -> Value {
        match name {
            "id" => ID.into(),
            "name" => if is_german {
                "Meine Kalender"
            } else {
                "My Calendars"
            }
            .into(),
            // Exchange's class of the group that everybody has.
            "classId" => "0006f0b7-0000-0000-c000-000000000046".into(),
            _ => "CQ1".into(),
        }
    };
    select.names().map(|n| (n.to_owned(), property(n))).collect()
}

async fn list(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, _) = call.query.page(10)?;
    let items: Vec<Value> = (skip == 0)
        .then(|| view(&call, &select).into())
        .into_iter()
        .collect();
    collection(
        &call,
        &select,
        PageOf::of_all("calendarGroups".into(), items, skip, 1),
    )
}

async fn get(call: Call) -> Result {
    if call.key(0) != ID {
        return Err(GraphError::bad_id(call.key(0)));
    }
    let select = Select::of(&call.query, &PROPERTIES)?;
    Ok(Answer::json(entity(
        &call,
        "calendarGroups",
        &select,
        view(&call, &select),
    )))
}
