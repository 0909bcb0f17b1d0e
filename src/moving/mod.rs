//! Moving out and in: everything of an account, in forms that other programs read, and from where it was before.

pub mod dav;
pub mod export;
mod imap;
pub mod import;
pub mod outward;
