//! The post room: mail in from other servers and from providers' mailboxes, mail out to the world.
//!
//! In: [`receive`] (handed over by SMTP) and [`collect`]. Out: [`submit`] puts a message into the sender's outbox
//! with the sender's own commit, [`outbox`] takes it over at most once for each of us and at least once into
//! the queue, [`queue`] hands it to the next server and reports what failed.

mod arrived;
pub mod authentic;
pub mod bounce;
pub mod collect;
pub mod deputies;
pub mod dialer;
pub mod dkim;
mod enclosed_files;
pub mod feed;
pub mod held;
pub mod http_client;
mod invitation;
mod invitation_files;
pub mod jobs;
pub mod notice;
pub mod outbox;
pub mod post_room;
pub mod probe;
pub mod queue;
pub mod queue_admin;
pub mod reactions;
pub mod receive;
pub mod records;
pub mod remote_image;
pub mod resolver;
pub mod route;
pub mod schedule;
pub mod scheduling;
pub mod service_records;
pub mod silent;
pub mod smtp_client;
pub mod submit;
pub mod webhook;

pub use dialer::Dialer;
pub use http_client::HttpClient;
pub use post_room::{Options, PostRoom};
