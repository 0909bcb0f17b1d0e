//! POST of CS:share to a collection of one's own: who may read it or write into it (caldav-sharing of the Calendar and
//! Contacts Server, §5.5.1). Nobody has to accept: what is shared stands in the other's home at once.

use super::door::{Answer, Call};
use super::error::DavError;
use super::place::Section;
use super::props::href;
use super::xml::{self, CALENDAR_SERVER, DAV, Element, text};
use crate::formats::ical::people::address;
use crate::identity::shares::set_share;
use crate::model::Account;
use crate::model::share::ShareLevel;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// People whom one request names.
const MOST_PEOPLE: usize = 500;

/// Those before one that is not known have got what was wanted for them; the same request again changes nothing for them.
pub async fn share(call: &Call, section: Section, name: &str, body: &[u8]) -> Answer {
    let collection = call.collection(section, name).await?;
    call.require(&collection, ShareLevel::Manage)?;
    let root = xml::read(body)?;
    if !root.is(CALENDAR_SERVER, "share") {
        return Err(DavError::new(
            StatusCode::BAD_REQUEST,
            "what is posted here is a CS:share",
        ));
    }
    if root.children.len() > MOST_PEOPLE {
        return Err(DavError::new(
            StatusCode::FORBIDDEN,
            "one request names at most 500 people",
        ));
    }
    let place = (collection.account(), collection.folder());
    for wish in &root.children {
        if let Some((who, level)) = wanted(wish)? {
            set_share(&call.ctx, place, &who, level).await?;
        }
    }
    Ok(HttpResponse::Ok().finish())
}

/// Whom a wish is about, and what they get. None: it is no wish that is known.
fn wanted(wish: &Element) -> Result<Option<(String, Option<ShareLevel>)>, DavError> {
    let level = match () {
        () if wish.is(CALENDAR_SERVER, "remove") => None,
        () if !wish.is(CALENDAR_SERVER, "set") => return Ok(None),
        () if wish.child(CALENDAR_SERVER, "read-write").is_some() => Some(ShareLevel::Write),
        () => Some(ShareLevel::Read),
    };
    let href = wish.child(DAV, "href").map(|h| address(&h.text));
    let who = href.filter(|who| who.contains('@')).ok_or_else(|| {
        DavError::new(
            StatusCode::BAD_REQUEST,
            "a DAV:href has to name somebody of the office: mailto: and their address",
        )
    })?;
    Ok(Some((who, level)))
}

/// Somebody who may use a collection, as CS:invite tells it. Nobody has to accept.
pub fn invited((account, level): &(Account, ShareLevel)) -> String {
    let access = match level {
        ShareLevel::FreeBusy | ShareLevel::Read => "read",
        ShareLevel::Write | ShareLevel::Manage => "read-write",
    };
    format!(
        "<S:user>{}<S:common-name>{}</S:common-name><S:invite-accepted/><S:access><S:{access}/></S:access></S:user>",
        href(&format!("mailto:{}", text(&account.address))),
        text(&account.display_name)
    )
}
