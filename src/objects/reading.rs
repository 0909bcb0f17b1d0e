//! Objects of whatever somebody has reached: of an account, or of the office's own book.

use super::get::{find_object, list_objects, read_named, read_object};
use super::no_such_object;
use super::people::{Card, people};
use super::shares::Reached;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::object::Object;

/// Without their bytes.
pub async fn list_in(ctx: &Ctx, place: &Reached) -> Result<Vec<Object>> {
    match place.is_people() {
        true => Ok(people(ctx).await?.into_iter().map(|(object, _)| object).collect()),
        false => list_objects(ctx, place.account(), place.folder()).await,
    }
}

/// Errors: NotFound.
pub async fn find_in(ctx: &Ctx, place: &Reached, name: &str) -> Result<Object> {
    match place.is_people() {
        true => Ok(person(ctx, name).await?.0),
        false => find_object(ctx, place.account(), place.folder(), name).await,
    }
}

/// With its bytes. Errors: NotFound.
pub async fn read_in(ctx: &Ctx, place: &Reached, name: &str) -> Result<Card> {
    match place.is_people() {
        true => person(ctx, name).await,
        false => read_object(ctx, place.account(), place.folder(), name).await,
    }
}

/// As [`read_named`].
pub async fn named_in(
    ctx: &Ctx,
    place: &Reached,
    names: Vec<String>,
    with_bytes: bool,
) -> Result<Vec<(String, Option<Card>)>> {
    if !place.is_people() {
        return read_named(ctx, place.account(), place.folder(), names, with_bytes).await;
    }
    let all = people(ctx).await?;
    let find = |name: &str| all.iter().find(|(o, _)| o.name == name).cloned();
    Ok(names
        .into_iter()
        .map(|name| {
            let found = find(&name);
            (name, found)
        })
        .collect())
}

async fn person(ctx: &Ctx, name: &str) -> Result<Card> {
    let all = people(ctx).await?;
    all.into_iter()
        .find(|(object, _)| object.name == name)
        .ok_or_else(no_such_object)
}
