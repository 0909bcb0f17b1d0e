//! POST mailFolders/{id}/move

use super::create::answer_with;
use super::names::{self, Place};
use crate::base::Error;
use crate::mail::folders::place_folder;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(POST "me/mailFolders/{}/move" MailWrite [] => move_folder)];

async fn move_folder(call: Call) -> Result {
    let body = call.json()?;
    let id = names::find_target(&call, call.key(0)).await?;
    let to = match names::find(&call, json::required_text(&body, "destinationId")?)
        .await?
        .1
    {
        Place::Root => None,
        Place::Folder(folder) => Some(folder.id),
        Place::Outbox => return Err(Error::forbidden("nothing can be put into the outbox").into()),
    };
    place_folder(call.ctx(), call.account, id, Some(to), None).await?;
    Ok(Answer::json(answer_with(&call, id).await?))
}
