//! contacts/delta and contactFolders/delta.

use super::folders::{PROPERTIES, find_folder, folders};
use super::view::Contact;
use crate::model::FolderKind;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::{Begun, State, removed};
use crate::protocols::graph::object::delta::delta;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::http::ids;
use crate::sync::delta::{collections_delta, latest};

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
    // The first look makes the one that everybody has.
    let all = folders(&call).await?;
    let (state, begun) = State::of(&call, "contactFolders")?;
    let select = Select::of_text(state.select.as_deref(), &PROPERTIES)?;
    let cursor = match begun {
        Begun::New => None,
        Begun::At(cursor) => Some(cursor),
        Begun::Latest => Some(latest(call.ctx(), call.account).await?),
    };
    let kind = FolderKind::AddressBook;
    let (changed, gone, cursor) = collections_delta(call.ctx(), call.account, kind, cursor).await?;
    let mut items = Vec::new();
    for folder in all.iter().filter(|f| f.is_among(&changed)) {
        items.push(folder.view(&select).into());
    }
    items.extend(gone.into_iter().map(|id| removed(ids::print_folder(id))));
    Ok(state.answer(&call, "contactFolders", &select, items, (cursor, false)))
}
