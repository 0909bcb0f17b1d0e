//! PROPFIND (RFC 4918 §9.1): what things say of themselves, and what lies below them.

use super::data::{Data, Shown, Zones};
use super::door::{Answer, Call};
use super::error::DavError;
use super::look::{look, look_into};
use super::multistatus::{status_only, streamed, whole};
use super::place::{self, Place, Section};
use super::props::{View, Wanted, response};
use super::xml::{self, DAV, Element};
use crate::base::Kind;
use crate::identity::Ctx;
use crate::model::object::Object;
use crate::model::share::ShareLevel;
use crate::objects::collections::list_collections;
use crate::objects::get::Found;
use crate::objects::people::Card;
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
            let head = match is_deep && call.prefer().is_without_root {
                true => String::new(),
                false => response(&seen.view(&call.account), &wanted),
            };
            // Of those who may see when somebody is busy, nobody sees what there is.
            let all = match is_deep && collection.level >= ShareLevel::Read {
                true => Told::listed(list_in(&call.ctx, &collection).await?, &wanted),
                false => Vec::new(),
            };
            return objects(call, *section, &collection, head, all, String::new(), wanted).await;
        }
        Place::Object(section, _, collection, name) => {
            let collection = call.collection(*section, collection).await?;
            call.require(&collection, ShareLevel::Read)?;
            find_in(&call.ctx, &collection, name).await?;
            let one = vec![Told::by_name(name.clone())];
            return objects(
                call,
                *section,
                &collection,
                String::new(),
                one,
                String::new(),
                wanted,
            )
            .await;
        }
        _ => {}
    }
    if is_deep && call.prefer().is_without_root {
        places.remove(0);
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

/// An object that is to be told of.
pub struct Told {
    name: String,
    /// As it was found with its bytes, if they were asked for. None: to be read when its turn comes.
    card: Option<Card>,
}

/// So many are held as they were found; of more, only the names.
const MOST_HELD: usize = 5_000;

impl Told {
    pub fn by_name(name: String) -> Told {
        Told { name, card: None }
    }

    /// What a question has found. Nothing is read again that it has read, nor what nobody wants to see.
    pub fn found(all: Vec<Found>) -> Vec<Told> {
        let told = |(i, (object, raw)): (usize, Found)| Told {
            name: object.name.clone(),
            card: raw.filter(|_| i < MOST_HELD).map(|raw| (object, raw)),
        };
        all.into_iter().enumerate().map(told).collect()
    }

    /// What a list has found, without bytes.
    pub fn listed(all: Vec<Object>, wanted: &Wanted) -> Vec<Told> {
        let is_enough = !wanted.needs_bytes();
        let found = all.into_iter().map(|o| (o, is_enough.then(Vec::new)));
        Told::found(found.collect())
    }
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

/// Objects of one collection, read as the answer is taken; those that are not there are told as such.
pub async fn objects(
    call: &Call,
    section: Section,
    within: &Reached,
    head: String,
    all: Vec<Told>,
    tail: String,
    wanted: Wanted,
) -> Answer {
    let data = Arc::new(Data::read(&wanted, &within.collection, Zones::of(call))?);
    let is_minimal = call.prefer().is_minimal;
    let (ctx, account, within) = (call.ctx.clone(), call.account.clone(), Arc::new(within.clone()));
    let base = place::collection(section, &account.address, &within.name);
    streamed(head, all, tail, move |some| {
        let (ctx, account, base, wanted) = (ctx.clone(), account.clone(), base.clone(), wanted.clone());
        let (within, data) = (within.clone(), data.clone());
        async move {
            let place = Place::Object(section, String::new(), String::new(), String::new());
            let all = read(&ctx, &within, some, wanted.needs_bytes()).await?;
            let bytes =
                |(_, card): &(String, Option<Card>)| card.as_ref().map_or(0, |(_, raw)| raw.len() * 5 / 4);
            let mut out = String::with_capacity(all.iter().map(bytes).sum::<usize>() + all.len() * 300);
            for (name, object) in all {
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
                            is_minimal,
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

/// Those that were not read yet too, in their order.
async fn read(
    ctx: &Ctx,
    within: &Reached,
    some: Vec<Told>,
    with_bytes: bool,
) -> Result<Vec<(String, Option<Card>)>, DavError> {
    let left = some.iter().filter(|t| t.card.is_none());
    let names: Vec<String> = left.map(|t| t.name.clone()).collect();
    let mut read = match names.is_empty() {
        true => Vec::new(),
        false => match named_in(ctx, within, names, with_bytes).await {
            // The collection has gone while its answer was taken.
            Err(e) if e.kind() == Kind::NotFound => Vec::new(),
            read => read?,
        },
    }
    .into_iter();
    let whole = |told: Told| match told.card {
        Some(card) => Some((told.name, Some(card))),
        None => read.next(),
    };
    Ok(some.into_iter().filter_map(whole).collect())
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
