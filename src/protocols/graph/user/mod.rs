//! `/me` and `/users/{id}`: who somebody is.

pub mod delta;
pub mod get;
pub mod list;
pub mod view;

pub use view::{PROPERTIES, view};
