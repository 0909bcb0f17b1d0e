//! The doors: each speaks a protocol, asks a room, and prints the answer. No door opens the store.

pub mod dav;
pub mod discovery;
pub mod graph;
pub mod http;
pub mod imap;
pub mod limits;
pub mod oidc;
pub mod published;
pub mod servers;
pub mod smtp;
pub mod web_api;
pub mod zones;

use crate::appliance::Tls;
use crate::backup::Runs;
use crate::backup::past::Days;
use crate::base::Patience;
pub use crate::base::network::Network;
use crate::base::stream::BoxStream;
use crate::delivery::PostRoom;
use crate::identity::Doorkeeper;
use crate::mail::bulk::Jobs;
use crate::model::AccountId;
use crate::moving::bundles::Bundles;
use crate::moving::jobs::Moves;
use limits::{ConnectionLimit, RateLimit};
use std::net::SocketAddr;
use std::sync::Arc;

/// What all doors share.
pub struct House {
    pub doorkeeper: Arc<Doorkeeper>,
    pub post_room: Arc<PostRoom>,
    pub tls: Arc<Tls>,
    pub options: Options,
    pub connections: ConnectionLimit,
    /// Connections that have not come to a door yet: TLS is being agreed on.
    pub arrivals: ConnectionLimit,
    /// Recipients that an account may write to in an hour.
    pub sent: RateLimit,
    /// Messages that a peer may hand over in a minute.
    pub received: RateLimit,
    /// Requests that a program may send to a mailbox in ten minutes, by both.
    pub requests: RateLimit<(String, AccountId)>,
    /// Tries of the set-up code by a peer.
    pub claims: RateLimit,
    /// Sign-ins by another issuer that a peer begins: each makes us ask that issuer.
    pub outside: RateLimit,
    /// Backups that were asked for at the page.
    pub backups: Runs,
    /// Days of the past that people look into at the page.
    pub past: Days,
    /// Moving in and out that was asked for at the page.
    pub moves: Moves,
    /// What people have asked for about themselves.
    pub bundles: Bundles,
    /// Deeds to many messages that were asked for at the page.
    pub bulk: Jobs,
}

/// What the doors are told at the start.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the box calls itself in greetings.
    pub host_name: String,
    /// Further names under which it is reached.
    pub also_named: Vec<String>,
    pub max_message_bytes: u64,
    /// Signing in without TLS from this machine itself (tests, a proxy in front).
    pub allow_plain_login: bool,
    /// How long others may take.
    pub patience: Patience,
    /// Networks whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
    /// Where a proxy in front has put us.
    pub base_path: http::base_path::BasePath,
    /// What mail programs are told.
    pub announced: servers::Announced,
}

/// A connection as a door gets it.
pub struct Visitor {
    pub stream: BoxStream,
    pub peer: SocketAddr,
    /// The bytes below are protected already.
    pub is_tls: bool,
}
