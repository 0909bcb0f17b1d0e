//! What is to be moved, from where to where.

use crate::base::{Error, Result};
use crate::model::collect::{CollectServer, Security};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    ImportImap,
    ImportCaldav,
    ImportCarddav,
    ExportImap,
    ExportCaldav,
    ExportCarddav,
}

/// What is to be moved, from where to where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wanted {
    pub kind: Kind,
    /// Ours.
    pub account: String,
    /// Of a mailbox; its password is kept elsewhere.
    #[serde(default)]
    pub server: Option<CollectServer>,
    /// Of calendars or contacts.
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub user: Option<String>,
    /// Only look, and count.
    #[serde(default)]
    pub is_dry_run: bool,
    /// Compare every item afterwards.
    #[serde(default)]
    pub verify: bool,
    #[serde(default)]
    pub follow_deletions: bool,
    /// A mail folder below which everything is put.
    #[serde(default)]
    pub into: Option<String>,
}

impl Wanted {
    /// Errors: Invalid.
    pub(super) fn check(&self) -> Result<()> {
        let is_mail = matches!(self.kind, Kind::ImportImap | Kind::ExportImap);
        if is_mail {
            let server = self.server.as_ref();
            let server = server.filter(|s| !s.host.trim().is_empty() && !s.user.trim().is_empty());
            let server = server.ok_or_else(|| Error::invalid("the mailbox needs a server and a user"))?;
            let host = Host::parse(server.host.trim()).ok();
            return match server.security == Security::None && !host.is_some_and(|h| is_here(&h)) {
                true => Err(Error::invalid(
                    "without encryption everybody on the way could read the password; choose TLS or STARTTLS",
                )),
                false => Ok(()),
            };
        }
        self.address()?;
        match self.user.as_ref().is_some_and(|u| !u.trim().is_empty()) {
            true => Ok(()),
            false => Err(Error::invalid("the server needs a user")),
        }
    }

    /// Of calendars or contacts. Errors: Invalid.
    pub(super) fn address(&self) -> Result<Url> {
        let url = self.url.as_deref().and_then(|text| Url::parse(text.trim()).ok());
        url.filter(|u| u.scheme() == "https" || u.scheme() == "http" && u.host().is_some_and(|h| is_here(&h.to_owned())))
            .filter(|u| u.username().is_empty() && u.password().is_none())
            .ok_or_else(|| {
                Error::invalid(
                    "the address of calendars or contacts begins with https://, and has no user or password in it",
                )
            })
    }

    /// For the log: who and where, and nothing secret.
    pub(super) fn about(&self) -> serde_json::Value {
        let server = self.server.as_ref();
        let url = self.url.as_deref().and_then(|text| Url::parse(text.trim()).ok());
        let host = url.as_ref().and_then(|u| u.host_str().map(str::to_owned));
        serde_json::json!({
            "account": self.account, "kind": self.kind,
            "host": server.map(|s| s.host.clone()).or(host),
            "user": server.map(|s| s.user.clone()).or(self.user.clone()),
            "isDryRun": self.is_dry_run, "followDeletions": self.follow_deletions,
        })
    }
}

/// Where a password that is not encrypted meets nobody.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
