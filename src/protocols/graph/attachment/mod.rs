//! `attachments` of a message.

mod find;
pub mod get;
pub mod list;
pub mod value;
mod view;
