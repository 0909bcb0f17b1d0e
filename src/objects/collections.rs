//! Collections: which there are, making, changing and removing them. Every account has a calendar, a task list and an
//! address book from the first look on.

use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::shares::{require_any, require_edit, require_level};
use crate::model::folder::MAX_NAME_BYTES;
use crate::model::object::{Collection, CollectionProperties, Components, ObjectKind};
use crate::model::property::{Property, PropertyValue};
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId, FolderKind};
use crate::store::account::AccountDb;
use crate::store::{Snapshot, Tx};

/// Kinds that are collections, each with the name and the shown names of the one that every account has.
const DEFAULTS: [(FolderKind, &str, &str, &str); 4] = [
    (FolderKind::Calendar, "calendar", "Calendar", "Kalender"),
    (FolderKind::TaskList, "tasks", "Tasks", "Aufgaben"),
    (FolderKind::AddressBook, "contacts", "Contacts", "Kontakte"),
    (FolderKind::ScheduleInbox, "inbox", "Invitations", "Einladungen"),
];

/// Collections of one account, so that nobody fills the disk with empty ones.
const MOST: usize = 1_000;

/// Collections of these kinds, by id; of another's those that the actor may use.
pub async fn list_collections(
    ctx: &Ctx,
    account: AccountId,
    kinds: &[FolderKind],
) -> Result<Vec<Collection>> {
    if !ctx.is_owner(account) {
        let reached = super::shares::reachable_in(ctx, account, kinds).await?;
        return Ok(reached.into_iter().map(|(collection, _)| collection).collect());
    }
    all_collections(ctx, account, kinds).await
}

/// As [`list_collections`], whoever asks: the caller looks at what each one allows.
pub(super) async fn all_collections(
    ctx: &Ctx,
    account: AccountId,
    kinds: &[FolderKind],
) -> Result<Vec<Collection>> {
    let file = ctx.store.account(account)?;
    let wanted = kinds.to_vec();
    let all = file
        .peek(move |s| {
            let mut out = Vec::new();
            for kind in &wanted {
                out.push(s.collections(*kind)?);
            }
            Ok(out)
        })
        .await?;
    if all.iter().all(|of_kind| !of_kind.is_empty()) {
        return Ok(all.into_iter().flatten().collect());
    }
    let language = language_of(ctx, account).await?;
    let (kinds, now_ms) = (kinds.to_vec(), ctx.now_ms());
    file.write(move |tx| {
        let mut out = Vec::new();
        for kind in kinds {
            if tx.collections(kind)?.is_empty() {
                insert_default(tx, kind, &language, now_ms)?;
            }
            out.extend(tx.collections(kind)?);
        }
        Ok(out)
    })
    .await
}

/// In which the collections that everybody has are named: the owner's. Only the program itself asks for others.
async fn language_of(ctx: &Ctx, account: AccountId) -> Result<String> {
    match ctx.account() {
        Ok(actor) if actor.id == account => Ok(actor.language.clone()),
        _ => {
            let owner = ctx.store.directory().peek(move |d| d.account(account)).await?;
            Ok(owner.map(|o| o.language).unwrap_or_default())
        }
    }
}

/// As [`default_collection_in`]; of another's account, when the actor may use it.
pub async fn default_collection(ctx: &Ctx, account: AccountId, kind: FolderKind) -> Result<Collection> {
    let file = ctx.store.account(account)?;
    let known = file.peek(move |s| usual(s, kind)).await?;
    let found = match known {
        Some(known) => known,
        None => {
            require_any(ctx, account).await?;
            let language = language_of(ctx, account).await?;
            let now_ms = ctx.now_ms();
            file.write(move |tx| default_collection_in(tx, kind, &language, now_ms))
                .await?
        }
    };
    require_level(ctx, account, found.folder.id, ShareLevel::FreeBusy).await?;
    Ok(found)
}

/// Makes a collection the one into which things of its kind come.
pub async fn choose_collection(ctx: &Ctx, account: AccountId, collection: &Collection) -> Result<()> {
    ctx.require_owner(account)?;
    if collection.feed.is_some() {
        return Err(Error::invalid(
            "this calendar is read from elsewhere; choose one of your own",
        ));
    }
    let (key, id) = (chosen_key(collection.folder.kind), collection.folder.id.0);
    ctx.store
        .account(account)?
        .write(move |tx| tx.put_account_setting(&key, Some(id.to_string().as_bytes())))
        .await
}

fn chosen_key(kind: FolderKind) -> String {
    format!("default-collection-{}", kind as i64)
}

/// The one that was chosen, else the one that every account has, else the oldest.
fn usual(s: &Snapshot<'_, AccountDb>, kind: FolderKind) -> Result<Option<Collection>> {
    let mut all = s.collections(kind)?;
    all.retain(|c| c.feed.is_none());
    let chosen = s.account_setting(&chosen_key(kind))?;
    let chosen = chosen.and_then(|id| String::from_utf8(id).ok()?.parse().ok());
    let name = DEFAULTS
        .iter()
        .find(|(k, ..)| *k == kind)
        .map(|(_, name, ..)| *name);
    let chosen = all.iter().position(|c| Some(c.folder.id.0) == chosen);
    let at = chosen.or_else(|| all.iter().position(|c| Some(c.folder.name.as_str()) == name));
    Ok((!all.is_empty()).then(|| all.swap_remove(at.unwrap_or(0))))
}

