//! todo/lists: task lists. The first one is the one that every account has.

use crate::base::{Error, random};
use crate::model::object::Collection;
use crate::model::{FolderId, FolderKind};
use crate::objects::collections::{change_collection, create_collection};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::calendar::remove::remove_collection;
use crate::protocols::graph::call::{Call, Who, change_key};
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::object::shown::{Shown, changed_properties, list_shown, new_properties};
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

pub const KIND: FolderKind = FolderKind::TaskList;

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

/// What a view says of all lists alike.
pub struct Viewer {
    /// The caller's own mailbox, or a program's.
    is_own: bool,
    first: Option<FolderId>,
}

impl Viewer {
    pub async fn of(call: &Call) -> Viewer {
        Viewer {
            is_own: call.is_at_home() || matches!(call.caller.who, Who::Program(_)),
            first: default_collection(call, KIND).await.ok().map(|c| c.folder.id),
        }
    }

    pub fn view(&self, shown: &Shown, select: &Select) -> Map<String, Value> {
        let folder = &shown.collection.folder;
        let is_own = self.is_own && !shown.is_shared;
        let is_first = !shown.is_shared && self.first == Some(folder.id);
        let property = |name: &str| -> Value {
            match name {
                "id" => shown.id.clone().into(),
                "displayName" => shown.name.clone().into(),
                "isOwner" => is_own.into(),
                "isShared" => (!is_own).into(),
                _ => if is_first { "defaultList" } else { "none" }.into(),
            }
        };
        let mut out: Map<String, Value> = select.names().map(|n| (n.to_owned(), property(n))).collect();
        let etag = format!("W/\"{}\"", change_key(folder.modseq));
        out.insert("@odata.etag".into(), etag.into());
        out
    }
}

async fn list(call: Call) -> Result {
    let (all, viewer) = (list_shown(&call, KIND).await?, Viewer::of(&call).await);
    short_list(&call, "todo/lists", &PROPERTIES, &all, |shown, select| {
        viewer.view(shown, select)
    })
}

async fn answer_with(call: &Call, text: &str) -> Result<Value> {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let id = ids::print_folder(find_list(call, text).await?.folder.id);
    let all = list_shown(call, KIND).await?;
    let found = all.iter().find(|l| l.id == id);
    let found = found.ok_or_else(|| Error::not_found("there is no such list"))?;
    Ok(entity(
        call,
        "todo/lists",
        &select,
        Viewer::of(call).await.view(found, &select),
    ))
}

async fn get(call: Call) -> Result {
    Ok(Answer::json(answer_with(&call, call.key(0)).await?))
}

async fn create(call: Call) -> Result {
    let body = call.json()?;
    let properties = new_properties(&body)?;
    let address = random::uuid();
    let id = create_collection(call.ctx(), call.account, KIND, &address, properties, Vec::new()).await?;
    let id = ids::print_folder(id);
    let location = format!("{}/me/todo/lists/{id}", call.site.base());
    Ok(Answer::created(answer_with(&call, &id).await?, location))
}

async fn change(call: Call) -> Result {
    let body = call.json()?;
    let list = find_list(&call, call.key(0)).await?;
    let properties = changed_properties(&list, &body)?;
    change_collection(call.ctx(), call.account, &list, properties, Vec::new()).await?;
    Ok(Answer::json(answer_with(&call, call.key(0)).await?))
}

async fn remove(call: Call) -> Result {
    remove_collection(&call, KIND).await
}
