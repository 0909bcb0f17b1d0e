//! `hauspost serve`

use super::account::parse_size;
use super::outside::Outside;
use super::public::Public;
use super::{DataFolder, start_log};
use crate::appliance::tls::CertificateFiles;
use crate::base::{Patience, Result};
use crate::daemon::{self, Config, Door, RunAs};
use crate::delivery::schedule::Schedule;
use crate::protocols::http::base_path::BasePath;
use crate::protocols::{Network, Options};
use crate::store;
use clap::{Args, value_parser};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    data: DataFolder,
    /// The one port: page, Graph, DAV, sign-in, and IMAP and submission inside TLS
    #[arg(
        long,
        value_name = "ADDR:PORT",
        default_value = "[::]:8443",
        env = "HAUSPOST_LISTEN"
    )]
    listen: SocketAddr,
    /// Another address for the one port, such as ports 80 and 443, at which certificate authorities look; may be repeated
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "HAUSPOST_ALSO_LISTEN",
        value_delimiter = ','
    )]
    also_listen: Vec<SocketAddr>,
    /// Mail from other servers (port 25, or 20025 without privileges)
    #[arg(long, value_name = "ADDR:PORT")]
    smtp: Vec<SocketAddr>,
    /// Submission with STARTTLS (587, 20587)
    #[arg(long, value_name = "ADDR:PORT")]
    submission: Vec<SocketAddr>,
    /// Submission with TLS (465, 20465)
    #[arg(long, value_name = "ADDR:PORT")]
    submissions: Vec<SocketAddr>,
    /// IMAP with STARTTLS (143, 20143)
    #[arg(long, value_name = "ADDR:PORT")]
    imap: Vec<SocketAddr>,
    /// IMAP with TLS (993, 20993)
    #[arg(long, value_name = "ADDR:PORT")]
    imaps: Vec<SocketAddr>,
    /// Become this user once the ports are open; for who starts the server as root
    #[arg(long, value_name = "USER|UID:GID", env = "HAUSPOST_RUN_AS")]
    run_as: Option<RunAs>,
    /// A network whose plain HTTP and X-Forwarded-For are believed; may be repeated
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Vec<Network>,
    /// The path below which a proxy in front serves us, and keeps it, as /mail
    #[arg(
        long,
        value_name = "PATH",
        env = "HAUSPOST_BASE_PATH",
        default_value = "",
        hide_default_value = true
    )]
    base_path: BasePath,
    /// Certificate chain (PEM); watched and loaded again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// What the box calls itself towards other servers
    #[arg(long, value_name = "NAME", env = "HAUSPOST_HOST_NAME")]
    host_name: Option<String>,
    /// Another name under which it is reached, besides those that its certificate is for; may be repeated
    #[arg(long, value_name = "NAME", env = "HAUSPOST_ALSO_NAMED", value_delimiter = ',')]
    also_named: Vec<String>,
    #[command(flatten)]
    public: Public,
    /// Largest message that is taken
    #[arg(long, value_name = "SIZE", default_value = "50M")]
    max_message_size: String,
    /// Room on the disk that is left alone; below, new mail has to wait
    #[arg(long, value_name = "SIZE", default_value = "32M")]
    reserve: String,
    /// Allow signing in without TLS from this machine itself
    #[arg(long)]
    allow_plain_login: bool,
    /// Seconds until a TLS handshake must be over
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = value_parser!(u64).range(1..=3600))]
    handshake_timeout: u64,
    /// Seconds for a command, and for silence inside of a message, of who connects to us
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = value_parser!(u64).range(1..=3600))]
    command_timeout: u64,
    #[command(flatten)]
    outside: Outside,
    /// A folder in which somebody leaves a file when the office's directory has changed; the file is removed
    #[arg(long, value_name = "DIR", env = "HAUSPOST_DIRECTORY_HINTS")]
    directory_hints: Option<PathBuf>,
    /// A folder that holds a consistent copy of all data, made anew each night, for a backup that copies files
    #[arg(long, value_name = "DIR", env = "HAUSPOST_NIGHTLY_COPY")]
    nightly_copy: Option<PathBuf>,
    /// Seconds before the second attempt to send; doubles from then on
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    retry_after: u64,
    /// Seconds until a sender hears that sending takes long
    #[arg(long, value_name = "SECONDS", default_value_t = 4 * 3600)]
    tell_delay_after: u64,
    /// Seconds until sending is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 5 * 24 * 3600)]
    give_up_after: u64,
    /// Connections in all
    #[arg(long, value_name = "N", default_value_t = 5000)]
    max_connections: usize,
    /// Connections of one peer
    #[arg(long, value_name = "N", default_value_t = 200)]
    max_connections_per_peer: usize,
    /// Messages that one peer may hand over in a minute
    #[arg(long, value_name = "N", default_value_t = 300)]
    max_received_per_minute: u32,
    /// Recipients that one person may write to in an hour
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_sent_per_hour: u32,
    /// Requests that a program may send to one mailbox in ten minutes
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    max_requests: u32,
}

