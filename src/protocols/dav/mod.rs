//! CalDAV and CardDAV (RFC 4918 without locks, 4791, 6352, 5689, 6578, 6638, 6764, 4331, 5397, 3744 as far as clients ask for
//! rights) for a person's own calendars, task lists and address books.
//!
//! `door` signs in and finds the method's file; [`props`] is the table of properties; [`multistatus`] streams long answers.

mod acl;
mod attachment;
mod basic;
mod copy_move;
mod data;
mod delete;
mod door;
mod error;
mod filter;
mod get;
mod look;
mod make;
mod multistatus;
mod place;
mod post;
mod prefer;
mod propfind;
mod proppatch;
mod props;
mod put;
mod report;
mod share;

use crate::formats::xml;
use actix_web::web::{self, ServiceConfig};

pub fn configure(config: &mut ServiceConfig) {
    config.service(web::scope("/dav").default_service(web::to(door::answer)));
    // RFC 6764 §5: by any method; iPhones ask with PROPFIND.
    for service in ["caldav", "carddav"] {
        config.route(&format!("/.well-known/{service}"), web::route().to(door::lead_in));
    }
}
