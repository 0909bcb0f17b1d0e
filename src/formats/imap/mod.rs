//! IMAP syntax: commands from lines, answers to lines. RFC 9051 and 3501 with the extensions each file names.
//!
//! What a command does is the door's business; here is only how it is spelt.

pub mod command;
pub mod date_time;
pub mod fetch_item;
pub mod flag;
pub mod mailbox_name;
pub mod parse;
pub mod print;
pub mod search_key;
pub mod sequence_set;
