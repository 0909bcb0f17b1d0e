//! Whether the box is set up well: one line for each thing that is looked at, now and as it should be.

use crate::base::TimeMs;
use serde::{Deserialize, Serialize};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckKind {
    Mx,
    Spf,
    Dkim,
    Dmarc,
    /// The box's name leads to an address.
    Address,
    Autoconfig,
    Autodiscover,
    /// The address leads back to the name.
    Reverse,
    /// Lists of senders of spam.
    Blocklist,
    /// Other servers can be reached.
    PortOut,
    /// Other servers reach us.
    PortIn,
    Smarthost,
    Collect,
    Certificate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckHealth {
    Good,
    /// Better otherwise, but mail comes and goes.
    Warn,
    Bad,
    /// It cannot be told from here, or just now.
    Unknown,
}

/// Who can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckWho {
    /// Where the domain's records are kept.
    DnsProvider,
    /// Who provides the line.
    LineProvider,
    MailProvider,
    Router,
    /// On the page.
    Administrator,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckLine {
    pub kind: CheckKind,
    /// The domain, host, address or mailbox.
    pub about: String,
    pub health: CheckHealth,
    /// As it was found; None: nothing was.
    pub now: Option<String>,
    /// As it should be; None: there is no one way.
    pub wanted: Option<String>,
    /// Where a record stands, and its type.
    pub record: Option<(String, String)>,
    pub who: CheckWho,
}

impl CheckLine {
    pub fn is_same_thing(&self, other: &CheckLine) -> bool {
        self.kind == other.kind && self.about == other.about
    }
}

/// The setting `checks`: how it was when it was last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CheckReport {
    pub at_ms: Option<TimeMs>,
    pub lines: Vec<CheckLine>,
}
