//! PROPFIND (RFC 4918 §9.1): what things say of themselves, and what lies below them.

use super::data::{Data, Shown};
use super::door::{Answer, Call};
use super::error::DavError;
use super::look::{look, look_into};
use super::multistatus::{status_only, streamed, whole};
use super::place::{self, Place, Section};
use super::props::{View, Wanted, response};
use super::xml::{self, DAV, Element};
use crate::base::Kind;
use crate::model::object::Object;
use crate::model::share::ShareLevel;
use crate::objects::collections::list_collections;
use crate::objects::reading::{find_in, list_in, named_in};
use crate::objects::shares::{Reached, list_shared, people_of};
use actix_web::http::StatusCode;
use std::sync::Arc;

/// More properties are not asked for by anybody.
const MAX_PROPERTIES: usize = 200;

pub async fn propfind(call: &Call, body: &[u8]) -> Answer {
    let wanted = read_wanted(body)?;
    let is_deep = match call.header("depth") {
        Some("0") => false,
        Some("1") => true,
        _ => {
            return Err(DavError::precondition(
                "<D:propfind-finite-depth/>",
                "only Depth 0 and 1 are answered",
            ));
        }
    };
    let who = &call.account.address;
    // The thing itself, and those below it that are no collections of objects.
    let mut places = vec![call.place.clone()];
    match &call.place {
        Place::Root if is_deep => {
            places.push(Place::Principals);
            let homes = [Section::Calendars, Section::AddressBooks];
            places.extend(homes.map(|s| Place::Home(s, who.to_lowercase())));
        }
        Place::Principals if is_deep => places.push(Place::Principal(who.to_lowercase())),
        Place::Collection(section, _, name) => {
            let collection = call.collection(*section, name).await?;
            let seen = look_into(call, *section, &collection, &wanted).await?;
            let head = response(&seen.view(&call.account), &wanted);
            // Of those who may see when somebody is busy, nobody sees what there is.
            let names = match is_deep && collection.level >= ShareLevel::Read {
                true => names_of(list_in(&call.ctx, &collection).await?),
                false => Vec::new(),
            };
            return objects(call, *section, &collection, head, names, String::new(), wanted).await;
        }
        Place::Object(section, _, collection, name) => {
            let collection = call.collection(*section, collection).await?;
            call.require(&collection, ShareLevel::Read)?;
            find_in(&call.ctx, &collection, name).await?;
            let names = vec![name.clone()];
            return objects(
                call,
                *section,
                &collection,
                String::new(),
                names,
                String::new(),
                wanted,
            )
            .await;
        }
        _ => {}
    }
    let mut out = String::new();
    for place in &places {
        let seen = look(call, place, &wanted).await?;
        out.push_str(&response(&seen.view(&call.account), &wanted));
    }
    if let Place::Home(section, _) = &call.place
        && is_deep
    {
        for place in home_of(call, *section).await? {
            let seen = look_into(call, *section, &place, &wanted).await?;
            out.push_str(&response(&seen.view(&call.account), &wanted));
        }
        if *section == Section::Calendars {
            let seen = look(call, &Place::Outbox(who.to_lowercase()), &wanted).await?;
            out.push_str(&response(&seen.view(&call.account), &wanted));
        }
    }
    Ok(whole(&out, ""))
}

pub fn names_of(all: Vec<Object>) -> Vec<String> {
    all.into_iter().map(|o| o.name).collect()
}

/// What lies in a home: one's own, what others share, and the office's own book.
pub async fn home_of(call: &Call, section: Section) -> Result<Vec<Reached>, DavError> {
    let own = list_collections(&call.ctx, call.id(), section.kinds()).await?;
    let own = own.into_iter().map(|c| Reached::own(call.account.clone(), c));
    let mut out: Vec<Reached> = own.collect();
    if section == Section::AddressBooks {
        out.push(people_of(&call.ctx).await?);
    }
    out.extend(list_shared(&call.ctx, section.kinds()).await?);
    Ok(out)
}

/// Objects of one collection by name, read as the answer is taken; those that are not there are told as such.
pub async fn objects(
    call: &Call,
    section: Section,
    within: &Reached,
    head: String,
    names: Vec<String>,
    tail: String,
    wanted: Wanted,
) -> Answer {
    let data = Arc::new(Data::read(&wanted, &within.collection)?);
    let (ctx, account, within) = (call.ctx.clone(), call.account.clone(), Arc::new(within.clone()));
    let base = place::collection(section, &account.address, &within.name);
    streamed(head, names, tail, move |names| {
        let (ctx, account, base, wanted) = (ctx.clone(), account.clone(), base.clone(), wanted.clone());
        let (within, data) = (within.clone(), data.clone());
        async move {
            let place = Place::Object(section, String::new(), String::new(), String::new());
            let found = named_in(&ctx, &within, names, wanted.needs_bytes()).await;
            // The collection has gone while its answer was taken.
            let found = found.or_else(|e| {
                if e.kind() == Kind::NotFound {
                    Ok(Vec::new())
                } else {
                    Err(e)
                }
            })?;
            let mut out = String::new();
            for (name, object) in found {
                let href = format!("{base}{}", place::encode(&name));
                let Some((object, raw)) = object else {
                    out.push_str(&status_only(&href, StatusCode::NOT_FOUND));
                    continue;
                };
                match data.show(object.kind, raw) {
                    Shown::TooMuch => out.push_str(&status_only(&href, StatusCode::INSUFFICIENT_STORAGE)),
                    Shown::Bytes(raw) => out.push_str(&response(
                        &View {
                            href: &href,
                            account: &account,
                            owner: &within.owner,
                            level: within.level,
                            place: &place,
                            collection: None,
                            object: Some((&object, &raw)),
                            quota: None,
                            sharees: &[],
                            own: &[],
                        },
                        &wanted,
                    )),
                }
            }
            Ok(out)
        }
    })
    .await
}

fn read_wanted(body: &[u8]) -> Result<Wanted, DavError> {
    if body.is_empty() {
        return Ok(Wanted::All);
    }
    let root = xml::read(body)?;
    if !root.is(DAV, "propfind") {
        return Err(DavError::bad_request("the body is no DAV:propfind"));
    }
    Ok(wanted_of(&root))
}

/// Of a propfind or a report.
pub fn wanted_of(root: &Element) -> Wanted {
    if let Some(prop) = root.child(DAV, "prop") {
        return Wanted::Some(prop.children.iter().take(MAX_PROPERTIES).cloned().collect());
    }
    match root.child(DAV, "propname") {
        Some(_) => Wanted::Names,
        None => Wanted::All,
    }
}
