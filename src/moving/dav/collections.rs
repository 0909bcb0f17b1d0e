//! Which calendars, task lists and address books somebody has on a server.

use super::client::{Ask, Client, Reply};
use crate::base::text::percent_decoded;
use crate::base::{Error, Kind, Result};
use crate::formats::xml::{APPLE, CALDAV, CARDDAV, DAV, Element, NAMESPACES};
use crate::model::FolderKind;
use crate::model::object::CollectionProperties;
use url::Url;

/// What is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Calendars,
    Contacts,
}

impl Service {
    fn well_known(self) -> &'static str {
        match self {
            Service::Calendars => "/.well-known/caldav",
            Service::Contacts => "/.well-known/carddav",
        }
    }

    fn home(self) -> (&'static str, &'static str) {
        match self {
            Service::Calendars => (CALDAV, "calendar-home-set"),
            Service::Contacts => (CARDDAV, "addressbook-home-set"),
        }
    }
}

/// A collection there.
#[derive(Clone, Debug)]
pub struct Remote {
    pub url: Url,
    pub name: String,
    /// What it takes: events, tasks; or cards.
    pub kinds: Vec<FolderKind>,
    pub properties: CollectionProperties,
}

/// The homes of somebody, and what is in them.
pub struct Found {
    /// Where new collections are made.
    pub home: Option<Url>,
    pub collections: Vec<Remote>,
}

/// A property that has a value, in whichever propstat.
pub fn property<'a>(response: &'a Element, ns: &str, name: &str) -> Option<&'a Element> {
    let stats = response.children.iter().filter(|c| c.is(DAV, "propstat"));
    let good = stats.filter(|s| s.child(DAV, "status").is_none_or(|s| s.text.contains(" 200 ")));
    good.filter_map(|s| s.child(DAV, "prop"))
        .find_map(|p| p.child(ns, name))
}

pub fn href(response: &Element) -> Option<&str> {
    response.child(DAV, "href").map(|h| h.text.trim())
}

pub async fn propfind(client: &mut Client, url: &Url, depth: &str, props: &str) -> Result<Reply> {
    let body =
        format!("<?xml version=\"1.0\"?><D:propfind {NAMESPACES}><D:prop>{props}</D:prop></D:propfind>");
    client.send(url, &Ask::xml("PROPFIND", depth, body)).await
}

/// From an address that somebody was given: of a server, of a principal, of a home or of one collection.
/// Errors: NotAuthenticated; NotFound, when nothing is found there.
pub async fn find_collections(client: &mut Client, start: &Url, service: Service) -> Result<Found> {
    let mut home = None;
    for url in starts(start, service) {
        let reply = match propfind(
            client,
            &url,
            "0",
            "<D:current-user-principal/><D:resourcetype/><C:calendar-home-set/><A:addressbook-home-set/>",
        )
        .await
        {
            Ok(reply) => reply,
            Err(e) if e.kind() == Kind::Unavailable && url != *start => continue,
            Err(e) => return Err(e),
        };
        let reply = match reply.check() {
            Ok(reply) => reply,
            Err(e) if matches!(e.kind(), Kind::NotAuthenticated) => return Err(e),
            Err(_) => continue,
        };
        let responses = reply.responses()?;
        let Some(response) = responses.first() else {
            continue;
        };
        if is_collection(response, service) {
            let collections = read_collections(client, &reply.url, "0", service).await?;
            return Ok(Found {
                home: None,
                collections,
            });
        }
        home = home_of(response, &reply.url, service)?;
        if home.is_none()
            && let Some(principal) =
                property(response, DAV, "current-user-principal").and_then(|p| p.child(DAV, "href"))
        {
            let principal = join(&reply.url, principal.text.trim())?;
            let (ns, name) = service.home();
            let prop = if ns == CALDAV {
                format!("<C:{name}/>")
            } else {
                format!("<A:{name}/>")
            };
            let reply = propfind(client, &principal, "0", &prop).await?.check()?;
            let responses = reply.responses()?;
            home = match responses.first() {
                Some(response) => home_of(response, &reply.url, service)?,
                None => None,
            };
        }
        if home.is_some() {
            break;
        }
    }
    // It may be a home itself.
    let url = home.clone().unwrap_or_else(|| start.clone());
    let collections = read_collections(client, &url, "1", service).await?;
    if home.is_none() && collections.is_empty() {
        return Err(Error::not_found(format!(
            "no calendars or address books are found at {start}; name the address that the provider gives for programs"
        )));
    }
    Ok(Found { home, collections })
}

