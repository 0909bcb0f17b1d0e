//! GET mailFolders/inbox/messageRules

use super::view::{PATH, PROPERTIES, require_inbox, view};
use crate::mail::rules::book::list_rules;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::short_list::short_list;

pub const ROWS: &[Row] =
    &[row!(GET "me/mailFolders/{}/messageRules" SettingsRead [Select, Top, Skip, Filter, Count] => list)];

async fn list(call: Call) -> Result {
    require_inbox(&call).await?;
    let all = list_rules(call.ctx(), call.account).await?;
    short_list(&call, PATH, &PROPERTIES, &all, view)
}
