//! translateExchangeIds: ids stay here when things move, so every id is its own translation.

use crate::base::text::one_line;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use serde_json::{Value, json};

pub const ROWS: &[Row] = &[row!(POST "me/translateExchangeIds" UserRead [] => translate)];

const FORMATS: [&str; 2] = ["restid", "restimmutableentryid"];

async fn translate(call: Call) -> Result {
    let body = call.json()?;
    for name in ["sourceIdType", "targetIdType"] {
        let format = json::required_text(&body, name)?;
        if !FORMATS.contains(&format.to_ascii_lowercase().as_str()) {
            return Err(GraphError::request(format!(
                "»{name}« is »{}«; known here: restId, restImmutableEntryId",
                one_line(format)
            )));
        }
    }
    let ids = json::list(&body, "inputIds")?.ok_or_else(|| GraphError::request("»inputIds« is missing"))?;
    let value: Vec<Value> = ids
        .iter()
        .take(1000)
        .map(|id| json!({"sourceId": id, "targetId": id}))
        .collect();
    let context = format!(
        "{}/$metadata#Collection(microsoft.graph.convertIdResult)",
        call.site.base()
    );
    Ok(Answer::json(json!({"@odata.context": context, "value": value})))
}
