//! Contacts and their folders: cards in address books. What a card says beyond Graph stays in it.

pub mod change;
pub mod create;
pub mod delta;
pub mod fields;
pub mod folders;
pub mod get;
pub mod list;
pub mod photo;
mod reach;
pub mod remove;
mod view;
