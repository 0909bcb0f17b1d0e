//! LDAP (RFC 4511): the messages of a client that searches and binds, and filters as people write them (RFC 4515).
//! Lengths are checked before anything is kept, nothing is nested deeper than what is asked for, and what is not
//! understood is an error, never a panic.

pub mod ber;
pub mod filter;
pub mod message;

pub use message::{Entry, Outcome, Reply, parse_reply};
