//! People as Graph's recipient.

use crate::formats::mime::address::Mailbox;
use serde_json::{Value, json};

/// Programs show the name, so somebody without one is called by the address.
pub fn recipient(mailbox: &Mailbox) -> Value {
    let name = mailbox.name.as_deref().unwrap_or(&mailbox.address);
    json!({"emailAddress": {"name": name, "address": mailbox.address}})
}

pub fn recipients(list: &[Mailbox]) -> Value {
    list.iter().map(recipient).collect()
}

pub fn first(list: &[Mailbox]) -> Value {
    list.first().map_or(Value::Null, recipient)
}
