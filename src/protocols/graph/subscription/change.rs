//! PATCH subscriptions/{id}: a new end.

use super::create::{expiration, longest_minutes};
use super::remove::missing;
use super::view::{entity, owner};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use crate::sync::subscriptions::{find_subscription, renew_subscription};

pub const ROWS: &[Row] = &[row!(PATCH "subscriptions/{}" Nothing [] => change)];

async fn change(call: Call) -> Result {
    let body = call.json()?;
    if json::field(&body, "notificationUrl").is_some() {
        return Err(GraphError::request(
            "»notificationUrl« cannot be changed; make another subscription and remove this one",
        ));
    }
    let until = json::required_text(&body, "expirationDateTime")?;
    let ctx = call.caller.directory_ctx();
    let before = find_subscription(&ctx, owner(&call)?, call.key(0)).await;
    let longest = longest_minutes(before.map_err(missing)?.sealed.is_some());
    let expires_at_ms = expiration(until, call.caller.now_ms(), longest)?;
    let renewed = renew_subscription(&ctx, owner(&call)?, call.key(0), expires_at_ms).await;
    Ok(Answer::json(entity(&call, &renewed.map_err(missing)?)))
}
