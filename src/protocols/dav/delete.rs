//! DELETE of an object, or of a collection with all that it holds.

use super::door::{Answer, Call};
use super::error::DavError;
use super::place::{Place, Section};
use crate::calendar::remove::{remove_calendar, remove_event};
use crate::model::share::ShareLevel;
use crate::objects::collections::delete_collection;
use crate::objects::remove::delete_object;
use actix_web::HttpResponse;

pub async fn delete(call: &Call) -> Answer {
    match &call.place {
        Place::Object(section, _, collection, name) => {
            let collection = call.collection(*section, collection).await?;
            call.require(&collection, ShareLevel::Write)?;
            let (account, folder) = (collection.account(), collection.folder());
            let condition = call.condition();
            match section {
                Section::Calendars => {
                    // RFC 6638 §8.1: whoever removes an invitation may do it without a word.
                    let answers = call.header("schedule-reply").is_none_or(|v| v.trim() != "F");
                    remove_event(&call.ctx, account, folder, name, condition, answers).await?;
                }
                Section::AddressBooks => {
                    delete_object(&call.ctx, account, folder, name, condition).await?;
                }
            }
        }
        Place::Collection(section, _, name) => {
            let collection = call.collection(*section, name).await?;
            call.check_is_calendar(&collection)?;
            call.require(&collection, ShareLevel::Manage)?;
            let account = collection.account();
            match section {
                Section::Calendars => remove_calendar(&call.ctx, account, &collection.collection).await?,
                Section::AddressBooks => {
                    delete_collection(&call.ctx, account, collection.folder()).await?;
                }
            }
        }
        _ => return Err(DavError::not_allowed()),
    }
    Ok(HttpResponse::NoContent().finish())
}
