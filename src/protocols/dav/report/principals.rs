//! Reports about people, groups and rooms (RFC 3744 §9): finding them, and who they are to a thing.

use super::About;
use crate::identity::access::list_colleagues;
use crate::identity::shares::groups_of;
use crate::model::Account;
use crate::protocols::dav::acl::people_of;
use crate::protocols::dav::door::{Answer, Call};
use crate::protocols::dav::error::DavError;
use crate::protocols::dav::look::{look, look_into};
use crate::protocols::dav::multistatus::{status_line, whole};
use crate::protocols::dav::place::{self, Place};
use crate::protocols::dav::propfind::{home_of, wanted_of};
use crate::protocols::dav::props::{Wanted, element, find, response, user_type};
use crate::protocols::dav::xml::{CALDAV, CALENDAR_SERVER, DAV, Element, NAMESPACES};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// An office has fewer people.
const MOST: usize = 1_000;
const MAX_CONDITIONS: usize = 50;

/// What can be searched for, and how it is told to people (RFC 3744 §9.5).
const SEARCHED: [(&str, &str, &str); 4] = [
    (DAV, "displayname", "Name"),
    (CALENDAR_SERVER, "email-address-set", "Mail address"),
    (CALDAV, "calendar-user-address-set", "Mail address"),
    (CALDAV, "calendar-user-type", "Kind"),
];

pub fn search_properties() -> HttpResponse {
    let one = |(ns, name, what): &(&str, &str, &str)| {
        format!(
            "<D:principal-search-property><D:prop>{}</D:prop><D:description xml:lang=\"en\">{what}</D:description>\
             </D:principal-search-property>",
            element(ns, name, "")
        )
    };
    let all: String = SEARCHED.iter().map(one).collect();
    HttpResponse::Ok()
        .content_type("application/xml; charset=utf-8")
        .body(format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:principal-search-property-set {NAMESPACES}>{all}</D:principal-search-property-set>\n"
        ))
}

/// One property-search: each of its properties must hold the text.
struct Condition {
    properties: Vec<Element>,
    text: String,
    how: String,
}

impl Condition {
    /// Errors: 400.
    fn read(e: &Element) -> Result<Condition, DavError> {
        let bad = || DavError::bad_request("a property-search needs DAV:prop and DAV:match");
        let properties = e.child(DAV, "prop").ok_or_else(bad)?.children.clone();
        let text = e.child(DAV, "match").ok_or_else(bad)?;
        if properties.is_empty() {
            return Err(bad());
        }
        Ok(Condition {
            properties,
            text: text.text.trim().to_lowercase(),
            // Of CalendarServer.
            how: text.attribute("match-type").unwrap_or("contains").to_owned(),
        })
    }

    fn fits(&self, account: &Account) -> bool {
        self.properties.iter().all(|p| {
            let values = values_of(account, p);
            values.iter().any(|v| {
                let v = v.to_lowercase();
                match self.how.as_str() {
                    "equals" => v == self.text,
                    "starts-with" => v.starts_with(&self.text) || v.contains(&format!(" {}", self.text)),
                    _ => v.contains(&self.text),
                }
            })
        })
    }
}

/// Nothing, for what is not searched.
fn values_of(account: &Account, property: &Element) -> Vec<String> {
    let addresses = || std::iter::once(&account.address).chain(&account.aliases);
    match (property.ns.as_str(), property.name.as_str()) {
        (DAV, "displayname") => vec![account.display_name.clone()],
        (CALENDAR_SERVER, "email-address-set") => addresses().cloned().collect(),
        (CALDAV, "calendar-user-address-set") => {
            let mut all: Vec<String> = addresses().map(|a| format!("mailto:{a}")).collect();
            all.push(place::principal(&account.address));
            all
        }
        (CALDAV, "calendar-user-type") => vec![user_type(account.kind).to_owned()],
        _ => Vec::new(),
    }
}

/// principal-property-search (RFC 3744 §9.4).
pub async fn search(call: &Call, root: &Element) -> Answer {
    let all = root.children.iter().filter(|c| c.is(DAV, "property-search"));
    let conditions = all.map(Condition::read).collect::<Result<Vec<_>, _>>()?;
    if conditions.is_empty() || conditions.len() > MAX_CONDITIONS {
        return Err(DavError::bad_request(format!(
            "a search has 1 to {MAX_CONDITIONS} DAV:property-search"
        )));
    }
    let is_any = root.attribute("test") == Some("anyof");
    let mut found = list_colleagues(&call.ctx).await?;
    found.retain(|a| match is_any {
        true => conditions.iter().any(|c| c.fits(a)),
        false => conditions.iter().all(|c| c.fits(a)),
    });
    let limit = root.child(DAV, "limit").and_then(|l| l.child(DAV, "nresults"));
    let limit = limit.and_then(|n| n.text.trim().parse().ok()).unwrap_or(MOST);
    let tail = match found.len() > limit {
        true => format!(
            "<D:response><D:href>{}</D:href><D:status>{}</D:status><D:error><D:number-of-matches-within-limits/></D:error></D:response>",
            place::principals(),
            status_line(StatusCode::INSUFFICIENT_STORAGE)
        ),
        false => String::new(),
    };
    found.truncate(limit);
    tell(call, &found, &wanted_of(root), &tail).await
}

/// A response for each, with what is wanted of them.
async fn tell(call: &Call, all: &[Account], wanted: &Wanted, tail: &str) -> Answer {
    let mut out = String::new();
    for account in all {
        let place = Place::Principal(account.address.to_lowercase());
        let seen = look(call, &place, wanted).await?;
        out.push_str(&response(&seen.view(&call.account), wanted));
    }
    Ok(whole(&out, tail))
}

/// principal-match (RFC 3744 §9.3): who of the principals the caller is, or which collections name them.
pub async fn matching(call: &Call, root: &Element) -> Answer {
    let wanted = wanted_of(root);
    if root.child(DAV, "self").is_some() {
        let mut all = vec![(*call.account).clone()];
        all.extend(groups_of(&call.ctx, call.id()).await?);
        if !matches!(call.place, Place::Root | Place::Principals) {
            all.clear();
        }
        return tell(call, &all, &wanted, "").await;
    }
    let property = root
        .child(DAV, "principal-property")
        .and_then(|p| p.children.first())
        .ok_or_else(|| DavError::bad_request("principal-match needs DAV:self or DAV:principal-property"))?;
    let Place::Home(section, _) = &call.place else {
        return Ok(whole("", ""));
    };
    let asked = Wanted::Some(vec![property.clone()]);
    let mine = format!("<D:href>{}</D:href>", place::principal(&call.account.address));
    let mut out = String::new();
    for place in &home_of(call, *section).await? {
        let seen = look_into(call, *section, place, &asked).await?;
        if find(&seen.view(&call.account), property).is_some_and(|v| v.contains(&mine)) {
            let seen = look_into(call, *section, place, &wanted).await?;
            out.push_str(&response(&seen.view(&call.account), &wanted));
        }
    }
    Ok(whole(&out, ""))
}

/// acl-principal-prop-set (RFC 3744 §9.2): those whom the collection's list of rights names.
pub async fn of_acl(call: &Call, about: &About) -> Answer {
    let mut all = vec![(*about.place.owner).clone()];
    all.extend(people_of(call, &about.place).await?.into_iter().map(|(a, _)| a));
    all.retain(Account::is_active);
    tell(call, &all, &wanted_of(&about.root), "").await
}