impl Serve {
    pub fn run(self) -> Result<()> {
        start_log("info");
        let config = self.config(daemon::passed()?)?;
        let page = |door: Door, address: SocketAddr| (door == Door::One).then_some(address);
        let listen = config
            .passed
            .iter()
            .find_map(|(door, address, _)| page(*door, *address));
        let listen = listen.unwrap_or(self.listen);
        let base = self.base_path.to_string();
        daemon::run(config, |code| announce(code.as_deref(), listen, &base))
    }

    fn config(&self, passed: Vec<(Door, SocketAddr, TcpListener)>) -> Result<Config> {
        let listeners = self.listeners(&passed);
        let open: Vec<(Door, SocketAddr)> = passed
            .iter()
            .map(|(door, address, _)| (*door, *address))
            .collect();
        let all = [open, listeners.clone()].concat();
        let host_name = match &self.host_name {
            Some(name) => crate::base::hostname::normalize(name)?,
            None => machine_name(),
        };
        let max_message_bytes = parse_size(&self.max_message_size)?;
        let certificate = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(CertificateFiles {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            _ => None,
        };
        let patience = Patience {
            handshake: Duration::from_secs(self.handshake_timeout),
            command: Duration::from_secs(self.command_timeout),
            ..self.outside.patience()
        };
        let schedule = Schedule {
            first_retry: Duration::from_secs(self.retry_after),
            tell_delay_after: Duration::from_secs(self.tell_delay_after),
            give_up_after: Duration::from_secs(self.give_up_after),
            ..Schedule::default()
        };
        Ok(Config {
            data: self.data.folder.clone(),
            listeners,
            passed,
            run_as: self.run_as.clone(),
            certificate,
            doors: Options {
                host_name: host_name.clone(),
                also_named: self.also_named()?,
                max_message_bytes,
                allow_plain_login: self.allow_plain_login,
                patience,
                trusted_proxies: self.trusted_proxy.clone(),
                base_path: self.base_path.clone(),
                announced: self.public.announced(&all)?,
            },
            post_room: self.outside.options(host_name, max_message_bytes, schedule)?,
            directory_hints: self.directory_hints.clone(),
            nightly_copy: self.nightly_copy.clone(),
            store: store::Options {
                reserve_bytes: parse_size(&self.reserve)?,
                ..store::Options::default()
            },
            connections: (self.max_connections, self.max_connections_per_peer),
            received_per_minute: self.max_received_per_minute,
            requests_per_10_minutes: self.max_requests,
            sent_per_hour: self.max_sent_per_hour,
        })
    }

    fn also_named(&self) -> Result<Vec<String>> {
        let names = self.also_named.iter();
        names.map(|n| crate::base::hostname::normalize(n)).collect()
    }

    /// Those to be opened: a door that was passed is not opened again.
    fn listeners(&self, passed: &[(Door, SocketAddr, TcpListener)]) -> Vec<(Door, SocketAddr)> {
        let mut all = vec![(Door::One, self.listen)];
        all.extend(self.also_listen.iter().map(|a| (Door::One, *a)));
        for (door, addresses) in [
            (Door::Smtp, &self.smtp),
            (Door::Submission, &self.submission),
            (Door::Submissions, &self.submissions),
            (Door::Imap, &self.imap),
            (Door::Imaps, &self.imaps),
        ] {
            all.extend(addresses.iter().map(|a| (door, *a)));
        }
        all.retain(|(door, _)| !passed.iter().any(|(d, ..)| d == door));
        all
    }
}

/// Says where the page is, and the code, on standard output: that is what a person or an installer reads.
fn announce(code: Option<&str>, listen: SocketAddr, base: &str) -> Result<()> {
    use std::io::Write;
    let host = if listen.ip().is_unspecified() {
        "localhost".to_owned()
    } else {
        listen.ip().to_string()
    };
    let address = format!("https://{host}:{}{base}", listen.port());
    if let Some(code) = code {
        println!("Set-up code: {code}");
        println!("Open {address}/#code={code} and answer the questions.");
    }
    println!("Hauspost {} is ready: {address}", env!("CARGO_PKG_VERSION"));
    std::io::stdout().flush()?;
    Ok(())
}

/// The machine's own name, if it is one that others could use.
pub fn machine_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|n| crate::base::hostname::normalize(n.to_str()?).ok())
        .unwrap_or_else(|| "localhost".to_owned())
}
