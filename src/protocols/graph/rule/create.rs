//! POST mailFolders/inbox/messageRules

use super::view::{PATH, PROPERTIES, print_id, read, require_inbox, view};
use crate::mail::rules::book::create_rule;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] = &[row!(POST "me/mailFolders/{}/messageRules" SettingsWrite [] => create)];

async fn create(call: Call) -> Result {
    require_inbox(&call).await?;
    let body = call.json()?;
    json::required_text(&body, "displayName")?;
    let new = read(&call, &body, None).await?;
    let made = create_rule(call.ctx(), call.owner()?, new)
        .await
        .map_err(|e| GraphError::from(e).with_code_for_invalid("ErrorInvalidArgument"))?;
    let select = Select::usual(&PROPERTIES);
    let location = format!(
        "{}/me/mailFolders/inbox/messageRules/{}",
        call.site.base(),
        print_id(made.rule.id)
    );
    Ok(Answer::created(
        entity(&call, PATH, &select, view(&made, &select)),
        location,
    ))
}
