//! getMailTips: what is to be known of recipients before writing to them.

use crate::base::text::one_line;
use crate::identity::access::find_colleague;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
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
        let is_ours = find_colleague(&call.caller.directory_ctx(), &address)
            .await
            .is_ok();
        out.push(json!({
            "emailAddress": {"address": address, "name": ""},
            // Nothing answers by itself here.
            "automaticReplies": {"message": ""},
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
