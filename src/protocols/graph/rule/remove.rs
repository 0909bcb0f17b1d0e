//! DELETE mailFolders/inbox/messageRules/{id}

use super::view::{require_inbox, rule_id};
use crate::mail::rules::book::remove_rule;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(DELETE "me/mailFolders/{}/messageRules/{}" SettingsWrite [] => remove)];

async fn remove(call: Call) -> Result {
    require_inbox(&call).await?;
    remove_rule(call.ctx(), call.account, rule_id(&call)?).await?;
    Ok(Answer::no_content())
}
