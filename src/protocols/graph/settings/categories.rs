//! `outlook/masterCategories`: the names and colours that messages can be given.

use crate::mail::settings::{Category, add_category, categories, recolor_category, remove_category};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection, entity};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::query::MAX_TOP;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use serde_json::{Map, Value};

pub const ROWS: &[Row] = &[
    row!(GET "me/outlook/masterCategories" SettingsRead [Select, Top, Skip, Count] => list),
    row!(GET "me/outlook/masterCategories/{}" SettingsRead [Select] => get),
    row!(POST "me/outlook/masterCategories" SettingsWrite [] => create),
    row!(PATCH "me/outlook/masterCategories/{}" SettingsWrite [] => change),
    row!(DELETE "me/outlook/masterCategories/{}" SettingsWrite [] => remove),
];

pub const PROPERTIES: Properties = Properties {
    resource: "outlookCategory",
    usual: &["id", "displayName", "color"],
    further: &[],
};
const PATH: &str = "outlook/masterCategories";

fn view(category: &Category, select: &Select) -> Map<String, Value> {
    let property = |name: &str| match name {
        "id" => category.id.clone(),
        "displayName" => category.name.clone(),
        _ => category.color.clone(),
    };
    select
        .names()
        .map(|n| (n.to_owned(), property(n).into()))
        .collect()
}

async fn list(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, top) = call.query.page(MAX_TOP)?;
    let all = categories(call.ctx(), call.account).await?;
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let items = all
        .iter()
        .skip(from)
        .take(top as usize)
        .map(|c| view(c, &select).into())
        .collect();
    collection(
        &call,
        &select,
        PageOf::of_all(PATH.into(), items, skip, all.len() as u64),
    )
}

async fn get(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let all = categories(call.ctx(), call.account).await?;
    let found = all.iter().find(|c| c.id == call.key(0));
    let found = found.ok_or_else(|| crate::base::Error::not_found("there is no such category"))?;
    Ok(Answer::json(entity(&call, PATH, &select, view(found, &select))))
}

async fn create(call: Call) -> Result {
    let body = call.json()?;
    let name = json::required_text(&body, "displayName")?.trim().to_owned();
    if name.is_empty() || name.len() > 255 {
        return Err(GraphError::request(
            "»displayName« is to be a text of 1 to 255 bytes",
        ));
    }
    let color = json::text(&body, "color")?.map(color).transpose()?;
    let made = add_category(
        call.ctx(),
        call.account,
        name,
        color.unwrap_or_else(|| "none".into()),
    )
    .await
    .map_err(|e| GraphError::from(e).with_code("ErrorDuplicateName"))?;
    let select = Select::usual(&PROPERTIES);
    let location = format!("{}/me/{PATH}/{}", call.site.base(), made.id);
    Ok(Answer::created(
        entity(&call, PATH, &select, view(&made, &select)),
        location,
    ))
}

/// The name stays: messages carry it.
async fn change(call: Call) -> Result {
    let body = call.json()?;
    let color = json::text(&body, "color")?.map(color).transpose()?;
    let changed = recolor_category(call.ctx(), call.account, call.key(0).to_owned(), color).await?;
    let select = Select::usual(&PROPERTIES);
    Ok(Answer::json(entity(
        &call,
        PATH,
        &select,
        view(&changed, &select),
    )))
}

async fn remove(call: Call) -> Result {
    remove_category(call.ctx(), call.account, call.key(0).to_owned()).await?;
    Ok(Answer::no_content())
}

/// Errors: BadRequest for what is no colour.
fn color(word: &str) -> Result<String, GraphError> {
    let lower = word.to_ascii_lowercase();
    let is_preset = lower
        .strip_prefix("preset")
        .and_then(|n| n.parse::<u8>().ok())
        .is_some_and(|n| n <= 24);
    match lower == "none" || is_preset {
        true => Ok(lower),
        false => Err(GraphError::request(format!(
            "»{word}« is no colour; known: none, preset0 to preset24"
        ))),
    }
}
