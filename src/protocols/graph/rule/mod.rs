//! `mailFolders/inbox/messageRules`: what the mailbox does with mail that arrives.

pub mod actions;
pub mod change;
pub mod create;
pub mod get;
pub mod list;
pub mod predicates;
pub mod remove;
pub mod view;
