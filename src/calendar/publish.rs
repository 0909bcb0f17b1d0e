//! Publishing a calendar at an address that only those know who were told: as times alone, with titles, or with all but what
//! is private. Whoever knows the address needs no password, so it is long, and only its hash is kept.

use crate::base::{Error, Result, TimeMs, random};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_component};
use crate::formats::ical::attachment::managed_id;
use crate::formats::ical::itip::PRODUCT;
use crate::formats::ical::private::without_private;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::{ObjectKind, Shape};
use crate::model::publication::{Detail, Publication};
use crate::model::share::ShareLevel;
use crate::model::{AccountId, AccountState, FolderId, FolderKind};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use serde_json::json;
use std::collections::BTreeSet;

/// What was is published for so long; all that will be.
const PAST_S: i64 = 366 * 86_400;
/// Of all events together; a program that subscribes reads all of it each time.
const MOST_BYTES: usize = 32 << 20;
/// How often programs are asked to look.
const EACH: &str = "PT1H";

/// Of the address; what follows it is for people and programs that look at the end of a name.
pub fn path_of(secret: &str) -> String {
    format!("/published/{secret}/calendar.ics")
}

fn hash_of(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

/// Publishes a calendar, or does it anew: the address before ends. Returns the secret, which nobody is told again.
/// Errors: NotFound; Forbidden, unless the actor may do everything there; Invalid, for what is no calendar.
pub async fn publish(ctx: &Ctx, account: AccountId, folder: FolderId, detail: Detail) -> Result<String> {
    require_level(ctx, account, folder, ShareLevel::Manage).await?;
    let found = ctx
        .store
        .account(account)?
        .peek(move |s| s.folder(folder))
        .await?;
    if found.kind != FolderKind::Calendar {
        return Err(Error::invalid("only calendars are published"));
    }
    let secret = random::token();
    let hash = hash_of(&secret);
    let publication = Publication {
        account,
        folder,
        detail,
        since_ms: ctx.now_ms(),
    };
    let actor = ctx.actor_name().to_owned();
    ctx.store
        .directory()
        .write(move |d| {
            d.put_publication(&publication, &hash)?;
            let owner = d.account(account)?.map(|a| a.address);
            let about = json!({"owner": owner, "calendar": folder.0, "detail": detail});
            d.note_audit(publication.since_ms, &actor, "calendar.publish", &about)
        })
        .await?;
    Ok(secret)
}

/// Its address ends. Errors: NotFound, also when it is not published; Forbidden.
pub async fn unpublish(ctx: &Ctx, account: AccountId, folder: FolderId) -> Result<()> {
    require_level(ctx, account, folder, ShareLevel::Manage).await?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            if !d.remove_publication(account, folder)? {
                return Err(Error::not_found("this calendar is not published"));
            }
            let owner = d.account(account)?.map(|a| a.address);
            let about = json!({"owner": owner, "calendar": folder.0});
            d.note_audit(now_ms, &actor, "calendar.unpublish", &about)
        })
        .await
}

/// None: it is not published. Errors: NotFound; Forbidden, unless the actor may do everything there.
pub async fn publication(ctx: &Ctx, account: AccountId, folder: FolderId) -> Result<Option<Publication>> {
    require_level(ctx, account, folder, ShareLevel::Manage).await?;
    let directory = ctx.store.directory();
    directory.peek(move |d| d.publication(account, folder)).await
}

/// The calendar behind an address, whoever asks. Errors: NotFound, the same for addresses that never were, that have ended
/// and whose owner is not active; TooLarge.
pub async fn read_published(ctx: &Ctx, secret: &str) -> Result<Vec<u8>> {
    let missing = || Error::not_found("there is no calendar at this address, or not any more");
    let hash = hash_of(secret);
    let directory = ctx.store.directory();
    let found = directory
        .peek(move |d| {
            let Some(found) = d.publication_by_hash(&hash)? else {
                return Ok(None);
            };
            let owner = d.account(found.account)?;
            let is_active = owner.is_some_and(|o| o.state == AccountState::Active);
            Ok(Some(found).filter(|_| is_active))
        })
        .await?
        .ok_or_else(missing)?;
    // The events keep their names while the address lasts, and have others at another.
    let key = blake3::derive_key("hauspost published calendar", secret.as_bytes());
    let now_ms = ctx.now_ms();
    let file = ctx.store.account(found.account)?;
    let read = file
        .read(move |s| {
            let all = s.collections(FolderKind::Calendar)?;
            let Some(calendar) = all.into_iter().find(|c| c.folder.id == found.folder) else {
                return Ok(None);
            };
            let mut out = head(calendar.display_name(), found.detail);
            add_events(s, &found, &key, now_ms, &mut out)?;
            Ok(Some(print_component(&out).into_bytes()))
        })
        .await?;
    read.ok_or_else(missing)
}

