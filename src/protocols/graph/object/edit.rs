//! Making, changing and removing objects through their rooms.

use super::Resource;
use crate::base::{Error, Kind};
use crate::calendar::put::put_event;
use crate::calendar::remove::remove_event;
use crate::contacts::put::put_card;
use crate::model::object::{Collection, Object, ObjectKind};
use crate::model::{FolderId, FolderKind, ItemId, Modseq};
use crate::objects::collections::list_collections;
use crate::objects::get::{find_object, get_object};
use crate::objects::remove::delete_object;
use crate::objects::{Condition, Put};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::http::ids;
use actix_web::http::StatusCode;

/// Times that a change is made again because somebody else was faster.
const TRIES: usize = 5;

pub const ALL_KINDS: [FolderKind; 3] = [
    FolderKind::Calendar,
    FolderKind::AddressBook,
    FolderKind::TaskList,
];

/// A collection of one kind by its printed id. Errors: ErrorInvalidIdMalformed, ErrorItemNotFound.
pub async fn collection_by_id(call: &Call, kind: FolderKind, text: &str) -> Result<Collection, GraphError> {
    let id = ids::parse_folder(text).map_err(|_| GraphError::bad_id(text))?;
    collection_of(call, &[kind], id).await
}

pub async fn collection_of(
    call: &Call,
    kinds: &[FolderKind],
    id: FolderId,
) -> Result<Collection, GraphError> {
    let all = list_collections(call.ctx(), call.account, kinds).await?;
    let found = all.into_iter().find(|c| c.folder.id == id);
    found.ok_or_else(|| Error::not_found("there is no such calendar, folder or list").into())
}

/// The one that every account has: the first that was made.
pub async fn default_collection(call: &Call, kind: FolderKind) -> Result<Collection, GraphError> {
    if !call.ctx().is_owner(call.account) {
        return Ok(crate::objects::collections::default_collection(call.ctx(), call.account, kind).await?);
    }
    let all = list_collections(call.ctx(), call.account, &[kind]).await?;
    let first = all.into_iter().min_by_key(|c| c.folder.id);
    first.ok_or_else(|| Error::not_found("there is no such calendar, folder or list").into())
}

/// Stores bytes under a name, and gives the object. Errors: those of the room; 412; 409 for a UID that is there already.
pub async fn store<R: Resource>(
    call: &Call,
    collection: &Collection,
    name: &str,
    raw: Vec<u8>,
    condition: Condition,
) -> Result<Object, GraphError> {
    let stored = match R::KIND {
        ObjectKind::Card => put_card(call.ctx(), call.account, collection, name, raw, condition).await,
        _ => put_event(call.ctx(), call.account, collection, name, raw, condition).await,
    };
    match stored.map_err(GraphError::of_condition)? {
        Put::Stored { .. } => Ok(find_object(call.ctx(), call.account, collection.folder.id, name).await?),
        Put::NoSuchFile(id) => Err(Error::not_found(format!("there is no attachment »{id}«")).into()),
        Put::AttendeeMayNot(what) => Err(Error::forbidden(what).into()),
        Put::UidTaken(_) => Err(GraphError::new(
            StatusCode::CONFLICT,
            "ErrorIrresolvableConflict",
            "there is already something with the same UID in this collection",
        )),
    }
}

/// Replaces an object's bytes by what `edit` makes of them; again, when somebody else has changed it meanwhile.
/// `unchanged`: as it has to be. `edit` gives None when nothing is to be changed.
pub async fn edit<R: Resource>(
    call: &Call,
    id: ItemId,
    unchanged: Option<Modseq>,
    edit: impl Fn(&Object, &[u8]) -> Result<Option<Vec<u8>>, GraphError>,
) -> Result<Object, GraphError> {
    let mut tries = 0;
    loop {
        let (object, raw) = get_object(call.ctx(), call.account, id, R::KIND).await?;
        if let Some(modseq) = unchanged {
            Condition::Unchanged(modseq)
                .check(Some(&object))
                .map_err(GraphError::of_condition)?;
        }
        let Some(new) = edit(&object, &raw)? else {
            return Ok(object);
        };
        let collection = collection_of(call, &ALL_KINDS, object.item.folder_id).await?;
        let condition = Condition::Unchanged(object.item.modseq);
        tries += 1;
        match store::<R>(call, &collection, &object.name, new, condition).await {
            Err(e) if e.is_conflict() && unchanged.is_none() && tries < TRIES => {}
            other => return other,
        }
    }
}

/// Errors: ErrorItemNotFound; 412.
pub async fn remove<R: Resource>(
    call: &Call,
    id: ItemId,
    unchanged: Option<Modseq>,
) -> Result<(), GraphError> {
    let (object, _) = get_object(call.ctx(), call.account, id, R::KIND).await?;
    let condition = unchanged.map_or(Condition::Always, Condition::Unchanged);
    let folder = object.item.folder_id;
    let (ctx, name) = (call.ctx(), &object.name);
    let removed = match R::KIND {
        ObjectKind::Card => delete_object(ctx, call.account, folder, name, condition).await,
        _ => remove_event(ctx, call.account, folder, name, condition, true).await,
    };
    removed.map_err(GraphError::of_condition)
}

/// Errors: BadRequest, where the room calls what it is given invalid.
pub fn as_request(error: Error) -> GraphError {
    let is_invalid = error.kind() == Kind::Invalid;
    let error = GraphError::from(error);
    if is_invalid {
        error.with_code("ErrorInvalidRequest")
    } else {
        error
    }
}
