//! Hauspost: an office's own mail, calendars, contacts and tasks in one program.
//!
//! The layers, and who may import whom, are in `docs/architecture.md`; `tests/architecture.rs` checks them.

pub mod appliance;
pub mod backup;
pub mod base;
pub mod cli;
pub mod daemon;
pub mod delivery;
pub mod directory;
pub mod protocols;

pub mod calendar;
pub mod contacts;
pub mod formats;
pub mod identity;
pub mod jobs;
pub mod mail;
pub mod model;
pub mod moving;
pub mod objects;
pub mod store;
pub mod sync;
