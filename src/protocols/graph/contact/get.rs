//! GET contacts/{id}

use super::fields::PROPERTIES;
use super::view::Contact;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::object::{Expansion, Look, Resource, read};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use serde_json::Value;

pub const ROWS: &[Row] = &[row!(GET "me/contacts/{}" ContactsRead [Select, Expand] => get)];

async fn get(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let expansion = Expansion::of::<Contact>(call.query.get(Opt::Expand))?;
    Ok(Answer::json(
        contact_of(&call, call.key(0), &select, &expansion).await?,
    ))
}

/// The contact as it is now, in its envelope. Errors: ErrorInvalidIdMalformed, ErrorItemNotFound.
pub async fn contact_of(call: &Call, id: &str, select: &Select, expansion: &Expansion) -> Result<Value> {
    let (object, raw) = read::<Contact>(call, id).await?;
    let look = Look::of(call)?;
    let mut shown = Contact::view(&look, &object, &raw, select)?;
    expansion
        .add::<Contact>(call, &look, (&object, &raw), &mut shown)
        .await?;
    Ok(entity(call, "contacts", select, shown))
}

/// The whole of it, for answers to changes.
pub async fn whole_contact(call: &Call, id: &str) -> Result<Value> {
    contact_of(call, id, &Select::usual(&PROPERTIES), &Expansion::default()).await
}
