//! A folder as Graph's mailFolder.

use super::names::{OUTBOX_ID, Place, ROOT_ID, well_known_name};
use crate::mail::FolderTree;
use crate::model::{Folder, FolderId, Role};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::rights::Granted;
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::http::ids;
use serde_json::{Map, Value};

pub const PROPERTIES: Properties = Properties {
    resource: "mailFolder",
    usual: &[
        "id",
        "displayName",
        "parentFolderId",
        "childFolderCount",
        "unreadItemCount",
        "totalItemCount",
        "isHidden",
    ],
    further: &["wellKnownName", "sizeInBytes"],
};

/// `wellKnownName` is in Microsoft's beta only; our page shows folders by it.
pub fn select(call: &Call) -> Result<Select, GraphError> {
    let mut select = Select::of(&call.query, &PROPERTIES)?;
    let is_page = matches!(call.caller.granted, Granted::Everything);
    if !select.is_asked() && (is_page || call.site.is_beta()) {
        select.add("wellKnownName");
    }
    Ok(select)
}

/// The whole of a folder, whatever was selected: for answers to changes.
pub fn select_usual(call: &Call) -> Result<Select, GraphError> {
    let mut select = select(call)?;
    PROPERTIES.usual.iter().for_each(|n| select.add(n));
    Ok(select)
}

/// A folder by its id.
pub fn view_id(call: &Call, tree: &FolderTree, id: FolderId, select: &Select) -> Option<Map<String, Value>> {
    let (_, folder) = tree.by_id(id)?;
    Some(view(call, tree, &Place::Folder(folder.clone()), select))
}

pub fn view(call: &Call, tree: &FolderTree, place: &Place, select: &Select) -> Map<String, Value> {
    let is_german = call.ctx().account().is_ok_and(|a| a.language == "de");
    let property = |name: &'static str| match place {
        Place::Folder(folder) => of_folder(tree, folder, name, is_german),
        Place::Root => of_root(tree, name),
        Place::Outbox => of_outbox(name, is_german),
    };
    select
        .names()
        .map(|name| (name.to_owned(), property(name)))
        .collect()
}

fn children(tree: &FolderTree, of: Option<FolderId>) -> Value {
    tree.iter().filter(|(_, f)| f.parent_id == of).count().into()
}

fn of_folder(tree: &FolderTree, folder: &Folder, name: &str, is_german: bool) -> Value {
    match name {
        "id" => ids::print_folder(folder.id).into(),
        "displayName" => display_name(folder, is_german).into(),
        "parentFolderId" => folder
            .parent_id
            .map_or_else(|| ROOT_ID.to_owned(), ids::print_folder)
            .into(),
        "childFolderCount" => children(tree, Some(folder.id)),
        "unreadItemCount" => folder.unread.into(),
        "totalItemCount" => folder.total.into(),
        "isHidden" => false.into(),
        "wellKnownName" => folder.role.map(well_known_name).into(),
        "sizeInBytes" => folder.size_bytes.into(),
        _ => Value::Null,
    }
}

/// `INBOX` is IMAP's word; everybody else is shown a name.
fn display_name(folder: &Folder, is_german: bool) -> &str {
    match (folder.role, is_german) {
        (Some(Role::Inbox), true) => "Posteingang",
        (Some(Role::Inbox), false) => "Inbox",
        _ => &folder.name,
    }
}

fn of_root(tree: &FolderTree, name: &str) -> Value {
    match name {
        "id" => ROOT_ID.into(),
        "displayName" => "Top of Information Store".into(),
        // It is in itself, so that walking up ends.
        "parentFolderId" => ROOT_ID.into(),
        "childFolderCount" => children(tree, None),
        "wellKnownName" => "msgfolderroot".into(),
        "isHidden" => false.into(),
        _ => 0.into(),
    }
}

fn of_outbox(name: &str, is_german: bool) -> Value {
    match name {
        "id" => OUTBOX_ID.into(),
        "displayName" => if is_german { "Postausgang" } else { "Outbox" }.into(),
        "parentFolderId" => ROOT_ID.into(),
        "wellKnownName" => "outbox".into(),
        "isHidden" => false.into(),
        _ => 0.into(),
    }
}
