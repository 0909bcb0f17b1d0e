//! DELETE contacts/{id}

use super::view::Contact;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::object::edit::remove as remove_object;
use crate::protocols::graph::object::id_of;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(DELETE "me/contacts/{}" ContactsWrite [] => remove),
    row!(POST "me/contacts/{}/permanentDelete" ContactsWrite [] => remove),
];

async fn remove(call: Call) -> Result {
    let (id, unchanged) = (id_of::<Contact>(call.key(0))?, call.unchanged()?);
    remove_object::<Contact>(&call, id, unchanged).await?;
    Ok(Answer::no_content())
}
