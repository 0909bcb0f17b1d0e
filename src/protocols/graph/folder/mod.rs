//! `mailFolders`: the folders of a mailbox.

pub mod change;
pub mod child_delta;
pub mod copy_folder;
pub mod create;
pub mod delta;
pub mod expand;
pub mod get;
pub mod list;
pub mod move_folder;
pub mod names;
pub mod remove;
pub mod view;
