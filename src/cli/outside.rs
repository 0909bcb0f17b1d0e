//! Options about servers of others, the same for `serve` and for commands that connect themselves.

use super::account::parse_size;
use crate::base::{Error, Patience, Result};
use clap::{Args, value_parser};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args, Clone, Debug)]
pub struct Outside {
    /// A further certificate authority (PEM) that is trusted when connecting to providers
    #[arg(long, value_name = "FILE", env = "HAUSPOST_EXTRA_CA")]
    extra_ca: Option<PathBuf>,
    /// Largest message that is collected from a provider; what is larger stays there, and its owner is told
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "50M",
        env = "HAUSPOST_MAX_COLLECTED_SIZE"
    )]
    max_collected_size: String,
    /// Seconds for one answer of a provider's or a recipient's server
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = value_parser!(u64).range(1..=3600))]
    answer_timeout: u64,
    /// Bytes a second below which a line counts as stuck
    #[arg(long, value_name = "BYTES", default_value_t = 1024, value_parser = value_parser!(u64).range(1..))]
    slowest_line: u64,
}

impl Outside {
    /// Errors: Invalid, when the file cannot be read.
    pub fn extra_ca_pem(&self) -> Result<Option<Vec<u8>>> {
        let read = |file: &PathBuf| {
            std::fs::read(file)
                .map_err(|e| Error::invalid(format!("--extra-ca {}: {e}", file.display())).caused_by(e))
        };
        self.extra_ca.as_ref().map(read).transpose()
    }

    /// Errors: Invalid.
    pub fn max_collected_bytes(&self) -> Result<u64> {
        parse_size(&self.max_collected_size)
    }

    pub fn patience(&self) -> Patience {
        Patience {
            answer: Duration::from_secs(self.answer_timeout),
            slowest_bytes_per_s: self.slowest_line,
            ..Patience::default()
        }
    }
}
