//! `attachments` of a message.

pub mod create;
pub mod find;
pub mod get;
pub mod list;
pub mod remove;
pub mod upload_session;
pub mod value;
pub mod view;
