//! The sockets that the server listens on: opened here while there is still the privilege for low ports, or passed by
//! who starts it (sd_listen_fds(3)), which then needs no privilege at all.

use super::Door;
use crate::base::{Error, Result};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::FromRawFd;
use tokio::net::TcpSocket;

/// Names of passed sockets (`FileDescriptorName=` of systemd) and the option each stands for.
const NAMES: [(&str, Door); 6] = [
    ("web", Door::One),
    ("smtp", Door::Smtp),
    ("submission", Door::Submission),
    ("submissions", Door::Submissions),
    ("imap", Door::Imap),
    ("imaps", Door::Imaps),
];

/// A socket that nobody can connect to yet, or one that somebody else opened.
pub enum Socket {
    Bound(TcpSocket),
    Passed(TcpListener),
}

/// Sockets that were passed, each with its door and address. Empty when none were. Call it once.
/// Errors: Invalid, when one has no name that we know; Unavailable, when one is no listening TCP socket.
pub fn passed() -> Result<Vec<(Door, SocketAddr, TcpListener)>> {
    let broken = |e: std::io::Error| {
        Error::unavailable("the sockets passed by the service manager cannot be used").caused_by(e)
    };
    let sockets = sd_notify::listen_fds_with_names().map_err(broken)?;
    let mut out = Vec::new();
    for (fd, name) in sockets {
        let Some((_, door)) = NAMES.iter().find(|(n, _)| *n == name) else {
            let known = NAMES.map(|(n, _)| n).join(", ");
            return Err(Error::invalid(format!(
                "a socket named »{name}« was passed; FileDescriptorName is one of {known}"
            )));
        };
        // SAFETY: LISTEN_PID names this process, so the descriptors are ours, and nobody else takes them.
        let listener = unsafe { TcpListener::from_raw_fd(fd) };
        let address = listener.local_addr().map_err(broken)?;
        listener.set_nonblocking(true).map_err(broken)?;
        out.push((*door, address, listener));
    }
    Ok(out)
}

/// Errors: Unavailable, when a port cannot be had, with what to do.
pub fn bind(address: SocketAddr) -> Result<Socket> {
    let opened = match open(address) {
        // Everywhere, on a machine without IPv6.
        Err(e) if address.ip() == Ipv6Addr::UNSPECIFIED && e.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
            open((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        opened => opened,
    };
    opened.map(Socket::Bound).map_err(|e| cannot_open(address, e))
}

fn open(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Socket {
    /// From now on connections are taken. Errors: as [`bind`].
    pub fn listen(self, address: SocketAddr) -> Result<tokio::net::TcpListener> {
        let listening = match self {
            Socket::Bound(socket) => socket.listen(1024),
            Socket::Passed(listener) => tokio::net::TcpListener::from_std(listener),
        };
        listening.map_err(|e| cannot_open(address, e))
    }
}

fn cannot_open(address: SocketAddr, e: std::io::Error) -> Error {
    let hint = match e.kind() {
        std::io::ErrorKind::AddrInUse => "another program uses it; stop that one or choose another port",
        std::io::ErrorKind::PermissionDenied => {
            "ports below 1024 need a privilege; choose a higher one, such as 20000 more"
        }
        _ => "choose another address or port",
    };
    Error::unavailable(format!("the port {address} cannot be opened: {e}; {hint}")).caused_by(e)
}