fn head(name: &str, detail: Detail) -> Component {
    let mut out = Component::new("VCALENDAR");
    out.set("VERSION", "2.0");
    out.set("PRODID", PRODUCT);
    out.set("METHOD", "PUBLISH");
    out.put(Property::new("REFRESH-INTERVAL", EACH).with("VALUE", "DURATION"));
    out.set("X-PUBLISHED-TTL", EACH);
    // What somebody calls a calendar of theirs may say more than their times do.
    if detail != Detail::Busy {
        out.set_text("NAME", name);
        out.set_text("X-WR-CALNAME", name);
    }
    out
}

fn add_events(
    s: &Snapshot<'_, AccountDb>,
    publication: &Publication,
    key: &[u8; 32],
    now_ms: TimeMs,
    out: &mut Component,
) -> Result<()> {
    let from_s = now_ms.div_euclid(1000) - PAST_S;
    let (mut size, mut zones, mut events) = (0, BTreeSet::new(), Vec::new());
    for object in s.objects_between(publication.folder, from_s, i64::MAX)? {
        let is_silent = object.shape.contains(Shape::TRANSPARENT) || object.shape.contains(Shape::CANCELLED);
        if object.kind != ObjectKind::Event || (publication.detail == Detail::Busy && is_silent) {
            continue;
        }
        let raw = without_private(s.read_body(object.item.body_id)?);
        size += raw.len();
        if size > MOST_BYTES {
            return Err(Error::too_large(format!(
                "this calendar has more than {} MB, and is not published any more; its owner can publish one with less in it",
                MOST_BYTES >> 20
            )));
        }
        // What is stored has been read once.
        let Ok(calendar) = read_component(&raw) else {
            continue;
        };
        for part in calendar.parts {
            match part.name.as_str() {
                "VTIMEZONE" => {
                    let name = part.property("TZID").map(|p| p.value.clone());
                    if zones.insert(name) {
                        out.parts.push(part);
                    }
                }
                "VEVENT" => events.push(shown(part, publication.detail, key)),
                _ => {}
            }
        }
    }
    out.parts.extend(events);
    Ok(())
}

/// Times, the rule, and what ties the parts of a series together.
const TIMES: [&str; 12] = [
    "UID",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "SEQUENCE",
    "STATUS",
    "TRANSP",
];

/// What strangers see of a component.
fn shown(mut event: Component, detail: Detail, key: &[u8; 32]) -> Component {
    // Who knows the UID of a meeting could answer for its guests.
    let uid = blake3::keyed_hash(key, event.text("UID").unwrap_or_default().as_bytes()).to_hex();
    event.set("UID", format!("{}@published", &uid[..40]));
    event.parts.clear();
    let keeps = |more: &[&str], name: &str| TIMES.contains(&name) || more.contains(&name);
    match detail {
        Detail::Busy => {
            event.properties.retain(|p| keeps(&[], &p.name));
            event.set_text("SUMMARY", "Busy");
        }
        Detail::Titles => event
            .properties
            .retain(|p| keeps(&["SUMMARY", "LOCATION"], &p.name)),
        Detail::All => {
            let noted = |p: &Property| p.name.starts_with("X-") || p.name == "REQUEST-STATUS";
            // Files are read by who may read the calendar here.
            event.properties.retain(|p| !noted(p) && managed_id(p).is_none());
            for property in &mut event.properties {
                let is_noted = |n: &str| n.starts_with("X-HAUSPOST-") || n.starts_with("SCHEDULE-");
                property.params.retain(|(n, _)| !is_noted(n));
            }
        }
    }
    event
}
