//! IMAP as mail programs speak it, line by line, and two of those programs themselves.

mod append;
pub mod client;
mod fetch;
mod flags;
mod folders;
mod move_and_expunge;
mod news;
mod programs;
mod resync;
mod search;
mod session;
