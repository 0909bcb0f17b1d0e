//! GET mailFolders/inbox/messageRules/{id}

use super::view::{PATH, PROPERTIES, require_inbox, rule_id, view};
use crate::mail::rules::book::get_rule;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] = &[row!(GET "me/mailFolders/{}/messageRules/{}" SettingsRead [Select] => get)];

async fn get(call: Call) -> Result {
    require_inbox(&call).await?;
    let select = Select::of(&call.query, &PROPERTIES)?;
    let found = get_rule(call.ctx(), call.account, rule_id(&call)?).await?;
    Ok(Answer::json(entity(&call, PATH, &select, view(&found, &select))))
}
