//! Moving out and in: everything of an account, in forms that other programs read, and from where it was before.

mod about_person;
pub mod bundles;
pub mod dav;
pub mod dropped;
pub mod erasure;
pub mod export;
pub mod graph;
mod imap;
pub mod import;
pub mod jobs;
pub mod outward;
pub mod personal;
pub mod personal_data;
pub mod proof;
