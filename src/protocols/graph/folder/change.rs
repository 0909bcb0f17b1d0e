//! PATCH mailFolders/{id}: a new name, and what a program keeps with it.

use super::create::answer_with;
use super::names;
use crate::mail::folders::place_folder;
use crate::mail::properties::set_folder_properties;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::extended;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(PATCH "me/mailFolders/{}" MailWrite [] => change)];

async fn change(call: Call) -> Result {
    let body = call.json()?;
    let id = names::find_target(&call, call.key(0)).await?;
    if let Some(name) = json::text(&body, "displayName")? {
        place_folder(call.ctx(), call.account, id, None, Some(name.trim().to_owned())).await?;
    }
    let properties = extended::given(&body)?;
    if !properties.is_empty() {
        set_folder_properties(call.ctx(), call.account, id, properties).await?;
    }
    Ok(Answer::json(answer_with(&call, id).await?))
}
