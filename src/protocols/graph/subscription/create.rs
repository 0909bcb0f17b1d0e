//! POST subscriptions: the address is tried before it is believed.

use super::handshake::shake_hands;
use super::resource::{Target, find};
use super::sealed::{self, check_select};
use super::view::{entity, owner};
use crate::base::{TimeMs, random};
use crate::delivery::webhook::parse_url;
use crate::model::subscription::{ChangeType, Subscription};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::odata::time;
use crate::protocols::graph::routes::{Row, row};
use crate::sync::delta::latest;
use crate::sync::subscriptions::{add_subscription, remind_at};
use serde_json::Value;
use url::Url;

/// What the resource needs is asked for when it is known.
pub const ROWS: &[Row] = &[row!(POST "subscriptions" Nothing [] => create)];

/// As Microsoft. With contents, a certificate that was stolen is not used for long.
pub fn longest_minutes(is_sealed: bool) -> TimeMs {
    if is_sealed { 1440 } else { 4230 }
}

const MAX_STATE_CHARS: usize = 128;
const TLS_VERSIONS: [&str; 4] = ["v1_0", "v1_1", "v1_2", "v1_3"];

async fn create(call: Call) -> Result {
    let body = call.json()?;
    let resource = json::required_text(&body, "resource")?;
    let changes = change_types(json::required_text(&body, "changeType")?)?;
    let (url, lifecycle) = urls(&body)?;
    let client_state = client_state(&body)?;
    let tls_version = tls_version(&body)?;
    let (place, options) = resource.split_once('?').unwrap_or((resource, ""));
    let sealed = sealed::read(&body, options, &call.site)?;
    let now_ms = call.caller.now_ms();
    let expires_at_ms = expiration(
        json::required_text(&body, "expirationDateTime")?,
        now_ms,
        longest_minutes(sealed.is_some()),
    )?;
    let Target {
        account,
        oid,
        subject,
        folder,
    } = find(&call.caller, place).await?;
    let owner = owner(&call)?;
    if sealed.is_some() && owner.client.is_none() {
        return Err(GraphError::request(
            "»includeResourceData« is for programs that are registered: the token of a notification names one",
        ));
    }
    // Before the address is called: what happens from now on is told.
    let ctx = call.house().doorkeeper.system();
    let cursor = latest(&ctx, account).await?.since;
    let made = Subscription {
        id: random::uuid(),
        account,
        actor: owner.actor,
        client: owner.client,
        resource: resource.to_owned(),
        subject,
        folder,
        changes,
        url: url.clone().into(),
        remind_at_ms: lifecycle.as_ref().map(|_| remind_at(now_ms, expires_at_ms)),
        lifecycle_url: lifecycle.clone().map(String::from),
        client_state,
        tls_version,
        created_at_ms: now_ms,
        expires_at_ms,
        cursor,
        attempts: 0,
        failing_since_ms: None,
        // What happened during the handshake is looked at right away.
        retry_at_ms: Some(now_ms),
        event: None,
        is_removed: false,
        sealed,
    };
    check_select(&call.caller, &made, &oid).await?;
    let room = &call.house().post_room;
    shake_hands(room, &url).await?;
    if let Some(lifecycle) = lifecycle.as_ref().filter(|l| **l != url) {
        shake_hands(room, lifecycle).await?;
    }
    add_subscription(&ctx, made.clone()).await?;
    let location = format!("{}/subscriptions/{}", call.site.base(), made.id);
    Ok(Answer::created(entity(&call, &made), location))
}

/// Errors: 400 for times that have passed, or are too far away.
pub fn expiration(text: &str, now_ms: TimeMs, longest_minutes: TimeMs) -> Result<TimeMs, GraphError> {
    let wrong = |why: String| {
        GraphError::bad(
            "ValidationError",
            format!(
                "»expirationDateTime« is »{}«: {why}",
                crate::base::text::one_line(text)
            ),
        )
    };
    let at_ms =
        time::parse(text).ok_or_else(|| wrong("this is no time; write 2026-01-31T12:00:00Z".into()))?;
    if at_ms <= now_ms {
        return Err(wrong("this has passed".into()));
    }
    // Programs ask for the longest by their own clock, and the request is on its way for a moment.
    const SLACK_MS: TimeMs = 60_000;
    if at_ms > now_ms + longest_minutes * 60_000 + SLACK_MS {
        return Err(wrong(format!(
            "such a subscription lives for {longest_minutes} minutes at most; renew it before it ends"
        )));
    }
    Ok(at_ms)
}

fn change_types(text: &str) -> Result<Vec<ChangeType>, GraphError> {
    let words: Vec<&str> = text.split(',').map(str::trim).collect();
    let known = |w: &&str| ChangeType::ALL.iter().any(|c| c.as_str().eq_ignore_ascii_case(w));
    if let Some(word) = words.iter().find(|w| !known(w)) {
        return Err(GraphError::request(format!(
            "»changeType« has »{}«; known: created, updated, deleted, with commas between them",
            crate::base::text::one_line(word)
        )));
    }
    let asked = |c: &ChangeType| words.iter().any(|w| c.as_str().eq_ignore_ascii_case(w));
    Ok(ChangeType::ALL.into_iter().filter(asked).collect())
}

fn urls(body: &Value) -> Result<(Url, Option<Url>), GraphError> {
    let parse = |name: &str, text: &str| {
        parse_url(name, text).map_err(|e| GraphError::from(e).with_code("ValidationError"))
    };
    let url = parse("notificationUrl", json::required_text(body, "notificationUrl")?)?;
    let lifecycle = json::text(body, "lifecycleNotificationUrl")?.filter(|t| !t.is_empty());
    let lifecycle = lifecycle
        .map(|t| parse("lifecycleNotificationUrl", t))
        .transpose()?;
    Ok((url, lifecycle))
}

fn client_state(body: &Value) -> Result<Option<String>, GraphError> {
    let state = json::text(body, "clientState")?;
    if state.is_some_and(|s| s.chars().count() > MAX_STATE_CHARS) {
        return Err(GraphError::request(format!(
            "»clientState« is to have {MAX_STATE_CHARS} characters at most"
        )));
    }
    Ok(state.map(str::to_owned))
}

/// We speak 1.2 and 1.3, whatever is asked for.
fn tls_version(body: &Value) -> Result<String, GraphError> {
    let version = json::text(body, "latestSupportedTlsVersion")?.unwrap_or("v1_2");
    if TLS_VERSIONS.contains(&version) {
        return Ok(version.to_owned());
    }
    Err(GraphError::request(format!(
        "»latestSupportedTlsVersion« is to be one of {}",
        TLS_VERSIONS.join(", ")
    )))
}
