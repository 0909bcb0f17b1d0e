//! PATCH mailFolders/inbox/messageRules/{id}

use super::view::{PATH, PROPERTIES, read, require_inbox, rule_id, view};
use crate::mail::rules::book::{change_rule, get_rule};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] = &[row!(PATCH "me/mailFolders/{}/messageRules/{}" SettingsWrite [] => change)];

async fn change(call: Call) -> Result {
    require_inbox(&call).await?;
    let (id, body) = (rule_id(&call)?, call.json()?);
    let before = get_rule(call.ctx(), call.account, id).await?;
    let change = read(&call, &body, Some(before.rule.text)).await?;
    let changed = change_rule(call.ctx(), call.owner()?, id, change)
        .await
        .map_err(|e| GraphError::from(e).with_code_for_invalid("ErrorInvalidArgument"))?;
    let select = Select::usual(&PROPERTIES);
    Ok(Answer::json(entity(
        &call,
        PATH,
        &select,
        view(&changed, &select),
    )))
}
