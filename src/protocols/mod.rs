//! The doors: each speaks a protocol, asks a room, and prints the answer. No door opens the store.

pub mod dav;
pub mod discovery;
pub mod graph;
pub mod http;
pub mod imap;
pub mod limits;
pub mod oidc;
pub mod smtp;
pub mod web_api;

use crate::appliance::Tls;
use crate::base::Patience;
use crate::base::stream::BoxStream;
use crate::delivery::PostRoom;
use crate::identity::Doorkeeper;
use crate::model::AccountId;
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
}

/// What the doors are told at the start.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the box calls itself in greetings.
    pub host_name: String,
    pub max_message_bytes: u64,
    /// Signing in without TLS from this machine itself (tests, a proxy in front).
    pub allow_plain_login: bool,
    /// How long others may take.
    pub patience: Patience,
    /// Networks whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
    /// What mail programs are told.
    pub announced: discovery::Announced,
}

/// An address range in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: std::net::IpAddr,
    prefix: u8,
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("»{text}« is no network; write 192.168.1.0/24, fd00::/8 or one address");
        let (address, prefix) = match text.split_once('/') {
            Some((a, p)) => (a, Some(p)),
            None => (text, None),
        };
        let address: std::net::IpAddr = address.parse().map_err(|_| bad())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), |p| p.parse().map_err(|_| bad()))?;
        if prefix > bits {
            Err(bad())
        } else {
            Ok(Network { address, prefix })
        }
    }
}

impl Network {
    pub fn contains(&self, ip: std::net::IpAddr) -> bool {
        use std::net::IpAddr::{V4, V6};
        match (self.address.to_canonical(), ip.to_canonical()) {
            (V4(a), V4(b)) => {
                let shift = 32 - u32::from(self.prefix.min(32));
                shift == 32 || u32::from(a) >> shift == u32::from(b) >> shift
            }
            (V6(a), V6(b)) => {
                let shift = 128 - u32::from(self.prefix);
                shift == 128 || u128::from(a) >> shift == u128::from(b) >> shift
            }
            _ => false,
        }
    }
}

/// A connection as a door gets it.
pub struct Visitor {
    pub stream: BoxStream,
    pub peer: SocketAddr,
    /// The bytes below are protected already.
    pub is_tls: bool,
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn networks_contain_what_they_say() {
        let n: Network = "192.168.0.0/16".parse().unwrap();
        assert!(n.contains("192.168.7.1".parse().unwrap()));
        assert!(n.contains("::ffff:192.168.7.1".parse().unwrap()));
        assert!(!n.contains("192.169.0.1".parse().unwrap()));
        assert!("::1".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
        assert!(
            "0.0.0.0/0"
                .parse::<Network>()
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }
}
