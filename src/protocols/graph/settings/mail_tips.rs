//! getMailTips: what is to be known of recipients before writing to them.

use super::automatic_replies::print_time;
use crate::base::text::one_line;
use crate::identity::access::find_colleague;
use crate::mail::replies::{AutomaticReplies, Status, internal_reply};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::zones::NamedZone;
use serde_json::{Value, json};

pub const ROWS: &[Row] = &[row!(POST "me/getMailTips" MailRead [] => mail_tips)];

async fn mail_tips(call: Call) -> Result {
    let body = call.json()?;
    let given = json::list(&body, "emailAddresses")?
        .ok_or_else(|| GraphError::request("»emailAddresses« is missing"))?;
    if given.len() > 100 {
        return Err(GraphError::request("»emailAddresses« has at most 100 members"));
    }
    let most = call.house().options.max_message_bytes;
    let mut out: Vec<Value> = Vec::new();
    for address in given {
        let address = one_line(address.as_str().unwrap_or_default());
        let colleague = find_colleague(&call.caller.directory_ctx(), &address).await.ok();
        let replies = match &colleague {
            Some(colleague) => internal_reply(call.ctx(), colleague.id).await?,
            None => None,
        };
        let is_ours = colleague.is_some();
        out.push(json!({
            "emailAddress": {"address": address, "name": ""},
            "automaticReplies": automatic_replies(replies),
            "mailboxFull": false,
            "customMailTip": "",
            "deliveryRestricted": false,
            "isModerated": false,
            "maxMessageSize": i32::try_from(most).unwrap_or(i32::MAX),
            "totalMemberCount": 1,
            "externalMemberCount": i32::from(!is_ours),
            "recipientScope": if is_ours { "internal" } else { "external" },
        }));
    }
    let context = format!(
        "{}/$metadata#Collection(microsoft.graph.mailTips)",
        call.site.base()
    );
    Ok(Answer::json(json!({"@odata.context": context, "value": out})))
}

/// What a colleague would be answered.
fn automatic_replies(replies: Option<AutomaticReplies>) -> Value {
    let Some(replies) = replies else {
        return json!({"message": ""});
    };
    let mut out = json!({"message": replies.internal});
    if replies.status == Status::Scheduled {
        let utc = NamedZone::utc();
        out["scheduledStartTime"] = print_time(replies.start_ms, &utc);
        out["scheduledEndTime"] = print_time(replies.end_ms, &utc);
    }
    out
}
