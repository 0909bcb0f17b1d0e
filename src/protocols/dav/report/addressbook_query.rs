//! addressbook-query (RFC 6352 §8.6).

use super::About;
use crate::contacts::query::{CardFilter, query_cards, query_people};
use crate::protocols::dav::door::{Answer, Call};
use crate::protocols::dav::filter::prop_filter;
use crate::protocols::dav::multistatus::status_line;
use crate::protocols::dav::place;
use crate::protocols::dav::propfind::{Told, objects, wanted_of};
use crate::protocols::dav::xml::CARDDAV;
use actix_web::http::StatusCode;

pub async fn answer(call: &Call, about: About) -> Answer {
    let mut filter = CardFilter::default();
    if let Some(given) = about.root.child(CARDDAV, "filter") {
        filter.is_any = given.attribute("test") != Some("allof");
        for one in given.children.iter().filter(|c| c.is(CARDDAV, "prop-filter")) {
            filter.properties.push(prop_filter(one)?);
        }
    }
    let limit = about
        .root
        .child(CARDDAV, "limit")
        .and_then(|l| l.child(CARDDAV, "nresults"));
    let limit = limit
        .and_then(|n| n.text.trim().parse().ok())
        .unwrap_or(usize::MAX);
    let wanted = wanted_of(&about.root);
    let (found, has_more) = match about.place.is_people() {
        true => query_people(&call.ctx, &filter, limit).await?,
        false => {
            let (account, book) = (about.place.account(), &about.place.collection);
            query_cards(&call.ctx, account, book, (filter, limit), wanted.needs_bytes()).await?
        }
    };
    // RFC 6352 §8.6.2.
    let tail = match has_more {
        true => format!(
            "<D:response><D:href>{}</D:href><D:status>{}</D:status><D:error><D:number-of-matches-within-limits/></D:error></D:response>",
            place::collection(about.section, &call.account.address, &about.place.name),
            status_line(StatusCode::INSUFFICIENT_STORAGE)
        ),
        false => String::new(),
    };
    objects(
        call,
        about.section,
        &about.place,
        String::new(),
        Told::found(found),
        tail,
        wanted,
    )
    .await
}
