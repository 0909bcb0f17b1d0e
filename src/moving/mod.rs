//! Moving out: everything of an account, in forms that other programs read.

pub mod export;
