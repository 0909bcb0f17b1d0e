//! Mail on its way out: the envelope, each recipient with its own state.

use super::{AccountId, OutgoingId};
use crate::base::TimeMs;
use serde::{Deserialize, Serialize};

/// What the client asked about reports for one recipient (RFC 3461 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    pub success: bool,
    pub failure: bool,
    pub delay: bool,
}

impl Default for Notify {
    /// What RFC 3461 §4.1 lets a server do when nothing was said.
    fn default() -> Self {
        Notify {
            success: false,
            failure: true,
            delay: true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    pub address: String,
    #[serde(default)]
    pub notify: Notify,
    /// ORCPT as given, `rfc822;...`.
    #[serde(default)]
    pub original: Option<String>,
}

impl Recipient {
    pub fn new(address: impl Into<String>) -> Self {
        Recipient {
            address: address.into(),
            notify: Notify::default(),
            original: None,
        }
    }
}

/// The SMTP envelope of a message to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Return path; empty for reports.
    pub sender: String,
    pub recipients: Vec<Recipient>,
    /// ENVID as given.
    #[serde(default)]
    pub envelope_id: Option<String>,
    /// RET=HDRS: a report carries the header only.
    #[serde(default)]
    pub return_headers_only: bool,
    /// The client said SMTPUTF8.
    #[serde(default)]
    pub smtputf8: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecipientState {
    /// Waits for its next attempt.
    Waiting,
    /// The next server has it.
    Sent,
    /// Given up; the sender was told.
    Failed,
}

/// One recipient of a queued message.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueuedRecipient {
    pub row: i64,
    #[serde(flatten)]
    pub recipient: Recipient,
    pub state: RecipientState,
    pub attempts: i64,
    pub next_attempt_at_ms: TimeMs,
    /// What the other side said last.
    pub last_reply: Option<String>,
    /// The sender has been told that it takes long.
    pub is_delay_told: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Queued {
    pub id: OutgoingId,
    /// Whose message; None for reports of our own.
    pub account_id: Option<AccountId>,
    pub sender: String,
    pub envelope_id: Option<String>,
    pub return_headers_only: bool,
    pub smtputf8: bool,
    pub created_at_ms: TimeMs,
    pub size_bytes: i64,
    pub recipients: Vec<QueuedRecipient>,
}
