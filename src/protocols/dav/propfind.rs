//! PROPFIND (RFC 4918 §9.1): what things say of themselves, and what lies below them.

use super::door::{Answer, Call};
use super::error::DavError;
use super::multistatus::{status_only, streamed, whole};
use super::place::{self, Place, Section};
use super::props::{View, Wanted, default_calendar, response};
use super::xml::{self, DAV, Element};
use crate::base::Kind;
use crate::identity::access::find_colleague;
use crate::mail::quota::get_usage;
use crate::model::object::Object;
use crate::model::share::ShareLevel;
use crate::model::{Account, FolderKind};
use crate::objects::collections::{default_collection, list_collections, own_properties};
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
    let quota = quota_of(call, &wanted).await?;
    let who = &call.account.address;
    let owner = owner_of(call).await?;
    let view = |href: &str, place: &Place| {
        response(
            &View {
                href,
                account: &call.account,
                owner: &owner,
                level: ShareLevel::Manage,
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
        Place::Principal(_) => out.push_str(&view(&place::principal(&owner.address), &call.place)),
        Place::Home(section, _) => {
            out.push_str(&view(&place::home(*section, who), &call.place));
            if is_deep {
                for place in home_of(call, *section).await? {
                    out.push_str(&of_collection(call, *section, &place, &wanted, quota).await?);
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
    }
    Ok(whole(&out, ""))
}

pub fn names_of(all: Vec<Object>) -> Vec<String> {
    all.into_iter().map(|o| o.name).collect()
}

async fn quota_of(call: &Call, wanted: &Wanted) -> Result<Option<(i64, Option<i64>)>, DavError> {
    if !wanted.needs_quota() {
        return Ok(None);
    }
    let usage = get_usage(&call.ctx, call.id()).await?;
    Ok(Some((usage.used_bytes, usage.limit_bytes)))
}

/// Of a principal's place whoever it is about; everything else is the caller's.
async fn owner_of(call: &Call) -> Result<Arc<Account>, DavError> {
    match &call.place {
        Place::Principal(other) if *other != call.account.address.to_lowercase() => {
            Ok(find_colleague(&call.ctx, other).await?)
        }
        _ => Ok(call.account.clone()),
    }
}

/// What lies in a home: one's own, what others share, and the office's own book.
async fn home_of(call: &Call, section: Section) -> Result<Vec<Reached>, DavError> {
    let own = list_collections(&call.ctx, call.id(), section.kinds()).await?;
    let own = own.into_iter().map(|c| Reached::own(call.account.clone(), c));
    let mut out: Vec<Reached> = own.collect();
    if section == Section::AddressBooks {
        out.push(people_of(&call.ctx).await?);
    }
    out.extend(list_shared(&call.ctx, section.kinds()).await?);
    Ok(out)
}

async fn of_collection(
    call: &Call,
    section: Section,
    place: &Reached,
    wanted: &Wanted,
    quota: Option<(i64, Option<i64>)>,
) -> Result<String, DavError> {
    let mut seen = place.collection.clone();
    let mut own = match place.is_people() {
        true => Vec::new(),
        false => own_properties(&call.ctx, place.account(), place.folder()).await?,
    };
    if seen.folder.kind == FolderKind::ScheduleInbox {
        let usual = default_collection(&call.ctx, call.id(), FolderKind::Calendar).await?;
        own.push(default_calendar(&call.account, &usual));
    }
    seen.properties.display_name = Some(place.display_name());
    let href = place::collection(section, &call.account.address, &place.name);
    Ok(response(
        &View {
            href: &href,
            account: &call.account,
            owner: &place.owner,
            level: place.level,
            place: &Place::Collection(section, call.account.address.clone(), place.name.clone()),
            collection: Some(&seen),
            object: None,
            // Room is the owner's affair.
            quota: quota.filter(|_| place.is_own()),
            own: &own,
        },
        wanted,
    ))
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
    let (ctx, account, within) = (call.ctx.clone(), call.account.clone(), Arc::new(within.clone()));
    let base = place::collection(section, &account.address, &within.name);
    streamed(head, names, tail, move |names| {
        let (ctx, account, base, wanted) = (ctx.clone(), account.clone(), base.clone(), wanted.clone());
        let within = within.clone();
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
                match object {
                    None => out.push_str(&status_only(&href, StatusCode::NOT_FOUND)),
                    Some((object, raw)) => out.push_str(&response(
                        &View {
                            href: &href,
                            account: &account,
                            owner: &within.owner,
                            level: within.level,
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
