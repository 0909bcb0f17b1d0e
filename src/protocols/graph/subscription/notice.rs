//! What programs are sent: changeNotificationCollection.

use crate::base::clock::rfc3339;
use crate::model::object::ObjectKind;
use crate::model::subscription::{ChangeType, Event, Subscription};
use crate::protocols::graph::call::change_key;
use crate::protocols::http::ids;
use crate::sync::news::{Piece, Thing};
use serde_json::{Value, json};

fn envelope(s: &Subscription, tenant: &str, resource: &str) -> Value {
    let mut out = json!({
        "subscriptionId": s.id,
        "subscriptionExpirationDateTime": rfc3339(s.expires_at_ms),
        "tenantId": tenant,
        "resource": resource,
    });
    if let Some(state) = &s.client_state {
        out["clientState"] = state.as_str().into();
    }
    out
}

/// As which change the program wants to hear of it; None: not at all.
pub fn wanted(s: &Subscription, piece: &Piece) -> Option<ChangeType> {
    let wants = |c: ChangeType| s.changes.contains(&c).then_some(c);
    match piece.change {
        ChangeType::Created if piece.is_changed_too => {
            wants(ChangeType::Created).or_else(|| wants(ChangeType::Updated))
        }
        change => wants(change),
    }
}

/// `oid`: the object id of the mailbox's owner.
pub fn of_change(s: &Subscription, (tenant, oid): (&str, &str), piece: &Piece, change: ChangeType) -> Value {
    let (kind, segment, id) = match piece.thing {
        Thing::Message(id) => ("Message", "Messages".to_owned(), ids::print_item(id)),
        Thing::MailFolder(id) => ("MailFolder", "MailFolders".to_owned(), ids::print_folder(id)),
        Thing::Object(kind, id) => {
            let (word, segment) = match kind {
                ObjectKind::Card => ("Contact", "Contacts".to_owned()),
                ObjectKind::Task => {
                    let list = s.folder.map(ids::print_folder).unwrap_or_default();
                    ("TodoTask", format!("Todo/Lists/{list}/Tasks"))
                }
                _ => ("Event", "Events".to_owned()),
            };
            (word, segment, ids::print_object(kind, id))
        }
    };
    let resource = format!("Users/{oid}/{segment}/{id}");
    let mut out = envelope(s, tenant, &resource);
    out["changeType"] = change.as_str().into();
    let mut data = json!({
        "@odata.type": format!("#Microsoft.Graph.{kind}"),
        "@odata.id": resource,
        "id": id,
    });
    if change != ChangeType::Deleted {
        data["@odata.etag"] = format!("W/\"{}\"", change_key(piece.modseq)).into();
    }
    out["resourceData"] = data;
    out
}

pub fn of_event(s: &Subscription, tenant: &str, event: Event) -> Value {
    let mut out = envelope(s, tenant, &s.resource);
    out["lifecycleEvent"] = match event {
        Event::Missed => "missed",
        Event::Removed => "subscriptionRemoved",
        Event::Reauthorize => "reauthorizationRequired",
    }
    .into();
    out
}
