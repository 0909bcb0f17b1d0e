//! `/me` and `/users/{id}`: who somebody is.

pub mod get;
pub mod list;
mod view;

pub use view::{PROPERTIES, view};
