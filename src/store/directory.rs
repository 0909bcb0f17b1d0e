//! The directory: who is here, with which credentials, and how the office is set up.

pub mod accounts;
pub mod audit;
pub mod collect;
pub mod credentials;
pub mod domains;
pub mod oauth;
pub mod sessions;
pub mod settings;

use super::tx::Database;

pub struct DirectoryDb;

impl Database for DirectoryDb {
    type Effects = ();
    const MIGRATIONS: &'static [&'static str] = &[include_str!("schema/directory/0001.sql")];
}
