//! The directory: who is here, with which credentials, and how the office is set up.

pub mod access;
pub mod accounts;
pub mod audit;
pub mod collect;
pub mod collect_waiting;
pub mod consents;
pub mod credentials;
pub mod device;
pub mod domains;
pub mod feeds;
pub mod oauth;
pub mod outside;
pub mod passkeys;
pub mod publications;
pub mod second_factor;
pub mod sessions;
pub mod settings;
pub mod shares;
pub mod subscriptions;

use super::bell::Bells;
use super::tx::Database;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

pub struct DirectoryDb {
    bells: Arc<Bells>,
}

impl DirectoryDb {
    pub(in crate::store) fn new(bells: Arc<Bells>) -> Self {
        DirectoryDb { bells }
    }
}

#[derive(Clone, Default)]
pub struct DirectoryEffects {
    pub(in crate::store) ends_sign_ins: bool,
}

impl Database for DirectoryDb {
    type Effects = DirectoryEffects;
    const MIGRATIONS: &'static [&'static str] = &[
        include_str!("schema/directory/0001.sql"),
        include_str!("schema/directory/0002.sql"),
        include_str!("schema/directory/0003.sql"),
        include_str!("schema/directory/0004.sql"),
        include_str!("schema/directory/0005.sql"),
        include_str!("schema/directory/0006.sql"),
        include_str!("schema/directory/0007.sql"),
        include_str!("schema/directory/0008.sql"),
        include_str!("schema/directory/0009.sql"),
        include_str!("schema/directory/0010.sql"),
        include_str!("schema/directory/0011.sql"),
        include_str!("schema/directory/0012.sql"),
        include_str!("schema/directory/0013.sql"),
        include_str!("schema/directory/0014.sql"),
        include_str!("schema/directory/0015.sql"),
    ];

    fn after_commit(&self, _: &Connection, effects: DirectoryEffects, _: Option<&Path>) {
        if effects.ends_sign_ins {
            self.bells.ring_sign_ins();
        }
    }
}
