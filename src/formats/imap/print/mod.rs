//! Writing IMAP answers: strings, lists and the larger data items, into a byte buffer.

pub mod body_structure;
pub mod envelope;
pub mod esearch;
pub mod list;
pub mod section;
pub mod string;