/// The collection of a kind into which things come that nobody has put anywhere. Makes it where there is none.
pub fn default_collection_in(
    tx: &mut Tx<'_, AccountDb>,
    kind: FolderKind,
    language: &str,
    now_ms: i64,
) -> Result<Collection> {
    if usual(tx, kind)?.is_none() {
        insert_default(tx, kind, language, now_ms)?;
    }
    usual(tx, kind)?.ok_or_else(|| Error::internal("an account has no collection of this kind"))
}

fn insert_default(tx: &mut Tx<'_, AccountDb>, kind: FolderKind, language: &str, now_ms: i64) -> Result<()> {
    let Some((_, name, english, german)) = DEFAULTS.iter().find(|(k, ..)| *k == kind) else {
        return Ok(());
    };
    let shown = if language == "de" { german } else { english };
    // The task list beside it takes the tasks.
    let components = (kind == FolderKind::Calendar).then(|| {
        Components::of(&[
            ObjectKind::Event,
            ObjectKind::Journal,
            ObjectKind::FreeBusy,
            ObjectKind::Availability,
        ])
    });
    let properties = CollectionProperties {
        display_name: Some((*shown).to_owned()),
        components,
        ..CollectionProperties::default()
    };
    tx.insert_collection(kind, name, &properties, now_ms).map(drop)
}

/// By the last part of its address. Errors: NotFound.
pub async fn get_collection(
    ctx: &Ctx,
    account: AccountId,
    kinds: &[FolderKind],
    name: &str,
) -> Result<Collection> {
    let all = list_collections(ctx, account, kinds).await?;
    let found = all.into_iter().find(|c| c.folder.name == name);
    found.ok_or_else(|| Error::not_found(format!("there is no collection »{name}«")))
}

/// Errors: Exists, also when another kind has one of that name: they share an address; Invalid (the name).
pub async fn create_collection(
    ctx: &Ctx,
    account: AccountId,
    kind: FolderKind,
    name: &str,
    properties: CollectionProperties,
    more: Vec<Property>,
) -> Result<FolderId> {
    require_edit(ctx, account).await?;
    check_name(name)?;
    if super::shares::parse_name(name).is_some() || name == super::people::NAME {
        return Err(Error::invalid(
            "names that begin with ~ are those of collections of others; take another one",
        ));
    }
    let beside: &[FolderKind] = match kind {
        FolderKind::AddressBook => &[FolderKind::AddressBook],
        _ => &[
            FolderKind::Calendar,
            FolderKind::TaskList,
            FolderKind::ScheduleInbox,
        ],
    };
    let all = all_collections(ctx, account, beside).await?;
    if all.len() >= MOST {
        return Err(Error::over_quota(format!(
            "an account has at most {MOST} of these; remove one"
        )));
    }
    if all.iter().any(|c| c.folder.name == name) {
        return Err(Error::exists(format!("there is already a collection »{name}«")));
    }
    let (name, now_ms) = (name.to_owned(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            let id = tx.insert_collection(kind, &name, &properties, now_ms)?;
            tx.put_properties(id.0, &more)?;
            Ok(id)
        })
        .await
}

fn check_name(name: &str) -> Result<()> {
    let is_odd = |c: char| c == '/' || c.is_control();
    if name.is_empty() || name == "." || name == ".." || name.len() > MAX_NAME_BYTES || name.contains(is_odd)
    {
        return Err(Error::invalid(
            "the name must have 1 to 255 bytes, without slashes and control characters",
        ));
    }
    Ok(())
}

/// Errors: Invalid, for what cannot be the name of an object.
pub fn check_object_name(name: &str) -> Result<()> {
    check_name(name)
}

/// All of what it says of itself, and properties in programs' own words. Errors: NotFound.
pub async fn change_collection(
    ctx: &Ctx,
    account: AccountId,
    collection: &Collection,
    properties: CollectionProperties,
    more: Vec<Property>,
) -> Result<()> {
    require_level(ctx, account, collection.folder.id, ShareLevel::Manage).await?;
    let (id, kind) = (collection.folder.id, collection.folder.kind);
    ctx.store
        .account(account)?
        .write(move |tx| {
            tx.folder(id)?;
            tx.put_collection(id, kind, &properties)?;
            tx.put_properties(id.0, &more)
        })
        .await
}

/// Properties in programs' own words, by name.
pub async fn own_properties(ctx: &Ctx, account: AccountId, id: FolderId) -> Result<Vec<(String, String)>> {
    require_level(ctx, account, id, ShareLevel::FreeBusy).await?;
    let all = ctx
        .store
        .account(account)?
        .peek(move |s| s.properties(id.0))
        .await?;
    let text = |p: Property| match p.value {
        PropertyValue::One(text) => Some((p.name, text)),
        _ => None,
    };
    Ok(all.into_iter().filter_map(text).collect())
}

/// With all that it holds. Errors: NotFound.
pub async fn delete_collection(ctx: &Ctx, account: AccountId, id: FolderId) -> Result<()> {
    require_level(ctx, account, id, ShareLevel::Manage).await?;
    let now_ms = ctx.now_ms();
    ctx.store
        .account(account)?
        .write(move |tx| {
            tx.folder(id)?;
            tx.remove_collection(id, now_ms)
        })
        .await
}
