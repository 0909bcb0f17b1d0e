//! Who handed a message over.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Another server, as it showed itself while a message came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    pub ip: IpAddr,
    /// What it calls itself; a claim.
    pub helo: String,
    /// Of the envelope; empty for reports.
    pub sender: String,
}
