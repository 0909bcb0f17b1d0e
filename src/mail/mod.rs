//! What a user can do with mail: folders, messages, flags, search. Every door comes through here.
//!
//! Each operation is an `async fn verb_noun(ctx, ...)` that checks the right and opens the transaction;
//! `verb_noun_in(tx, ...)` is its plain body for work that joins another commit.

pub mod abridged;
pub mod append;
pub mod body;
pub mod bulk;
pub mod category;
pub mod change;
pub mod conversations;
pub mod copy;
pub mod copy_folder;
pub mod deliver;
pub mod doctor;
pub mod draft;
pub mod duplicate;
pub mod expunge;
pub mod fetch;
pub mod flags;
pub mod folders;
pub mod index;
pub mod intake;
pub mod kql;
pub mod listing;
pub mod move_messages;
pub mod preferences;
pub mod properties;
pub mod quota;
pub mod replies;
pub mod rules;
pub mod search;
pub mod settings;
pub mod stored_part;
pub mod tree;
pub mod upload;

pub use append::append_message;
pub use body::{BodyReader, open_body, read_body};
pub use copy::copy_messages;
pub use deliver::deliver_message;
pub use expunge::expunge_messages;
pub use fetch::visit_messages;
pub use flags::{FlagMode, FlagRequest, mark_read, store_flags};
pub use folders::{create_folder, delete_folder, list_folders, rename_folder, subscribe_folder};
pub use intake::{Intake, Prepared};
pub use move_messages::move_messages;
pub use tree::FolderTree;
