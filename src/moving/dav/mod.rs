//! A client for CalDAV and CardDAV: finding somebody's collections (RFC 6764, RFC 4791 §6.2, RFC 6352 §7.1), listing and reading
//! what is in them, and writing.

pub mod client;
pub mod collections;
pub mod objects;
