//! Address books and task lists as the caller sees them: the mailbox's own, and at home those that others share.

use crate::model::object::{Collection, CollectionProperties};
use crate::model::share::ShareLevel;
use crate::model::{FolderId, FolderKind};
use crate::objects::collections::list_collections;
use crate::objects::shares::list_shared;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::calendar::create::shown_name;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::delta::{Begun, State, removed};
use crate::protocols::graph::json;
use crate::protocols::graph::mailbox::print_prefix;
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::http::ids;
use crate::sync::delta::{collections_delta, latest};
use serde_json::{Map, Value};

pub struct Shown {
    pub collection: Collection,
    pub id: String,
    pub name: String,
    /// Another's, who has given a right on it.
    pub is_shared: bool,
}

impl Shown {
    /// Whether it is one of the mailbox's own that are named. What is shared has no place in its change log.
    pub fn is_among(&self, own: &[FolderId]) -> bool {
        !self.is_shared && own.contains(&self.collection.folder.id)
    }
}

/// The first one first; those that others share last.
pub async fn list_shown(call: &Call, kind: FolderKind) -> Result<Vec<Shown>> {
    let mut all = list_collections(call.ctx(), call.account, &[kind]).await?;
    all.sort_by_key(|c| c.folder.id);
    let own = all.into_iter().map(|collection| Shown {
        id: ids::print_folder(collection.folder.id),
        name: collection.display_name().to_owned(),
        is_shared: false,
        collection,
    });
    let mut out: Vec<Shown> = own.collect();
    if call.is_at_home() {
        let shared = list_shared(call.ctx(), &[kind]).await?;
        // Of those who may see when somebody is busy, nobody sees cards and tasks.
        let shared = shared.into_iter().filter(|r| r.level >= ShareLevel::Read);
        out.extend(shared.map(|r| Shown {
            id: format!("{}{}", print_prefix(r.account()), ids::print_folder(r.folder())),
            name: r.display_name(),
            is_shared: true,
            collection: r.collection,
        }));
    }
    Ok(out)
}

/// Of a new one, as the body names it.
pub fn new_properties(body: &Value) -> Result<CollectionProperties> {
    Ok(CollectionProperties {
        display_name: Some(shown_name(json::required_text(body, "displayName")?)?),
        ..CollectionProperties::default()
    })
}

/// With the name that the body gives, if it gives one.
pub fn changed_properties(collection: &Collection, body: &Value) -> Result<CollectionProperties> {
    let mut properties = collection.properties.clone();
    if let Some(name) = json::text(body, "displayName")? {
        properties.display_name = Some(shown_name(name)?);
    }
    Ok(properties)
}

/// What has become of the mailbox's own since a program's last request. `name`: that of the token's kind.
pub async fn shown_delta(
    call: &Call,
    kind: FolderKind,
    (name, path): (&'static str, &str),
    properties: &'static Properties,
    view: impl Fn(&Shown, &Select) -> Map<String, Value>,
) -> Result {
    // The first look makes the one that everybody has.
    let all = list_shown(call, kind).await?;
    let (state, begun) = State::of(call, name)?;
    let select = Select::of_text(state.select.as_deref(), properties)?;
    let cursor = match begun {
        Begun::New => None,
        Begun::At(cursor) => Some(cursor),
        Begun::Latest => Some(latest(call.ctx(), call.account).await?),
    };
    let (changed, gone, cursor) = collections_delta(call.ctx(), call.account, kind, cursor).await?;
    let there = all.iter().filter(|shown| shown.is_among(&changed));
    let mut items: Vec<Value> = there.map(|shown| view(shown, &select).into()).collect();
    items.extend(gone.into_iter().map(|id| removed(ids::print_folder(id))));
    Ok(state.answer(call, path, &select, items, (cursor, false)))
}
