//! POST mailFolders and childFolders

use super::names::{self, Place};
use super::view::{select_usual, view_id};
use crate::base::Error;
use crate::mail::folders::create_child_folder;
use crate::mail::list_folders;
use crate::mail::properties::set_folder_properties;
use crate::model::FolderId;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::extended;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::http::ids;

pub const ROWS: &[Row] = &[
    row!(POST "me/mailFolders" MailWrite [] => create_top),
    row!(POST "me/mailFolders/{}/childFolders" MailWrite [] => create_child),
];

async fn create_top(call: Call) -> Result {
    create(&call, None).await
}

async fn create_child(call: Call) -> Result {
    match names::find(&call, call.key(0)).await?.1 {
        Place::Root => create(&call, None).await,
        Place::Folder(folder) => create(&call, Some(folder.id)).await,
        Place::Outbox => Err(Error::forbidden("nothing can be put into the outbox").into()),
    }
}

async fn create(call: &Call, parent: Option<FolderId>) -> Result {
    let body = call.json()?;
    let name = json::required_text(&body, "displayName")?;
    let id = create_child_folder(call.ctx(), call.account, parent, name).await?;
    let properties = extended::given(&body)?;
    if !properties.is_empty() {
        set_folder_properties(call.ctx(), call.account, id, properties).await?;
    }
    let location = format!("{}/me/mailFolders/{}", call.site.base(), ids::print_folder(id));
    let made = answer_with(call, id).await?;
    Ok(Answer::created(made, location))
}

/// The folder as it is now.
pub async fn answer_with(call: &Call, id: FolderId) -> Result<serde_json::Value> {
    let tree = list_folders(call.ctx(), call.account).await?;
    let select = select_usual(call)?;
    let properties =
        view_id(call, &tree, id, &select).ok_or_else(|| Error::not_found("there is no such folder"))?;
    Ok(entity(call, "mailFolders", &select, properties))
}
