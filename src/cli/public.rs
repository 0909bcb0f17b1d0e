//! Options of `serve`: what mail programs are told about names and ports.

use crate::base::{Result, hostname};
use crate::daemon::Door;
use crate::protocols::servers::{Announced, Endpoint, Security};
use clap::{Args, value_parser};
use std::net::SocketAddr;

#[derive(Args)]
pub struct Public {
    /// Name under which mail programs reach the box from everywhere; otherwise the one they asked
    #[arg(long, value_name = "NAME", env = "HAUSPOST_PUBLIC_NAME")]
    public_name: Option<String>,
    /// IMAP port as seen from outside, where a router forwards another one than we listen on
    #[arg(long, value_name = "PORT", value_parser = value_parser!(u16).range(1..))]
    public_imap_port: Option<u16>,
    /// The same for submission
    #[arg(long, value_name = "PORT", value_parser = value_parser!(u16).range(1..))]
    public_submission_port: Option<u16>,
}

impl Public {
    /// The listener with TLS from the first byte before the one with STARTTLS, before the one port.
    pub fn announced(&self, listeners: &[(Door, SocketAddr)]) -> Result<Announced> {
        let find = |doors: &[(Door, Security)], port: Option<u16>| {
            let found = doors.iter().find_map(|(door, security)| {
                let (_, address) = listeners.iter().find(|(d, _)| d == door)?;
                Some((address.port(), *security, *door == Door::One))
            });
            let (bound, security, is_one_port) = found.unwrap_or((0, Security::Tls, true));
            Endpoint {
                port: port.unwrap_or(bound),
                security,
                is_one_port,
            }
        };
        Ok(Announced {
            host: self.public_name.as_deref().map(hostname::normalize).transpose()?,
            imap: find(
                &[
                    (Door::Imaps, Security::Tls),
                    (Door::Imap, Security::StartTls),
                    (Door::One, Security::Tls),
                ],
                self.public_imap_port,
            ),
            submission: find(
                &[
                    (Door::Submissions, Security::Tls),
                    (Door::Submission, Security::StartTls),
                    (Door::One, Security::Tls),
                ],
                self.public_submission_port,
            ),
        })
    }
}
