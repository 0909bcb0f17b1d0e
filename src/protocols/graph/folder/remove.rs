//! DELETE mailFolders/{id}: into Deleted Items, or for good when it is there already.

use super::names;
use crate::base::Error;
use crate::mail::folders::{delete_folder, place_folder};
use crate::mail::{FolderTree, list_folders};
use crate::model::{FolderId, Role};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(DELETE "me/mailFolders/{}" MailWrite [] => remove),
    row!(POST "me/mailFolders/{}/permanentDelete" MailWrite [] => remove_for_good),
];

async fn remove(call: Call) -> Result {
    let id = names::find_target(&call, call.key(0)).await?;
    let tree = list_folders(call.ctx(), call.account).await?;
    let (_, folder) = tree
        .by_id(id)
        .ok_or_else(|| Error::not_found("there is no such folder"))?;
    if folder.role.is_some() {
        return Err(Error::forbidden("this folder is needed and cannot be deleted").into());
    }
    let trash = tree.by_role(Role::Trash).map(|(_, f)| f.id);
    match trash.filter(|t| !is_below(&tree, id, *t)) {
        Some(trash) => {
            let name = free_name(&tree, trash, &folder.name);
            place_folder(call.ctx(), call.account, id, Some(Some(trash)), Some(name)).await?;
        }
        None => delete_folder(call.ctx(), call.account, id, true).await?,
    }
    Ok(Answer::no_content())
}

async fn remove_for_good(call: Call) -> Result {
    let id = names::find_target(&call, call.key(0)).await?;
    delete_folder(call.ctx(), call.account, id, true).await?;
    Ok(Answer::no_content())
}

fn is_below(tree: &FolderTree, id: FolderId, top: FolderId) -> bool {
    let mut next = tree.by_id(id).and_then(|(_, f)| f.parent_id);
    while let Some(id) = next {
        if id == top {
            return true;
        }
        next = tree.by_id(id).and_then(|(_, f)| f.parent_id);
    }
    false
}

/// Two folders of one name may be deleted one after the other.
fn free_name(tree: &FolderTree, parent: FolderId, name: &str) -> String {
    let is_taken = |n: &str| {
        tree.iter()
            .any(|(_, f)| f.parent_id == Some(parent) && f.name == n)
    };
    let numbered = (2..1000).map(|n| format!("{name} ({n})"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|n| !is_taken(n)).unwrap_or_else(|| name.to_owned())
}
