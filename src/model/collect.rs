//! A mailbox at a provider that we collect from.

use super::AccountId;
use crate::base::TimeMs;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CollectProtocol {
    Imap,
    Pop3,
}

/// How a connection to another server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// From the first byte.
    Tls,
    /// Upgraded, and given up when the upgrade is not offered.
    Starttls,
    /// Plain; only sensible on the same machine or in tests.
    None,
}

/// Where to log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectServer {
    pub protocol: CollectProtocol,
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub user: String,
    #[serde(default, skip_serializing)]
    pub password: String,
    /// Leave messages at the provider.
    #[serde(default)]
    pub keep: bool,
    /// One mailbox for the whole domain, split to people by the envelope headers.
    #[serde(default)]
    pub split: bool,
}

#[derive(Clone, Debug)]
pub struct CollectSource {
    pub id: i64,
    /// Where messages go; with `split`, those for nobody we know.
    pub account_id: AccountId,
    pub server: CollectServer,
    pub is_enabled: bool,
    /// IMAP: the UIDVALIDITY for which `last_uid` counts.
    pub uid_validity: i64,
    /// IMAP, keeping: everything up to this UID is here.
    pub last_uid: i64,
    pub last_run_at_ms: Option<TimeMs>,
    /// None after a good run.
    pub last_error: Option<String>,
    /// Somebody asked to collect now.
    pub run_requested_at_ms: Option<TimeMs>,
    /// Messages wait at the provider, see [`CollectWaiting`].
    pub has_waiting: bool,
}

/// Why a message stays at the provider for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitReason {
    /// The mailbox that it is for is full.
    Full,
    /// It is larger than what is collected.
    TooLarge,
}

/// A message that waits at the provider for one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectWaiting {
    pub unique_id: String,
    pub account_id: AccountId,
    pub reason: WaitReason,
    pub size_bytes: u64,
    pub since_ms: TimeMs,
}
