//! Options about servers of others, the same for `serve` and for commands that connect themselves.

use super::account::parse_size;
use crate::base::network::name_server;
use crate::base::{Error, Patience, Result};
use crate::delivery::schedule::Schedule;
use crate::delivery::webhook::Allowed;
use crate::delivery::{Dialer, Options};
use clap::{Args, value_parser};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How servers of others are reached.
#[derive(Args, Clone, Debug)]
pub struct Lines {
    /// A further certificate authority (PEM) that is trusted when connecting to others
    #[arg(long, value_name = "FILE", env = "HAUSPOST_EXTRA_CA")]
    extra_ca: Option<PathBuf>,
    /// Name server to ask instead of the system's; may be repeated
    #[arg(long, value_name = "ADDR[:PORT]", env = "HAUSPOST_DNS", value_delimiter = ',', value_parser = name_server)]
    dns: Vec<SocketAddr>,
    /// Seconds for one answer of another server
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = value_parser!(u64).range(1..=3600))]
    answer_timeout: u64,
    /// Bytes a second below which a line counts as stuck
    #[arg(long, value_name = "BYTES", default_value_t = 1024, value_parser = value_parser!(u64).range(1..))]
    slowest_line: u64,
}

impl Lines {
    /// Errors: Invalid, when the file of the authority cannot be read.
    pub fn dialer(&self) -> Result<Arc<Dialer>> {
        Ok(Arc::new(Dialer::new(
            &self.dns,
            self.extra_ca_pem()?,
            self.patience(),
        )))
    }

    /// Errors: Invalid, when the file cannot be read.
    fn extra_ca_pem(&self) -> Result<Option<Vec<u8>>> {
        let read = |file: &PathBuf| {
            std::fs::read(file)
                .map_err(|e| Error::invalid(format!("--extra-ca {}: {e}", file.display())).caused_by(e))
        };
        self.extra_ca.as_ref().map(read).transpose()
    }

    fn patience(&self) -> Patience {
        Patience {
            answer: Duration::from_secs(self.answer_timeout),
            slowest_bytes_per_s: self.slowest_line,
            ..Patience::default()
        }
    }
}

#[derive(Args, Clone, Debug)]
pub struct Outside {
    #[command(flatten)]
    lines: Lines,
    /// Port of the servers that mail exchangers are on
    #[arg(long, value_name = "PORT", default_value_t = 25, hide = true)]
    mx_port: u16,
    /// Follow what a stranger's DNS says into private networks
    #[arg(long, hide = true)]
    allow_private_mx: bool,
    /// A host or network that programs may be notified at although it is inside of a private network; may be repeated
    #[arg(
        long,
        value_name = "HOST|CIDR",
        env = "HAUSPOST_NOTIFY_TO",
        value_delimiter = ','
    )]
    notify_to: Vec<Allowed>,
    /// Largest message that is collected from a provider; what is larger stays there, and its owner is told
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "50M",
        env = "HAUSPOST_MAX_COLLECTED_SIZE"
    )]
    max_collected_size: String,
}

impl Outside {
    /// How the post room works. Errors: Invalid.
    pub fn options(&self, host_name: String, max_message_bytes: u64, schedule: Schedule) -> Result<Options> {
        Ok(Options {
            host_name,
            max_message_bytes,
            max_collected_bytes: parse_size(&self.max_collected_size)?,
            schedule,
            patience: self.patience(),
            extra_ca_pem: self.lines.extra_ca_pem()?,
            name_servers: self.lines.dns.clone(),
            allow_private_hosts: self.allow_private_mx,
            notify_allowed: self.notify_to.clone(),
            smtp_port: self.mx_port,
        })
    }

    pub fn patience(&self) -> Patience {
        self.lines.patience()
    }
}
