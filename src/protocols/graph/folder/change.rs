//! PATCH mailFolders/{id}: a new name.

use super::create::answer_with;
use super::names;
use crate::mail::folders::place_folder;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(PATCH "me/mailFolders/{}" MailWrite [] => change)];

async fn change(call: Call) -> Result {
    let body = call.json()?;
    let id = names::find_target(&call, call.key(0)).await?;
    if let Some(name) = json::text(&body, "displayName")? {
        place_folder(call.ctx(), call.account, id, None, Some(name.trim().to_owned())).await?;
    }
    Ok(Answer::json(answer_with(&call, id).await?))
}
