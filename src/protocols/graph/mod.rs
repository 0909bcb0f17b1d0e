//! Microsoft Graph v1.0 as programs written for Microsoft 365 speak it: mail, calendars, contacts and tasks. What is served: `docs/graph.md`.
//!
//! A request becomes a [`call::Call`], [`routes`] finds its row, the row's handler asks a room and answers.
//! Case of paths, option and property names does not matter, as Microsoft promises; ids keep theirs.

mod answer;
mod attachment;
mod batch;
mod calendar;
mod call;
mod contact;
mod cors;
mod delta;
mod directory;
mod door;
mod envelope;
mod error;
mod event;
mod expand;
mod extended;
mod folder;
mod json;
mod mailbox;
#[cfg(test)]
mod manual;
mod message;
mod metadata;
#[cfg(test)]
mod metadata_made;
mod object;
mod odata;
mod path;
mod prefer;
mod query;
mod rights;
mod routes;
mod rule;
mod select;
mod sending;
mod settings;
mod short_list;
mod site;
pub mod subscription;
mod todo;
mod upload;
mod user;
mod weekday;
mod zones;

use actix_web::web::{self, ServiceConfig};

/// At the root: real clients break with a prefix. `/beta` is the same; some programs ask there by default.
pub fn configure(config: &mut ServiceConfig) {
    for version in ["/v1.0", "/beta"] {
        config.service(web::scope(version).default_service(web::to(door::answer)));
    }
}
