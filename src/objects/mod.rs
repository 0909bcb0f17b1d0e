//! What calendars, address books and task lists have in common: collections, and objects with a name in them. The rooms
//! above know what is in an object; here it is bytes with columns.

pub mod collections;
pub mod get;
pub mod people;
pub mod properties;
pub mod put;
pub mod reading;
pub mod rebuild;
pub mod remove;
pub mod shares;
pub mod transfer;

pub use put::{Condition, Put};

use crate::base::Error;

pub fn no_such_object() -> Error {
    Error::not_found("there is no such event, task or card")
}
