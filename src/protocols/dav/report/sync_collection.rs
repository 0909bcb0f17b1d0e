//! sync-collection (RFC 6578): what changed since a token; everything without one.

use super::About;
use crate::objects::people::people_changes;
use crate::protocols::dav::door::{Answer, Call};
use crate::protocols::dav::error::DavError;
use crate::protocols::dav::multistatus::{status_line, status_only};
use crate::protocols::dav::place;
use crate::protocols::dav::propfind::{Told, objects, wanted_of};
use crate::protocols::dav::props::{parse_token, print_token};
use crate::protocols::dav::xml::DAV;
use crate::sync::collection::{CollectionChanges, collection_changes};
use actix_web::http::StatusCode;

/// More are told with the next question.
const MOST: usize = 50_000;

async fn changes_of(
    call: &Call,
    about: &About,
    since: Option<i64>,
    limit: usize,
) -> Result<CollectionChanges, DavError> {
    let place = &about.place;
    if !place.is_people() {
        return Ok(collection_changes(&call.ctx, place.account(), place.folder(), since, limit).await?);
    }
    // An office has few people: they come at once.
    let changes = people_changes(&call.ctx, since).await?;
    Ok(CollectionChanges {
        present: changes.present.into_iter().map(|(object, _)| object).collect(),
        gone: changes.gone,
        modseq: changes.number,
        has_more: false,
    })
}

pub async fn answer(call: &Call, about: About) -> Answer {
    let token = about
        .root
        .child(DAV, "sync-token")
        .map(|t| t.text.trim())
        .unwrap_or_default();
    let since = match token {
        "" => None,
        token => Some(parse_token(&about.place.collection, token).ok_or_else(|| {
            DavError::precondition(
                "<D:valid-sync-token/>",
                "the token is not one of this collection; begin again without",
            )
        })?),
    };
    let limit = about
        .root
        .child(DAV, "limit")
        .and_then(|l| l.child(DAV, "nresults"));
    let limit: usize = limit.and_then(|n| n.text.trim().parse().ok()).unwrap_or(MOST);
    let limit = limit.clamp(1, MOST);
    let changes = changes_of(call, &about, since, limit).await?;
    let base = place::collection(about.section, &call.account.address, &about.place.name);
    let mut head = String::new();
    for name in &changes.gone {
        head.push_str(&status_only(
            &format!("{base}{}", place::encode(name)),
            StatusCode::NOT_FOUND,
        ));
    }
    let mut tail = String::new();
    if changes.has_more {
        // RFC 6578 §3.6.
        tail.push_str(&format!(
            "<D:response><D:href>{base}</D:href><D:status>{}</D:status><D:error><D:number-of-matches-within-limits/></D:error></D:response>",
            status_line(StatusCode::INSUFFICIENT_STORAGE)
        ));
    }
    let token = print_token(&about.place.collection, changes.modseq);
    tail.push_str(&format!("<D:sync-token>{token}</D:sync-token>"));
    let wanted = wanted_of(&about.root);
    objects(
        call,
        about.section,
        &about.place,
        head,
        Told::listed(changes.present, &wanted),
        tail,
        wanted,
    )
    .await
}
