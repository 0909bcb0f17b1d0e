//! contactFolders: address books. They lie side by side; the first one is `contacts` by name.

use crate::base::{Error, random};
use crate::model::object::{Collection, CollectionProperties};
use crate::model::share::ShareLevel;
use crate::model::{FolderId, FolderKind};
use crate::objects::collections::{change_collection, create_collection, list_collections};
use crate::objects::shares::list_shared;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::calendar::create::shown_name;
use crate::protocols::graph::calendar::remove::remove_collection;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection, entity};
use crate::protocols::graph::extended;
use crate::protocols::graph::json;
use crate::protocols::graph::mailbox::print_prefix;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::graph::short_list::short_list;
use crate::protocols::http::ids;
use serde_json::{Map, Value};

pub const ROWS: &[Row] = &[
    row!(GET "me/contactFolders" ContactsRead [Select, Top, Skip, Filter, Count, OrderBy] => list),
    row!(GET "me/contactFolders/{}" ContactsRead [Select] => get),
    row!(GET "me/contactFolders/{}/childFolders" ContactsRead [Select, Top, Skip, Filter, Count, OrderBy] => list_children),
    row!(POST "me/contactFolders" ContactsWrite [] => create),
    row!(POST "me/contactFolders/{}/childFolders" ContactsWrite [] => create),
    row!(PATCH "me/contactFolders/{}" ContactsWrite [] => change),
    row!(DELETE "me/contactFolders/{}" ContactsWrite [] => remove),
    row!(POST "me/contactFolders/{}/permanentDelete" ContactsWrite [] => remove),
];

pub const PROPERTIES: Properties = Properties {
    resource: "contactFolder",
    usual: &["id", "parentFolderId", "displayName"],
    further: &[],
};

const KIND: FolderKind = FolderKind::AddressBook;

/// By id, or the first one by its name. Errors: ErrorInvalidIdMalformed, ErrorItemNotFound.
pub async fn find_folder(call: &Call, text: &str) -> Result<Collection> {
    match text.eq_ignore_ascii_case("contacts") {
        true => default_collection(call, KIND).await,
        false => collection_by_id(call, KIND, text).await,
    }
}

/// An address book as the caller sees it.
pub struct Shown {
    book: Collection,
    id: String,
    name: String,
}

impl Shown {
    /// Whether it is one of the mailbox's own that are named. What is shared has no place in its change log.
    pub fn is_among(&self, own: &[FolderId]) -> bool {
        own.contains(&self.book.folder.id) && self.id == ids::print_folder(self.book.folder.id)
    }

    pub fn view(&self, select: &Select) -> Map<String, Value> {
        let property = |name: &str| -> Value {
            match name {
                "id" => self.id.clone().into(),
                "parentFolderId" => ids::print_folder(FolderId(0)).into(),
                _ => self.name.clone().into(),
            }
        };
        select.names().map(|n| (n.to_owned(), property(n))).collect()
    }
}

/// The first one first; at home also those that others share.
pub async fn folders(call: &Call) -> Result<Vec<Shown>> {
    let mut all = list_collections(call.ctx(), call.account, &[KIND]).await?;
    all.sort_by_key(|c| c.folder.id);
    let own = all.into_iter().map(|book| Shown {
        id: ids::print_folder(book.folder.id),
        name: book.display_name().to_owned(),
        book,
    });
    let mut out: Vec<Shown> = own.collect();
    if call.is_at_home() {
        let shared = list_shared(call.ctx(), &[KIND]).await?;
        // Of those who may see when somebody is busy, nobody sees cards.
        let shared = shared.into_iter().filter(|r| r.level >= ShareLevel::Read);
        out.extend(shared.map(|r| Shown {
            id: format!("{}{}", print_prefix(r.account()), ids::print_folder(r.folder())),
            name: r.display_name(),
            book: r.collection,
        }));
    }
    Ok(out)
}

async fn list(call: Call) -> Result {
    let all = folders(&call).await?;
    short_list(&call, "contactFolders", &PROPERTIES, &all, Shown::view)
}

async fn list_children(call: Call) -> Result {
    find_folder(&call, call.key(0)).await?;
    let select = Select::of(&call.query, &PROPERTIES)?;
    collection(
        &call,
        &select,
        PageOf::of_all("contactFolders".into(), Vec::new(), 0, 0),
    )
}

async fn answer_with(call: &Call, text: &str) -> Result<Value> {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let id = ids::print_folder(find_folder(call, text).await?.folder.id);
    let all = folders(call).await?;
    let found = all.iter().find(|f| f.id == id);
    let found = found.ok_or_else(|| Error::not_found("there is no such folder"))?;
    Ok(entity(call, "contactFolders", &select, found.view(&select)))
}

async fn get(call: Call) -> Result {
    Ok(Answer::json(answer_with(&call, call.key(0)).await?))
}

async fn create(call: Call) -> Result {
    let body = call.json()?;
    let properties = CollectionProperties {
        display_name: Some(shown_name(json::required_text(&body, "displayName")?)?),
        ..CollectionProperties::default()
    };
    let (kept, address) = (extended::given(&body)?, random::uuid());
    let id = create_collection(call.ctx(), call.account, KIND, &address, properties, kept).await?;
    let id = ids::print_folder(id);
    let location = format!("{}/me/contactFolders/{id}", call.site.base());
    Ok(Answer::created(answer_with(&call, &id).await?, location))
}

async fn change(call: Call) -> Result {
    let body = call.json()?;
    let folder = find_folder(&call, call.key(0)).await?;
    let mut properties = folder.properties.clone();
    if let Some(name) = json::text(&body, "displayName")? {
        properties.display_name = Some(shown_name(name)?);
    }
    let kept = extended::given(&body)?;
    change_collection(call.ctx(), call.account, &folder, properties, kept).await?;
    Ok(Answer::json(answer_with(&call, call.key(0)).await?))
}

async fn remove(call: Call) -> Result {
    remove_collection(&call, KIND).await
}
