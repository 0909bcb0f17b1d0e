//! DELETE of an object, or of a collection with all that it holds.

use super::door::{Answer, Call};
use super::error::DavError;
use super::place::Place;
use crate::objects::collections::delete_collection;
use crate::objects::remove::delete_object;
use actix_web::HttpResponse;

pub async fn delete(call: &Call) -> Answer {
    match &call.place {
        Place::Object(section, _, collection, name) => {
            let collection = call.collection(*section, collection).await?;
            delete_object(&call.ctx, call.id(), collection.folder.id, name, call.condition()).await?;
        }
        Place::Collection(section, _, name) => {
            let collection = call.collection(*section, name).await?;
            delete_collection(&call.ctx, call.id(), collection.folder.id).await?;
        }
        _ => return Err(DavError::not_allowed()),
    }
    Ok(HttpResponse::NoContent().finish())
}
