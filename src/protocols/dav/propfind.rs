//! PROPFIND (RFC 4918 §9.1): what things say of themselves, and what lies below them.

use super::door::{Answer, Call};
use super::error::DavError;
use super::multistatus::{status_only, streamed, whole};
use super::place::{self, Place, Section};
use super::props::{View, Wanted, default_calendar, response};
use super::xml::{self, DAV, Element};
use crate::base::Kind;
use crate::mail::quota::get_usage;
use crate::model::FolderKind;
use crate::model::object::{Collection, Object};
use crate::objects::collections::{default_collection, list_collections, own_properties};
use crate::objects::get::{find_object, list_objects, read_named};
use actix_web::http::StatusCode;

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
    let quota = match wanted.needs_quota() {
        true => {
            let usage = get_usage(&call.ctx, call.id()).await?;
            Some((usage.used_bytes, usage.limit_bytes))
        }
        false => None,
    };
    let who = &call.account.address;
    let view = |href: &str, place: &Place| {
        response(
            &View {
                href,
                account: &call.account,
                place,
                collection: None,
                object: None,
                quota,
                own: &[],
            },
            &wanted,
        )
    };
    let mut out = String::new();
    match &call.place {
        Place::Root => {
            out.push_str(&view("/dav/", &call.place));
            if is_deep {
                out.push_str(&view("/dav/principals/", &Place::Principals));
                for section in [Section::Calendars, Section::AddressBooks] {
                    out.push_str(&view(
                        &place::home(section, who),
                        &Place::Home(section, who.clone()),
                    ));
                }
            }
        }
        Place::Principals => {
            out.push_str(&view("/dav/principals/", &call.place));
            if is_deep {
                out.push_str(&view(&place::principal(who), &Place::Principal(who.clone())));
            }
        }
        Place::Principal(_) => out.push_str(&view(&place::principal(who), &call.place)),
        Place::Home(section, _) => {
            out.push_str(&view(&place::home(*section, who), &call.place));
            if is_deep {
                for collection in list_collections(&call.ctx, call.id(), section.kinds()).await? {
                    out.push_str(&of_collection(call, *section, &collection, &wanted, quota).await?);
                }
                if *section == Section::Calendars {
                    let outbox = place::collection(*section, who, place::OUTBOX);
                    out.push_str(&view(&outbox, &Place::Outbox(who.clone())));
                }
            }
        }
        Place::Outbox(_) => {
            let outbox = place::collection(Section::Calendars, who, place::OUTBOX);
            out.push_str(&view(&outbox, &call.place));
        }
        Place::Collection(section, _, name) => {
            let collection = call.collection(*section, name).await?;
            let head = of_collection(call, *section, &collection, &wanted, quota).await?;
            let names = match is_deep {
                true => names_of(list_objects(&call.ctx, call.id(), collection.folder.id).await?),
                false => Vec::new(),
            };
            return objects(call, *section, &collection, head, names, String::new(), wanted).await;
        }
        Place::Object(section, _, collection, name) => {
            let collection = call.collection(*section, collection).await?;
            find_object(&call.ctx, call.id(), collection.folder.id, name).await?;
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
    }
    Ok(whole(&out, ""))
}

pub fn names_of(all: Vec<Object>) -> Vec<String> {
    all.into_iter().map(|o| o.name).collect()
}

async fn of_collection(
    call: &Call,
    section: Section,
    collection: &Collection,
    wanted: &Wanted,
    quota: Option<(i64, Option<i64>)>,
) -> Result<String, DavError> {
    let mut own = own_properties(&call.ctx, call.id(), collection.folder.id).await?;
    if collection.folder.kind == FolderKind::ScheduleInbox {
        let usual = default_collection(&call.ctx, call.id(), FolderKind::Calendar).await?;
        own.push(default_calendar(&call.account, &usual));
    }
    let name = &collection.folder.name;
    let href = place::collection(section, &call.account.address, name);
    Ok(response(
        &View {
            href: &href,
            account: &call.account,
            place: &Place::Collection(section, call.account.address.clone(), name.clone()),
            collection: Some(collection),
            object: None,
            quota,
            own: &own,
        },
        wanted,
    ))
}

/// Objects of one collection by name, read as the answer is taken; those that are not there are told as such.
pub async fn objects(
    call: &Call,
    section: Section,
    collection: &Collection,
    head: String,
    names: Vec<String>,
    tail: String,
    wanted: Wanted,
) -> Answer {
    let (ctx, account, folder) = (call.ctx.clone(), call.account.clone(), collection.folder.id);
    let base = place::collection(section, &account.address, &collection.folder.name);
    streamed(head, names, tail, move |names| {
        let (ctx, account, base, wanted) = (ctx.clone(), account.clone(), base.clone(), wanted.clone());
        async move {
            let place = Place::Object(section, String::new(), String::new(), String::new());
            let found = read_named(&ctx, account.id, folder, names, wanted.needs_bytes()).await;
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
                match object {
                    None => out.push_str(&status_only(&href, StatusCode::NOT_FOUND)),
                    Some((object, raw)) => out.push_str(&response(
                        &View {
                            href: &href,
                            account: &account,
                            place: &place,
                            collection: None,
                            object: Some((&object, &raw)),
                            quota: None,
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
