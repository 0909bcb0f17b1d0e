//! A subscription as JSON, and whose it is.

use crate::base::clock::rfc3339;
use crate::model::subscription::Subscription;
use crate::protocols::graph::call::{Call, Who};
use crate::protocols::graph::error::GraphError;
use crate::sync::subscriptions::Owner;
use serde_json::{Map, Value, json};

/// Whose subscriptions the caller may see.
pub fn owner(call: &Call) -> Result<Owner, GraphError> {
    let actor = match &call.caller.who {
        Who::Person(ctx) => Some(ctx.account()?.id),
        Who::Program(_) => None,
    };
    Ok(Owner {
        actor,
        client: call.caller.program.clone(),
    })
}

pub fn view(call: &Call, s: &Subscription) -> Map<String, Value> {
    // A program by itself is its own creator.
    let creator = match &call.caller.who {
        Who::Person(ctx) => ctx.account().ok().map(|a| a.oid.clone()),
        Who::Program(client) => Some(client.id.clone()),
    };
    let mut out = Map::new();
    for (name, value) in [
        ("id", json!(s.id)),
        ("resource", json!(s.resource)),
        ("applicationId", json!(s.client)),
        ("changeType", json!(change_words(s))),
        ("clientState", json!(s.client_state)),
        ("notificationUrl", json!(s.url)),
        ("notificationQueryOptions", Value::Null),
        ("lifecycleNotificationUrl", json!(s.lifecycle_url)),
        ("expirationDateTime", json!(rfc3339(s.expires_at_ms))),
        ("creatorId", json!(creator)),
        ("includeResourceData", json!(s.sealed.is_some())),
        ("latestSupportedTlsVersion", json!(s.tls_version)),
        ("encryptionCertificate", Value::Null),
        (
            "encryptionCertificateId",
            json!(s.sealed.as_ref().map(|s| &s.certificate_id)),
        ),
        ("notificationUrlAppId", Value::Null),
    ] {
        out.insert(name.into(), value);
    }
    out
}

fn change_words(s: &Subscription) -> String {
    let words: Vec<&str> = s.changes.iter().map(|c| c.as_str()).collect();
    words.join(",")
}

/// With the context of one.
pub fn entity(call: &Call, s: &Subscription) -> Value {
    let mut out = view(call, s);
    let context = format!("{}/$metadata#subscriptions/$entity", call.site.base());
    out.insert("@odata.context".into(), context.into());
    out.into()
}
