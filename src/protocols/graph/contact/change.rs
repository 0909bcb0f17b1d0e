//! PATCH contacts/{id}: what the body names; all else stays as it was written.

use super::create::stamp;
use super::fields;
use super::get::whole_contact;
use super::view::{Contact, parse};
use crate::formats::content_line::print::print_component;
use crate::objects::properties::set_object_properties;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::extended;
use crate::protocols::graph::object::edit::edit;
use crate::protocols::graph::object::id_of;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(PATCH "me/contacts/{}" ContactsWrite [] => change)];

async fn change(call: Call) -> Result {
    let (body, unchanged) = (call.json()?, call.unchanged()?);
    let id = id_of::<Contact>(call.key(0))?;
    let given = extended::given(&body)?;
    edit::<Contact>(&call, id, unchanged, |_, raw| {
        let mut card = parse(raw)?;
        fields::write(&mut card, &body)?;
        stamp(&call, &mut card);
        Ok(Some(print_component(&card).into_bytes()))
    })
    .await?;
    if !given.is_empty() {
        set_object_properties(call.ctx(), call.account, id, given).await?;
    }
    if call.prefer.is_minimal {
        return Ok(Answer::no_content().with("Preference-Applied", "return=minimal"));
    }
    Ok(Answer::json(whole_contact(&call, call.key(0)).await?))
}
