//! POST mailFolders/{id}/copy: with everything in it and below it.

use super::create::answer_with;
use super::names::{self, Place};
use crate::base::Error;
use crate::mail::copy_folder::copy_folder;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(POST "me/mailFolders/{}/copy" MailWrite [] => copy)];

async fn copy(call: Call) -> Result {
    let body = call.json()?;
    let id = names::find_target(&call, call.key(0)).await?;
    let to = json::required_text(&body, "destinationId")?;
    let to = match names::find(&call, to).await?.1 {
        Place::Root => None,
        Place::Folder(folder) => Some(folder.id),
        Place::Outbox => return Err(Error::forbidden("nothing can be put into the outbox").into()),
    };
    let made = copy_folder(call.ctx(), call.account, id, to).await?;
    Ok(Answer::json(answer_with(&call, made).await?))
}
