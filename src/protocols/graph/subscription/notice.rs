//! What programs are sent: changeNotificationCollection.

use crate::base::clock::rfc3339;
use crate::model::subscription::{ChangeType, Event, Subject, Subscription};
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

/// As its own door prints it.
pub fn id_of(piece: &Piece) -> String {
    match piece.thing {
        Thing::Message(id) => ids::print_item(id),
        Thing::MailFolder(id) => ids::print_folder(id),
        Thing::Object(kind, id) => ids::print_object(kind, id),
    }
}

/// Where a thing that is subscribed to lies, behind the version. `oid`: the object id of the mailbox's owner.
pub fn path_of(s: &Subscription, oid: &str, id: &str) -> String {
    let segment = match s.subject {
        Subject::Messages => "Messages".to_owned(),
        Subject::MailFolders => "MailFolders".to_owned(),
        Subject::Contacts => "Contacts".to_owned(),
        Subject::Events => "Events".to_owned(),
        Subject::Tasks => {
            let list = s.folder.map(ids::print_folder).unwrap_or_default();
            format!("Todo/Lists/{list}/Tasks")
        }
    };
    format!("Users/{oid}/{segment}/{id}")
}

/// `oid`: the object id of the mailbox's owner.
pub fn of_change(s: &Subscription, (tenant, oid): (&str, &str), piece: &Piece, change: ChangeType) -> Value {
    let kind = match s.subject {
        Subject::Messages => "Message",
        Subject::MailFolders => "MailFolder",
        Subject::Contacts => "Contact",
        Subject::Events => "Event",
        Subject::Tasks => "TodoTask",
    };
    let id = id_of(piece);
    let resource = path_of(s, oid, &id);
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
