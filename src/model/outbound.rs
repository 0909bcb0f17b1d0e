//! How mail leaves the office.

use super::collect::Security;
use serde::{Deserialize, Serialize};

/// The provider's server that takes our mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Smarthost {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Empty: no login.
    #[serde(default)]
    pub user: String,
    #[serde(default)]
    pub password: String,
}

/// The setting `outbound`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "mode")]
pub enum Outbound {
    Smarthost {
        smarthost: Smarthost,
    },
    /// To the mail hosts of each recipient's domain.
    Direct,
    /// Mail to the outside waits in the queue.
    #[default]
    Later,
}
