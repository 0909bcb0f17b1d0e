//! todo/lists: task lists. The first one is the one that every account has.

use crate::base::random;
use crate::model::FolderKind;
use crate::model::object::{Collection, CollectionProperties};
use crate::objects::collections::{change_collection, create_collection, list_collections};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::calendar::create::shown_name;
use crate::protocols::graph::calendar::remove::remove_collection;
use crate::protocols::graph::call::{Call, Who, change_key};
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::json;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::graph::short_list::short_list;
use crate::protocols::http::ids;
use serde_json::{Map, Value};

pub const ROWS: &[Row] = &[
    row!(GET "me/todo/lists" TasksRead [Select, Top, Skip, Filter, Count, OrderBy] => list),
    row!(GET "me/todo/lists/{}" TasksRead [Select] => get),
    row!(POST "me/todo/lists" TasksWrite [] => create),
    row!(PATCH "me/todo/lists/{}" TasksWrite [] => change),
    row!(DELETE "me/todo/lists/{}" TasksWrite [] => remove),
];

pub const PROPERTIES: Properties = Properties {
    resource: "todoTaskList",
    usual: &["id", "displayName", "isOwner", "isShared", "wellknownListName"],
    further: &[],
};

const KIND: FolderKind = FolderKind::TaskList;

/// By id, or the first one by the name that programs try. Errors: ErrorInvalidIdMalformed, ErrorItemNotFound.
pub async fn find_list(call: &Call, text: &str) -> Result<Collection> {
    match ["tasks", "defaultList"]
        .iter()
        .any(|n| text.eq_ignore_ascii_case(n))
    {
        true => default_collection(call, KIND).await,
        false => collection_by_id(call, KIND, text).await,
    }
}

/// The first one first.
pub async fn lists(call: &Call) -> Result<Vec<Collection>> {
    let mut all = list_collections(call.ctx(), call.account, &[KIND]).await?;
    all.sort_by_key(|c| c.folder.id);
    Ok(all)
}

pub fn view(call: &Call, list: &Collection, is_first: bool, select: &Select) -> Map<String, Value> {
    let is_own = match &call.caller.who {
        Who::Person(ctx) => ctx.account().is_ok_and(|a| a.id == call.account),
        Who::Program(_) => true,
    };
    let property = |name: &str| -> Value {
        match name {
            "id" => ids::print_folder(list.folder.id).into(),
            "displayName" => list.display_name().into(),
            "isOwner" => is_own.into(),
            "isShared" => (!is_own).into(),
            _ => if is_first { "defaultList" } else { "none" }.into(),
        }
    };
    let mut out: Map<String, Value> = select.names().map(|n| (n.to_owned(), property(n))).collect();
    let etag = format!("W/\"{}\"", change_key(list.folder.modseq));
    out.insert("@odata.etag".into(), etag.into());
    out
}

async fn list(call: Call) -> Result {
    let all: Vec<_> = lists(&call).await?.into_iter().enumerate().collect();
    short_list(&call, "todo/lists", &PROPERTIES, &all, |(i, one), select| {
        view(&call, one, *i == 0, select)
    })
}

async fn answer_with(call: &Call, text: &str) -> Result<Value> {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let list = find_list(call, text).await?;
    let first = default_collection(call, KIND).await?.folder.id;
    let shown = view(call, &list, list.folder.id == first, &select);
    Ok(entity(call, "todo/lists", &select, shown))
}

async fn get(call: Call) -> Result {
    Ok(Answer::json(answer_with(&call, call.key(0)).await?))
}

async fn create(call: Call) -> Result {
    let body = call.json()?;
    let properties = CollectionProperties {
        display_name: Some(shown_name(json::required_text(&body, "displayName")?)?),
        ..CollectionProperties::default()
    };
    let address = random::uuid();
    let id = create_collection(call.ctx(), call.account, KIND, &address, properties, Vec::new()).await?;
    let id = ids::print_folder(id);
    let location = format!("{}/me/todo/lists/{id}", call.site.base());
    Ok(Answer::created(answer_with(&call, &id).await?, location))
}

async fn change(call: Call) -> Result {
    let body = call.json()?;
    let list = find_list(&call, call.key(0)).await?;
    let mut properties = list.properties.clone();
    if let Some(name) = json::text(&body, "displayName")? {
        properties.display_name = Some(shown_name(name)?);
    }
    change_collection(call.ctx(), call.account, &list, properties, Vec::new()).await?;
    Ok(Answer::json(answer_with(&call, call.key(0)).await?))
}

async fn remove(call: Call) -> Result {
    remove_collection(&call, KIND).await
}
