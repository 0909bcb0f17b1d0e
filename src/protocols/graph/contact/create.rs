//! POST contacts.

use super::fields;
use super::folders::find_folder;
use super::get::whole_contact;
use super::view::Contact;
use crate::base::random;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property};
use crate::model::object::{Collection, ObjectKind};
use crate::objects::Condition;
use crate::objects::properties::set_object_properties;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::extended;
use crate::protocols::graph::object::edit::store;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::http::ids;
use serde_json::Value;

pub const ROWS: &[Row] = &[
    row!(POST "me/contacts" ContactsWrite [] => create_default),
    row!(POST "me/contactFolders/{}/contacts" ContactsWrite [] => create_in),
];

async fn create_default(call: Call) -> Result {
    let folder = find_folder(&call, "contacts").await?;
    create(&call, &folder).await
}

async fn create_in(call: Call) -> Result {
    let folder = find_folder(&call, call.key(0)).await?;
    create(&call, &folder).await
}

async fn create(call: &Call, folder: &Collection) -> Result {
    let body = call.json()?;
    let given = extended::given(&body)?;
    let uid = random::uuid();
    let name = format!("{uid}.vcf");
    let raw = compose(call, &uid, &body)?;
    let object = store::<Contact>(call, folder, &name, raw, Condition::Absent).await?;
    if !given.is_empty() {
        set_object_properties(call.ctx(), call.account, object.item.id, given).await?;
    }
    let id = ids::print_object(ObjectKind::Card, object.item.id);
    let location = format!("{}/me/contacts/{id}", call.site.base());
    Ok(Answer::created(whole_contact(call, &id).await?, location))
}

/// The vCard of a new contact.
pub fn compose(call: &Call, uid: &str, body: &Value) -> Result<Vec<u8>> {
    let mut card = Component::new("VCARD");
    card.put(Property::new("VERSION", "3.0"));
    card.put(Property::of_text("UID", uid));
    fields::write(&mut card, body)?;
    stamp(call, &mut card);
    Ok(print_component(&card).into_bytes())
}

/// When it was last changed (RFC 6350 §6.7.4).
pub fn stamp(call: &Call, card: &mut Component) {
    let now = crate::base::clock::rfc3339(call.ctx().now_ms());
    card.put(Property::new("REV", now));
}
