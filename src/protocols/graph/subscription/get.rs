//! GET subscriptions and subscriptions/{id}: those that the same program has made for the same person.

use super::view::{entity, owner, view};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};
use crate::sync::subscriptions::{find_subscription, list_subscriptions};
use serde_json::{Value, json};

pub const ROWS: &[Row] = &[
    row!(GET "subscriptions" Nothing [] => list),
    row!(GET "subscriptions/{}" Nothing [] => get),
];

async fn list(call: Call) -> Result {
    let ctx = call.caller.directory_ctx();
    let all = list_subscriptions(&ctx, owner(&call)?).await?;
    let value: Vec<Value> = all.iter().map(|s| view(&call, s).into()).collect();
    let context = format!("{}/$metadata#subscriptions", call.site.base());
    Ok(Answer::json(json!({"@odata.context": context, "value": value})))
}

async fn get(call: Call) -> Result {
    let ctx = call.caller.directory_ctx();
    let found = find_subscription(&ctx, owner(&call)?, call.key(0)).await;
    let found = found.map_err(super::remove::missing)?;
    Ok(Answer::json(entity(&call, &found)))
}
