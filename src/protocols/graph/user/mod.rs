//! `/me` and `/users/{id}`: who somebody is.

pub mod get;
mod view;
