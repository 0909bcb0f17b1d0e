//! To which server a message goes next.

use super::PostRoom;
use crate::base::{Error, Result};
use crate::model::collect::Security;
use crate::model::outbound::{Outbound, Smarthost};
use std::net::SocketAddr;

/// How the connection to the next server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// TLS from the first byte, certificate checked.
    Tls,
    /// STARTTLS or nothing, certificate checked.
    Starttls,
    /// STARTTLS where it is offered, any certificate: better than plain (RFC 7435).
    Opportunistic,
    Plain,
}

/// One server to try.
#[derive(Clone, Debug)]
pub struct Hop {
    /// For TLS and the log.
    pub host: String,
    pub address: SocketAddr,
    pub protection: Protection,
    pub login: Option<(String, String)>,
}

impl PostRoom {
    /// The setting. Mail waits until one is made.
    pub async fn outbound(&self) -> Result<Outbound> {
        Ok(self
            .store
            .directory()
            .read(|d| d.setting("outbound"))
            .await?
            .unwrap_or_default())
    }

    /// The servers to try for recipients of `domain`, in order. Empty: mail is to wait.
    /// Errors: NotFound (there is no such domain), Unavailable (no answer from the name server).
    pub async fn hops(&self, outbound: &Outbound, domain: &str) -> Result<Vec<Hop>> {
        match outbound {
            Outbound::Later => Ok(Vec::new()),
            Outbound::Smarthost { smarthost } => self.smarthost_hops(smarthost).await,
            Outbound::Direct => self.mx_hops(domain).await,
        }
    }

    pub async fn smarthost_hops(&self, s: &Smarthost) -> Result<Vec<Hop>> {
        let protection = match s.security {
            Security::Tls => Protection::Tls,
            Security::Starttls => Protection::Starttls,
            Security::None => Protection::Plain,
        };
        let login = (!s.user.is_empty()).then(|| (s.user.clone(), s.password.clone()));
        let addresses = self.dialer.resolver.addresses(&s.host).await?;
        Ok(addresses
            .into_iter()
            .map(|ip| Hop {
                host: s.host.clone(),
                address: SocketAddr::new(ip, s.port),
                protection,
                login: login.clone(),
            })
            .collect())
    }

    async fn mx_hops(&self, domain: &str) -> Result<Vec<Hop>> {
        let mut hops = Vec::new();
        let mut last_error = None;
        for host in self.dialer.resolver.mail_hosts(domain).await?.into_iter().take(5) {
            match self.dialer.resolver.addresses(&host).await {
                Ok(addresses) => hops.extend(
                    addresses
                        .into_iter()
                        .filter(|ip| self.may_connect(*ip))
                        .take(4)
                        .map(|ip| Hop {
                            host: host.clone(),
                            address: SocketAddr::new(ip, self.options.smtp_port),
                            protection: Protection::Opportunistic,
                            login: None,
                        }),
                ),
                // A host that is not found says nothing about one whose name server does not answer just now.
                Err(e) => {
                    last_error = Some(
                        last_error
                            .filter(|l: &Error| l.kind().is_transient())
                            .unwrap_or(e),
                    );
                }
            }
        }
        match (hops.is_empty(), last_error) {
            (false, _) => Ok(hops),
            (true, Some(e)) => Err(e),
            (true, None) => Err(Error::not_found(format!(
                "the mail hosts of {domain} have no public address"
            ))),
        }
    }
}
