//! POST messages: a draft, described in JSON or whole.

use super::change::take_state;
use super::get::whole_message;
use crate::mail::append::{Placement, append_message};
use crate::mail::change::{MessageChange, change_message};
use crate::mail::list_folders;
use crate::model::{Flags, FolderId, ItemId, Keywords, Role};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::folder::names::find_target;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::sending::dispatch::{begin, compose_draft, prepare};
use crate::protocols::graph::sending::{mime, wanted};
use crate::protocols::http::ids;

pub const ROWS: &[Row] = &[
    row!(POST "me/messages" MailWrite [] => create_draft),
    row!(POST "me/mailFolders/{}/messages" MailWrite [] => create_in_folder),
];

async fn create_draft(call: Call) -> Result {
    let folder = drafts(&call).await?;
    create(&call, folder).await
}

async fn create_in_folder(call: Call) -> Result {
    let folder = find_target(&call, call.key(0)).await?;
    create(&call, folder).await
}

async fn create(call: &Call, folder: FolderId) -> Result {
    let mut change = MessageChange::default();
    let raw = if call.is_mime() {
        mime::read(call).await?.raw
    } else {
        let body = call.json_or_empty()?;
        let mut outgoing = begin(call)?;
        wanted::parse(call, &body)?.apply(&mut outgoing);
        take_state(&mut change, &Keywords::default(), &body)?;
        compose_draft(outgoing).await?
    };
    let id = put_draft(call, folder, raw).await?;
    change_message(call.ctx(), call.account, id, change).await?;
    answer_with(call, id).await
}

pub async fn drafts(call: &Call) -> Result<FolderId> {
    let tree = list_folders(call.ctx(), call.account).await?;
    let found = tree.by_role(Role::Drafts).map(|(_, f)| f.id);
    found.ok_or_else(|| crate::base::Error::not_found("there is no folder for drafts").into())
}

/// Stores a draft; it is its writer's, so it counts as read.
pub async fn put_draft(call: &Call, folder_id: FolderId, raw: Vec<u8>) -> Result<ItemId, GraphError> {
    let prepared = prepare(call, raw).await?;
    let place = Placement {
        folder_id,
        flags: Flags::DRAFT.with(Flags::SEEN),
        keywords: Keywords::default(),
        received_at_ms: call.ctx().now_ms(),
    };
    Ok(append_message(call.ctx(), call.account, prepared, place)
        .await?
        .item
        .id)
}

/// 201 with the draft.
pub async fn answer_with(call: &Call, id: ItemId) -> Result {
    let location = format!("{}/me/messages/{}", call.site.base(), ids::print_item(id));
    Ok(Answer::created(whole_message(call, id).await?, location))
}
