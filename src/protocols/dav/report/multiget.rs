//! calendar-multiget and addressbook-multiget (RFC 4791 §7.9, RFC 6352 §8.7).

use super::About;
use crate::protocols::dav::door::{Answer, Call};
use crate::protocols::dav::multistatus::status_only;
use crate::protocols::dav::place::{Place, path_of};
use crate::protocols::dav::propfind::{Told, objects, wanted_of};
use crate::protocols::dav::xml::{DAV, text};
use actix_web::http::StatusCode;

pub async fn answer(call: &Call, about: About) -> Answer {
    let (mut all, mut elsewhere) = (Vec::new(), String::new());
    let me = call.account.address.to_lowercase();
    for href in about.root.children.iter().filter(|c| c.is(DAV, "href")) {
        match Place::parse(path_of(&href.text)) {
            Ok(Place::Object(section, who, collection, name))
                if section == about.section && who == me && collection == about.place.name =>
            {
                all.push(Told::by_name(name));
            }
            _ => elsewhere.push_str(&status_only(&text(href.text.trim()), StatusCode::NOT_FOUND)),
        }
    }
    let wanted = wanted_of(&about.root);
    objects(
        call,
        about.section,
        &about.place,
        elsewhere,
        all,
        String::new(),
        wanted,
    )
    .await
}