fn starts(start: &Url, service: Service) -> Vec<Url> {
    let well_known = start.join(service.well_known()).ok();
    match start.path() {
        "/" | "" => well_known.into_iter().chain([start.clone()]).collect(),
        _ => std::iter::once(start.clone()).chain(well_known).collect(),
    }
}

fn join(base: &Url, href: &str) -> Result<Url> {
    base.join(href).map_err(|e| {
        Error::unavailable(format!(
            "the other server names »{href}«, which is no address: {e}"
        ))
    })
}

fn home_of(response: &Element, base: &Url, service: Service) -> Result<Option<Url>> {
    let (ns, name) = service.home();
    let found = property(response, ns, name).and_then(|h| h.child(DAV, "href"));
    found.map(|h| join(base, h.text.trim())).transpose()
}

fn is_collection(response: &Element, service: Service) -> bool {
    let kind = property(response, DAV, "resourcetype");
    kind.is_some_and(|k| match service {
        Service::Calendars => k.child(CALDAV, "calendar").is_some(),
        Service::Contacts => k.child(CARDDAV, "addressbook").is_some(),
    })
}

async fn read_collections(
    client: &mut Client,
    url: &Url,
    depth: &str,
    service: Service,
) -> Result<Vec<Remote>> {
    let props = "<D:resourcetype/><D:displayname/><C:supported-calendar-component-set/><C:calendar-description/>\
        <A:addressbook-description/><I:calendar-color/>";
    let reply = propfind(client, url, depth, props).await?.check()?;
    let mut out = Vec::new();
    for response in reply.responses()? {
        let Some(href) = href(&response).filter(|_| is_collection(&response, service)) else {
            continue;
        };
        let url = join(&reply.url, href)?;
        let text = |ns: &str, name: &str| {
            let found = property(&response, ns, name).map(|e| e.text.trim().to_owned());
            found.filter(|t| !t.is_empty())
        };
        let name = text(DAV, "displayname").unwrap_or_else(|| last_part(&url));
        out.push(Remote {
            kinds: kinds(&response, service),
            properties: CollectionProperties {
                display_name: Some(name.clone()),
                description: text(CALDAV, "calendar-description")
                    .or(text(CARDDAV, "addressbook-description")),
                colour: text(APPLE, "calendar-color"),
                ..CollectionProperties::default()
            },
            name,
            url,
        });
    }
    Ok(out)
}

fn kinds(response: &Element, service: Service) -> Vec<FolderKind> {
    if service == Service::Contacts {
        return vec![FolderKind::AddressBook];
    }
    let Some(set) = property(response, CALDAV, "supported-calendar-component-set") else {
        return vec![FolderKind::Calendar, FolderKind::TaskList];
    };
    let has = |name: &str| {
        set.children
            .iter()
            .any(|c| c.attribute("name").is_some_and(|n| n.eq_ignore_ascii_case(name)))
    };
    let mut kinds = Vec::new();
    if has("VEVENT") || has("VJOURNAL") || !has("VTODO") {
        kinds.push(FolderKind::Calendar);
    }
    if has("VTODO") {
        kinds.push(FolderKind::TaskList);
    }
    kinds
}

/// Of an address, decoded.
pub fn last_part(url: &Url) -> String {
    let last = url
        .path()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    percent_decoded(last)
}
