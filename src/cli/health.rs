//! `hauspost health`: the health check of containers and services, without any other program.

use crate::base::{Error, Result};
use clap::Args;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct Health {
    /// The one port of the server
    #[arg(
        long,
        value_name = "ADDR:PORT",
        default_value = "[::]:8443",
        env = "HAUSPOST_LISTEN"
    )]
    listen: SocketAddr,
}

impl Health {
    /// Errors: Unavailable, when the server does not run or cannot take mail, with its reason.
    pub fn run(self) -> Result<()> {
        let answer = ask(reachable(self.listen))
            .map_err(|e| Error::unavailable(format!("no server answers at {}", self.listen)).caused_by(e))?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if head.split(' ').nth(1) == Some("200") {
            println!("{}", body.trim_end());
            return Ok(());
        }
        let why = if body.trim().is_empty() {
            "this is no Hauspost"
        } else {
            body.trim()
        };
        Err(Error::unavailable(format!(
            "the server at {} is not well: {why}",
            self.listen
        )))
    }
}

/// Where a server that listens everywhere is reached from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        // Such a socket takes IPv4 too, and a container may have nothing else.
        IpAddr::V6(ip) if ip.is_unspecified() => {
            match TcpStream::connect((Ipv6Addr::LOCALHOST, address.port())) {
                Ok(_) => Ipv6Addr::LOCALHOST.into(),
                Err(_) => Ipv4Addr::LOCALHOST.into(),
            }
        }
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(16 << 10).read_to_string(&mut answer)?;
    Ok(answer)
}
