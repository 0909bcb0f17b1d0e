//! subscriptions: programs are called when something changes. What can be subscribed to stands in [`resource`].

pub mod change;
pub mod create;
pub mod get;
mod handshake;
mod notice;
pub mod remove;
mod resource;
mod sealed;
mod view;
pub mod worker;
