//! What a path, a body or a filter calls a folder: an id, or one of the names that every mailbox has.

use crate::mail::{FolderTree, list_folders};
use crate::model::{Folder, FolderId, Role};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::http::ids;
pub use crate::protocols::http::ids::well_known_name;

/// A folder of ours, or one that only Graph has.
#[derive(Clone, Debug)]
pub enum Place {
    /// `msgfolderroot`: what all top-level folders are in.
    Root,
    /// `outbox`: mail leaves at once, so it is empty; programs insist on it.
    Outbox,
    Folder(Folder),
}

/// The ids of those that only Graph has.
pub const ROOT_ID: &str = "F0";
pub const OUTBOX_ID: &str = "Foutbox";

/// All folders and the one that is meant. Errors: ErrorInvalidIdMalformed, ErrorItemNotFound.
pub async fn find(call: &Call, text: &str) -> Result<(FolderTree, Place), GraphError> {
    let tree = list_folders(call.ctx(), call.account).await?;
    let place = place_in(&tree, text)?;
    Ok((tree, place))
}

/// As [`find`], with the folders in hand.
pub fn place_in(tree: &FolderTree, text: &str) -> Result<Place, GraphError> {
    let lower = text.to_ascii_lowercase();
    if lower == "msgfolderroot" || text == ROOT_ID {
        return Ok(Place::Root);
    }
    if lower == "outbox" || text == OUTBOX_ID {
        return Ok(Place::Outbox);
    }
    let missing = || GraphError::from(crate::base::Error::not_found("there is no such folder"));
    if let Some(role) = Role::ALL.into_iter().find(|r| well_known_name(*r) == lower) {
        let found = tree.by_role(role).ok_or_else(missing)?;
        return Ok(Place::Folder(found.1.clone()));
    }
    // Further names that Exchange has, and we have no folder for.
    const OTHERS: [&str; 9] = [
        "searchfolders",
        "recoverableitemsdeletions",
        "clutter",
        "conflicts",
        "conversationhistory",
        "localfailures",
        "scheduled",
        "serverfailures",
        "syncissues",
    ];
    if OTHERS.contains(&lower.as_str()) {
        return Err(missing());
    }
    let id = ids::parse_folder(text).map_err(|_| GraphError::bad_id(text))?;
    let found = tree.by_id(id).ok_or_else(missing)?;
    Ok(Place::Folder(found.1.clone()))
}

/// A folder that takes messages. Errors: as [`find`]; ErrorAccessDenied for those that only Graph has.
pub async fn find_target(call: &Call, text: &str) -> Result<FolderId, GraphError> {
    match find(call, text).await?.1 {
        Place::Folder(folder) => Ok(folder.id),
        Place::Root | Place::Outbox => {
            Err(crate::base::Error::forbidden("messages cannot be put into this folder").into())
        }
    }
}
