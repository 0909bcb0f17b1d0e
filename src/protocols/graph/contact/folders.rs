//! contactFolders: address books. They lie side by side; the first one is `contacts` by name.

use crate::base::{Error, random};
use crate::model::object::Collection;
use crate::model::{FolderId, FolderKind};
use crate::objects::collections::{change_collection, create_collection};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::calendar::remove::remove_collection;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection, entity};
use crate::protocols::graph::extended;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::object::shown::{Shown, changed_properties, list_shown, new_properties};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::graph::short_list::short_list;
use crate::protocols::http::ids;
use serde_json::{Map, Value};

pub const ROWS: &[Row] = &[
    row!(GET "me/contactFolders" ContactsRead [Select, Top, Skip, Filter, Count, OrderBy] => list),
    row!(GET "me/contactFolders/{}" ContactsRead [Select] => get),
    row!(GET "me/contactFolders/{}/childFolders" ContactsRead [Select, Top, Skip, Filter, Count, OrderBy] => list_children),
    row!(POST "me/contactFolders" ContactsWrite [] => create),
    row!(POST "me/contactFolders/{}/childFolders" ContactsWrite [] => create),
    row!(PATCH "me/contactFolders/{}" ContactsWrite [] => change),
    row!(DELETE "me/contactFolders/{}" ContactsWrite [] => remove),
    row!(POST "me/contactFolders/{}/permanentDelete" ContactsWrite [] => remove),
];

pub const PROPERTIES: Properties = Properties {
    resource: "contactFolder",
    usual: &["id", "parentFolderId", "displayName"],
    further: &[],
};

pub const KIND: FolderKind = FolderKind::AddressBook;

/// By id, or the first one by its name. Errors: ErrorInvalidIdMalformed, ErrorItemNotFound.
pub async fn find_folder(call: &Call, text: &str) -> Result<Collection> {
    match text.eq_ignore_ascii_case("contacts") {
        true => default_collection(call, KIND).await,
        false => collection_by_id(call, KIND, text).await,
    }
}

pub fn view(shown: &Shown, select: &Select) -> Map<String, Value> {
    let property = |name: &str| -> Value {
        match name {
            "id" => shown.id.clone().into(),
            "parentFolderId" => ids::print_folder(FolderId(0)).into(),
            _ => shown.name.clone().into(),
        }
    };
    select.names().map(|n| (n.to_owned(), property(n))).collect()
}

async fn list(call: Call) -> Result {
    let all = list_shown(&call, KIND).await?;
    short_list(&call, "contactFolders", &PROPERTIES, &all, view)
}

async fn list_children(call: Call) -> Result {
    find_folder(&call, call.key(0)).await?;
    let select = Select::of(&call.query, &PROPERTIES)?;
    collection(
        &call,
        &select,
        PageOf::of_all("contactFolders".into(), Vec::new(), 0, 0),
    )
}

async fn answer_with(call: &Call, text: &str) -> Result<Value> {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let id = ids::print_folder(find_folder(call, text).await?.folder.id);
    let all = list_shown(call, KIND).await?;
    let found = all.iter().find(|f| f.id == id);
    let found = found.ok_or_else(|| Error::not_found("there is no such folder"))?;
    Ok(entity(call, "contactFolders", &select, view(found, &select)))
}

async fn get(call: Call) -> Result {
    Ok(Answer::json(answer_with(&call, call.key(0)).await?))
}

async fn create(call: Call) -> Result {
    let body = call.json()?;
    let (properties, kept) = (new_properties(&body)?, extended::given(&body)?);
    let address = random::uuid();
    let id = create_collection(call.ctx(), call.account, KIND, &address, properties, kept).await?;
    let id = ids::print_folder(id);
    let location = format!("{}/me/contactFolders/{id}", call.site.base());
    Ok(Answer::created(answer_with(&call, &id).await?, location))
}

async fn change(call: Call) -> Result {
    let body = call.json()?;
    let folder = find_folder(&call, call.key(0)).await?;
    let (properties, kept) = (changed_properties(&folder, &body)?, extended::given(&body)?);
    change_collection(call.ctx(), call.account, &folder, properties, kept).await?;
    Ok(Answer::json(answer_with(&call, call.key(0)).await?))
}

async fn remove(call: Call) -> Result {
    remove_collection(&call, KIND).await
}
