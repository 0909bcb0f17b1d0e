//! contacts/delta and contactFolders/delta.

use super::folders::{KIND, PROPERTIES, find_folder, view};
use super::view::Contact;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::State;
use crate::protocols::graph::object::delta::delta;
use crate::protocols::graph::object::shown::shown_delta;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::http::ids;

pub const ROWS: &[Row] = &[
    row!(GET "me/contacts/delta" ContactsRead [Select, Top, Expand, SkipToken, DeltaToken] => contacts_default),
    row!(GET "me/contactFolders/{}/contacts/delta" ContactsRead [Select, Top, Expand, SkipToken, DeltaToken] => contacts_one),
    row!(GET "me/contactFolders/delta" ContactsRead [Select, Top, SkipToken, DeltaToken] => folders_delta),
];

async fn contacts_default(call: Call) -> Result {
    contacts(&call, "contacts").await
}

async fn contacts_one(call: Call) -> Result {
    contacts(&call, call.key(0)).await
}

async fn contacts(call: &Call, name: &str) -> Result {
    let folder = find_folder(call, name).await?.folder.id;
    let state = State::of(call, &ids::print_folder(folder))?;
    delta::<Contact>(call, state, (folder, "contacts"), None).await
}

async fn folders_delta(call: Call) -> Result {
    shown_delta(
        &call,
        KIND,
        ("contactFolders", "contactFolders"),
        &PROPERTIES,
        view,
    )
    .await
}
