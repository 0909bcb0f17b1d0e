//! Calendars that are read from an address elsewhere (a school's holidays, a club's matches): subscribing, and taking in what
//! came. Nobody writes into them; what others say there invites nobody and makes nobody busy.

use crate::base::{Error, Result, TimeMs, random};
use crate::calendar::put::columns;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, read_stream};
use crate::formats::ical::object::check_object;
use crate::formats::ical::value::parse_duration;
use crate::identity::Ctx;
use crate::identity::shares::{require_any, require_edit};
use crate::model::feed::Feed;
use crate::model::object::{CollectionProperties, Components, Object, ObjectColumns, ObjectKind};
use crate::model::{AccountId, FolderId, FolderKind};
use crate::objects::collections::{create_collection, list_collections};
use crate::objects::put::put_object_in;
use crate::objects::{Condition, Put};
use crate::store::Tx;
use crate::store::account::AccountDb;
use crate::store::blob::Staged;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use url::Url;

/// Of one account.
const MOST_FEEDS: usize = 50;
/// Of one feed; each is an object in the calendar.
const MOST_EVENTS: usize = 20_000;
/// Written in one commit.
const AT_ONCE: usize = 200;
/// How often it is read, unless it says otherwise; and the least and the most that it may say.
pub const USUAL_S: i64 = 3_600;
const OFTEN_S: i64 = 900;
const SELDOM_S: i64 = 7 * 86_400;

