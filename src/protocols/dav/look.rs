//! Looking at one thing: all that its properties are made from, read once.

use super::acl;
use super::door::Call;
use super::error::DavError;
use super::place::{self, Place, Section};
use super::props::{View, Wanted, availability, default_calendar};
use super::xml::{CALENDAR_SERVER, DAV};
use crate::calendar::availability::get_availability;
use crate::identity::access::find_colleague;
use crate::mail::quota::get_usage;
use crate::model::object::{Collection, Object};
use crate::model::share::ShareLevel;
use crate::model::{Account, FolderKind};
use crate::objects::collections::{default_collection, own_properties};
use crate::objects::reading::{find_in, read_in};
use crate::objects::shares::Reached;
use actix_web::http::StatusCode;
use std::sync::Arc;

pub struct Seen {
    pub href: String,
    pub owner: Arc<Account>,
    level: ShareLevel,
    place: Place,
    collection: Option<Collection>,
    object: Option<(Object, Vec<u8>)>,
    quota: Option<(i64, Option<i64>)>,
    sharees: Vec<(Account, ShareLevel)>,
    is_minimal: bool,
    own: Vec<(String, String)>,
}

impl Seen {
    /// `account`: who asks.
    pub fn view<'a>(&'a self, account: &'a Account) -> View<'a> {
        View {
            href: &self.href,
            account,
            owner: &self.owner,
            level: self.level,
            place: &self.place,
            collection: self.collection.as_ref(),
            object: self.object.as_ref().map(|(o, raw)| (o, raw.as_slice())),
            quota: self.quota,
            sharees: &self.sharees,
            is_minimal: self.is_minimal,
            own: &self.own,
        }
    }
}

/// Errors: 404, also for what is another's; 403, where nothing may be read.
pub async fn look(call: &Call, place: &Place, wanted: &Wanted) -> Result<Seen, DavError> {
    let me = call.account.address.to_lowercase();
    let is_anothers = place.owner().is_some_and(|who| who != me);
    let owner = match place {
        Place::Principal(other) if is_anothers => find_colleague(&call.ctx, other).await?,
        _ if is_anothers => {
            return Err(DavError::new(
                StatusCode::NOT_FOUND,
                "there is nothing at this address",
            ));
        }
        _ => call.account.clone(),
    };
    let who = &owner.address;
    let href = match place {
        Place::Root => place::root(),
        Place::Principals => place::principals(),
        Place::Principal(_) => place::principal(who),
        Place::Home(section, _) => place::home(*section, who),
        Place::Outbox(_) => place::collection(Section::Calendars, who, place::OUTBOX),
        Place::Attachment(_) => return Err(DavError::not_allowed()),
        Place::Collection(section, _, name) => {
            let reached = call.collection(*section, name).await?;
            return look_into(call, *section, &reached, wanted).await;
        }
        Place::Object(section, _, collection, name) => {
            return look_at_object(call, *section, collection, name, wanted).await;
        }
    };
    let own = match place {
        Place::Principal(_) => acl::memberships(call, &owner, wanted).await?,
        _ => Vec::new(),
    };
    Ok(Seen {
        href,
        owner,
        level: ShareLevel::Manage,
        place: place.clone(),
        collection: None,
        object: None,
        quota: quota_of(call, wanted).await?,
        sharees: Vec::new(),
        is_minimal: call.prefer().is_minimal,
        own,
    })
}

/// A collection itself.
pub async fn look_into(
    call: &Call,
    section: Section,
    within: &Reached,
    wanted: &Wanted,
) -> Result<Seen, DavError> {
    let mut seen = within.collection.clone();
    let mut own = match within.is_people() {
        true => Vec::new(),
        false => own_properties(&call.ctx, within.account(), within.folder()).await?,
    };
    if seen.folder.kind == FolderKind::ScheduleInbox {
        let usual = default_collection(&call.ctx, call.id(), FolderKind::Calendar).await?;
        own.push(default_calendar(&call.account, &usual));
        let said = get_availability(&call.ctx, call.id()).await?;
        own.extend(said.iter().flat_map(|s| availability(s)));
    }
    if wanted.names(DAV, "acl") && within.level == ShareLevel::Manage && !within.is_people() {
        own.push(acl::of_collection(call, within).await?);
    }
    let asks_who = wanted.names(CALENDAR_SERVER, "invite") || wanted.names(DAV, "resourcetype");
    let sharees = match asks_who && within.level == ShareLevel::Manage && !within.is_people() {
        true => acl::people_of(call, within).await?,
        false => Vec::new(),
    };
    seen.properties.display_name = Some(within.display_name());
    // Room is the owner's affair.
    let quota = match within.is_own() {
        true => quota_of(call, wanted).await?,
        false => None,
    };
    Ok(Seen {
        href: place::collection(section, &call.account.address, &within.name),
        owner: within.owner.clone(),
        level: within.collection.level_within(within.level),
        place: Place::Collection(section, call.account.address.clone(), within.name.clone()),
        collection: Some(seen),
        object: None,
        quota,
        sharees,
        is_minimal: call.prefer().is_minimal,
        own,
    })
}

async fn look_at_object(
    call: &Call,
    section: Section,
    collection: &str,
    name: &str,
    wanted: &Wanted,
) -> Result<Seen, DavError> {
    let within = call.collection(section, collection).await?;
    call.require(&within, ShareLevel::Read)?;
    let object = match wanted.needs_bytes() {
        true => read_in(&call.ctx, &within, name).await?,
        false => (find_in(&call.ctx, &within, name).await?, Vec::new()),
    };
    let base = place::collection(section, &call.account.address, &within.name);
    Ok(Seen {
        href: format!("{base}{}", place::encode(name)),
        owner: within.owner.clone(),
        level: within.collection.level_within(within.level),
        place: Place::Object(section, String::new(), String::new(), String::new()),
        collection: None,
        object: Some(object),
        quota: None,
        sharees: Vec::new(),
        is_minimal: call.prefer().is_minimal,
        own: Vec::new(),
    })
}

async fn quota_of(call: &Call, wanted: &Wanted) -> Result<Option<(i64, Option<i64>)>, DavError> {
    if !wanted.needs_quota() {
        return Ok(None);
    }
    let usage = get_usage(&call.ctx, call.id()).await?;
    Ok(Some((usage.used_bytes, usage.limit_bytes)))
}
