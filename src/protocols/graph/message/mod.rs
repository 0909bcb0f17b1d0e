//! `messages`: mail, in one folder or in all.

mod body;
pub mod change;
pub mod contents;
pub mod copy;
pub mod create;
pub mod delta;
pub mod expand;
pub mod filter;
pub mod get;
pub mod list;
pub mod move_message;
mod page_token;
pub mod recipient;
pub mod remove;
pub mod value;
pub mod view;
