//! todo/lists: task lists. The first one is the one that every account has.

use crate::base::{Error, random};
use crate::model::object::{Collection, CollectionProperties};
use crate::model::share::ShareLevel;
use crate::model::{FolderId, FolderKind};
use crate::objects::collections::{change_collection, create_collection, list_collections};
use crate::objects::shares::list_shared;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::calendar::create::shown_name;
use crate::protocols::graph::calendar::remove::remove_collection;
use crate::protocols::graph::call::{Call, Who, change_key};
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::json;
use crate::protocols::graph::mailbox::print_prefix;
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

/// A task list as the caller sees it.
pub struct Shown {
    list: Collection,
    id: String,
    name: String,
    is_own: bool,
    is_first: bool,
}

impl Shown {
    /// Whether it is one of the mailbox's own that are named. What is shared has no place in its change log.
    pub fn is_among(&self, own: &[FolderId]) -> bool {
        own.contains(&self.list.folder.id) && self.id == ids::print_folder(self.list.folder.id)
    }

    pub fn view(&self, select: &Select) -> Map<String, Value> {
        let property = |name: &str| -> Value {
            match name {
                "id" => self.id.clone().into(),
                "displayName" => self.name.clone().into(),
                "isOwner" => self.is_own.into(),
                "isShared" => (!self.is_own).into(),
                _ => if self.is_first { "defaultList" } else { "none" }.into(),
            }
        };
        let mut out: Map<String, Value> = select.names().map(|n| (n.to_owned(), property(n))).collect();
        let etag = format!("W/\"{}\"", change_key(self.list.folder.modseq));
        out.insert("@odata.etag".into(), etag.into());
        out
    }
}

/// The first one first; at home also those that others share.
pub async fn lists(call: &Call) -> Result<Vec<Shown>> {
    let is_own = call.is_at_home() || matches!(call.caller.who, Who::Program(_));
    let mut all = list_collections(call.ctx(), call.account, &[KIND]).await?;
    all.sort_by_key(|c| c.folder.id);
    let first = default_collection(call, KIND).await.ok().map(|c| c.folder.id);
    let own = all.into_iter().map(|list| Shown {
        id: ids::print_folder(list.folder.id),
        name: list.display_name().to_owned(),
        is_own,
        is_first: first == Some(list.folder.id),
        list,
    });
    let mut out: Vec<Shown> = own.collect();
    if call.is_at_home() {
        let shared = list_shared(call.ctx(), &[KIND]).await?;
        // Of those who may see when somebody is busy, nobody sees tasks.
        let shared = shared.into_iter().filter(|r| r.level >= ShareLevel::Read);
        out.extend(shared.map(|r| Shown {
            id: format!("{}{}", print_prefix(r.account()), ids::print_folder(r.folder())),
            name: r.display_name(),
            is_own: false,
            is_first: false,
            list: r.collection,
        }));
    }
    Ok(out)
}

async fn list(call: Call) -> Result {
    let all = lists(&call).await?;
    short_list(&call, "todo/lists", &PROPERTIES, &all, Shown::view)
}

async fn answer_with(call: &Call, text: &str) -> Result<Value> {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let id = ids::print_folder(find_list(call, text).await?.folder.id);
    let all = lists(call).await?;
    let found = all.iter().find(|l| l.id == id);
    let found = found.ok_or_else(|| Error::not_found("there is no such list"))?;
    Ok(entity(call, "todo/lists", &select, found.view(&select)))
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