/// The address of a feed as it is kept: `webcal:` is how pages write `https:` for calendars.
/// Errors: Invalid, with what is wrong with it.
pub fn parse_address(text: &str) -> Result<String> {
    let wrong = |why: &str| Error::invalid(format!("this calendar cannot be subscribed to: {why}"));
    let text = text.trim();
    let text = match text.split_once("://") {
        Some((scheme, rest)) if scheme.to_ascii_lowercase().starts_with("webcal") => {
            format!("https://{rest}")
        }
        _ => text.to_owned(),
    };
    if text.len() > 2_000 {
        return Err(wrong("its address has more than 2000 bytes"));
    }
    let url = Url::parse(&text).map_err(|e| wrong(&format!("this is no address ({e})")))?;
    if url.scheme() != "https" || url.host().is_none() {
        return Err(wrong("its address has to begin with https:// or webcal://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("a name and a password in its address are not sent"));
    }
    Ok(url.into())
}

/// A new calendar that is read from `url`, soon for the first time. `name`: the last part of its address; None: any.
/// Errors: Invalid (the address), Exists (the name), OverQuota, Forbidden.
pub async fn subscribe(
    ctx: &Ctx,
    account: AccountId,
    url: &str,
    name: Option<&str>,
    properties: CollectionProperties,
) -> Result<FolderId> {
    require_edit(ctx, account).await?;
    let url = parse_address(url)?;
    let known = ctx.store.directory().peek(move |d| d.feeds_of(account)).await?;
    if known.len() >= MOST_FEEDS {
        return Err(Error::over_quota(format!(
            "an account subscribes to at most {MOST_FEEDS} calendars; remove one"
        )));
    }
    let name = name.map_or_else(random::uuid, str::to_owned);
    let properties = CollectionProperties {
        components: Some(Components::of(&[ObjectKind::Event])),
        // What takes place elsewhere makes nobody here busy.
        is_transparent: true,
        ..properties
    };
    let folder = create_collection(ctx, account, FolderKind::Calendar, &name, properties, Vec::new()).await?;
    let kept = url.clone();
    ctx.store
        .account(account)?
        .write(move |tx| tx.mark_feed(folder, &kept))
        .await?;
    let feed = Feed {
        account,
        folder,
        url,
        etag: None,
        modified: None,
        next_at_ms: ctx.now_ms(),
        fetched_at_ms: None,
        failure: None,
    };
    ctx.store.directory().write(move |d| d.put_feed(&feed)).await?;
    Ok(folder)
}

/// The calendars of an account that are read from elsewhere, each with its shown name. Those that were removed are left out.
pub async fn list_feeds(ctx: &Ctx, account: AccountId) -> Result<Vec<(Feed, String)>> {
    require_any(ctx, account).await?;
    let feeds = ctx.store.directory().peek(move |d| d.feeds_of(account)).await?;
    let all = list_collections(ctx, account, &[FolderKind::Calendar]).await?;
    let named = feeds.into_iter().filter_map(|feed| {
        let found = all.iter().find(|c| c.folder.id == feed.folder)?;
        Some((feed, found.display_name().to_owned()))
    });
    Ok(named.collect())
}

/// All of an account's are read soon, whatever the hour. Returns how many there are. Errors: NotFound, Forbidden.
pub async fn refresh_feeds(ctx: &Ctx, account: AccountId) -> Result<usize> {
    require_edit(ctx, account).await?;
    let now_ms = ctx.now_ms();
    ctx.store
        .directory()
        .write(move |d| {
            let all = d.feeds_of(account)?;
            for feed in &all {
                d.put_feed(&Feed {
                    next_at_ms: now_ms,
                    ..feed.clone()
                })?;
            }
            Ok(all.len())
        })
        .await
}

/// What a feed has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub events: usize,
    /// Those that cannot be read are left out.
    pub unreadable: usize,
    pub next_s: i64,
}

struct Wanted {
    raw: Vec<u8>,
    columns: ObjectColumns,
}

/// Makes a calendar what its feed says: what is new comes, what is no more goes, what is the same stays.
/// Errors: Invalid, for what is no calendar; NotFound, when the calendar is gone.
pub async fn take_feed(ctx: &Ctx, account: AccountId, folder: FolderId, raw: Vec<u8>) -> Result<Taken> {
    ctx.store.check_room(raw.len() as u64)?;
    let read = tokio::task::spawn_blocking(move || read_feed(&raw)).await;
    let (wanted, taken) =
        read.map_err(|e| Error::internal("reading a feed was broken off").caused_by(e))??;
    let file = ctx.store.account(account)?;
    let known = file
        .read(move |s| {
            s.folder(folder)?;
            s.objects(folder)
        })
        .await?;
    let mut known: HashMap<String, Object> = known.into_iter().map(|o| (o.name.clone(), o)).collect();
    let mut work: Vec<(String, Option<Wanted>)> = Vec::new();
    for (name, one) in wanted {
        known.remove(&name);
        work.push((name, Some(one)));
    }
    work.extend(known.into_keys().map(|name| (name, None)));
    let now_ms = ctx.now_ms();
    while !work.is_empty() {
        let some: Vec<_> = work.drain(..AT_ONCE.min(work.len())).collect();
        let store = ctx.store.clone();
        file.write(move |tx| {
            // Removed meanwhile: nothing comes into what is no more.
            tx.folder(folder)?;
            for (name, one) in some {
                match one {
                    Some(one) => put(tx, &store, folder, &name, one, now_ms)?,
                    None => {
                        if let Some(object) = tx.object_by_name(folder, &name)? {
                            tx.remove_object(&object, now_ms)?;
                        }
                    }
                }
            }
            Ok(())
        })
        .await?;
    }
    Ok(taken)
}

fn put(
    tx: &mut Tx<'_, AccountDb>,
    store: &crate::store::Store,
    folder: FolderId,
    name: &str,
    one: Wanted,
    now_ms: TimeMs,
) -> Result<()> {
    if let Some(object) = tx.object_by_name(folder, name)? {
        let stands = tx.read_body(object.item.body_id)?;
        // Servers stamp all of it anew each time that somebody asks.
        if without_stamps(&stands) == without_stamps(&one.raw) {
            return Ok(());
        }
    }
    let staged = Staged::from_bytes(store.layout(), &one.raw)?;
    match put_object_in(tx, folder, name, &staged, &one.columns, Condition::Always, now_ms)? {
        Put::Stored { .. } => Ok(()),
        _ => Err(Error::internal("an event of a feed stands in its own way")),
    }
}

fn without_stamps(raw: &[u8]) -> Vec<&[u8]> {
    let lines = raw.split(|b| *b == b'\n');
    lines.filter(|l| !l.starts_with(b"DTSTAMP")).collect()
}

/// The events of a feed by the name of their object, each with the zones that it names.
fn read_feed(raw: &[u8]) -> Result<(BTreeMap<String, Wanted>, Taken)> {
    let mut taken = Taken {
        events: 0,
        unreadable: 0,
        next_s: USUAL_S,
    };
    let mut zones: BTreeMap<String, Component> = BTreeMap::new();
    let mut events: BTreeMap<String, Vec<Component>> = BTreeMap::new();
    for calendar in read_stream(raw)? {
        if calendar.name != "VCALENDAR" {
            return Err(Error::invalid("what is at this address is no calendar"));
        }
        if let Some(each) = ["REFRESH-INTERVAL", "X-PUBLISHED-TTL"]
            .iter()
            .find_map(|n| parse_duration(calendar.property(n)?.value.trim()))
        {
            taken.next_s = (each.days * 86_400 + each.seconds).clamp(OFTEN_S, SELDOM_S);
        }
        for part in calendar.parts {
            match part.name.as_str() {
                "VTIMEZONE" => {
                    let name = part.property("TZID").map(|p| p.value.clone());
                    zones.insert(name.unwrap_or_default(), part);
                }
                "VEVENT" => match part.text("UID").map(|u| u.trim().to_owned()) {
                    Some(uid) if !uid.is_empty() => events.entry(uid).or_default().push(part),
                    _ => taken.unreadable += 1,
                },
                _ => {}
            }
        }
    }
    if events.len() > MOST_EVENTS {
        return Err(Error::too_large(format!(
            "it has {} events, and {MOST_EVENTS} are taken at most",
            events.len()
        )));
    }
    let mut out = BTreeMap::new();
    for (uid, parts) in events {
        let Ok(object) = check_object(calendar_of(parts, &zones), true) else {
            taken.unreadable += 1;
            continue;
        };
        let name = format!("{}.ics", &blake3::hash(uid.as_bytes()).to_hex()[..32]);
        let one = Wanted {
            raw: print_component(&object.calendar).into_bytes(),
            columns: columns(&object),
        };
        out.insert(name, one);
        taken.events += 1;
    }
    if out.is_empty() && taken.unreadable > 0 {
        return Err(Error::invalid("none of its events can be read"));
    }
    Ok((out, taken))
}

fn calendar_of(mut parts: Vec<Component>, zones: &BTreeMap<String, Component>) -> Component {
    let mut out = Component::new("VCALENDAR");
    out.set("VERSION", "2.0");
    out.set("PRODID", crate::formats::ical::itip::PRODUCT);
    // Whom others remind of what is not for us to say.
    parts.iter_mut().for_each(|p| p.parts.clear());
    let named = parts
        .iter()
        .flat_map(|p| &p.properties)
        .filter_map(|p| p.param("TZID"));
    let named: BTreeSet<&str> = named.collect();
    out.parts
        .extend(named.iter().filter_map(|n| zones.get(*n)).cloned());
    out.parts.extend(parts);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_web() {
        for (given, kept) in [
            ("webcal://a.test/x.ics", "https://a.test/x.ics"),
            (" https://a.test:8443/x?y=1 ", "https://a.test:8443/x?y=1"),
        ] {
            assert_eq!(parse_address(given).unwrap(), kept);
        }
        for bad in [
            "http://a.test/",
            "file:///etc/passwd",
            "a.test",
            "https://u:p@a.test/",
            "https://",
            "",
        ] {
            assert!(parse_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_the_rest_comes() {
        let raw = "BEGIN:VCALENDAR\nREFRESH-INTERVAL;VALUE=DURATION:PT1M\nBEGIN:VEVENT\nUID:a\nDTSTART:20300101T090000Z\n\
            BEGIN:VALARM\nACTION:AUDIO\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\nUID:b\nDTSTART:soon\nEND:VEVENT\nBEGIN:VEVENT\n\
            DTSTART:20300101T090000Z\nEND:VEVENT\nBEGIN:VTODO\nUID:t\nEND:VTODO\nEND:VCALENDAR\n";
        let (all, taken) = read_feed(raw.as_bytes()).unwrap();
        assert_eq!((taken.events, taken.unreadable, taken.next_s), (1, 2, OFTEN_S));
        let text = String::from_utf8(all.into_values().next().unwrap().raw).unwrap();
        assert!(text.contains("UID:a") && !text.contains("VALARM"), "{text}");
        assert!(read_feed(b"<html></html>").is_err());
        assert!(read_feed(b"BEGIN:VCARD\nEND:VCARD\n").is_err());
    }
}
