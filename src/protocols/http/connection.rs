//! A connection as actix takes it, with what is known about who is at its other end.

use super::HouseData;
use super::slow::{BodyClock, Clocks};
use crate::base::Patience;
use crate::base::stream::BoxStream;
use actix_rt::net::{ActixStream, Ready};
use actix_web::HttpRequest;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    /// TLS ends here; or in a trusted proxy, for which see [`client`].
    pub is_tls: bool,
}

pub struct HttpStream {
    inner: BoxStream,
    pub peer: Peer,
    clocks: Clocks,
}

impl HttpStream {
    pub fn new(inner: BoxStream, peer: Peer, patience: Patience) -> Self {
        HttpStream {
            inner,
            peer,
            clocks: Clocks::new(patience),
        }
    }

    pub fn body_clock(&self) -> BodyClock {
        self.clocks.body.clone()
    }
}

impl AsyncRead for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        let bytes = buf.filled().len() - before;
        self.clocks.after_read(cx, read, bytes)
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.clocks.after_write(cx, written)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.clocks.after_flush(cx, flushed)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.clocks.after_flush(cx, shut)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.clocks.after_write(cx, written)
    }
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// Readiness is found out by reading and writing: there may be TLS and a buffer in between.
impl ActixStream for HttpStream {
    fn poll_read_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::READABLE))
    }
    fn poll_write_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::WRITABLE))
    }
}

/// The real client: behind a trusted proxy, who the proxy says it is.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub ip: IpAddr,
    /// The client's own connection is protected.
    pub is_secure: bool,
    /// It comes through a proxy that we trust.
    pub is_behind_proxy: bool,
}

/// Who sends this request. Only a trusted proxy's headers count.
pub fn client(request: &HttpRequest) -> Client {
    let peer = request.conn_data::<Peer>().copied();
    let Some(peer) = peer else {
        return Client {
            ip: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
            is_secure: false,
            is_behind_proxy: false,
        };
    };
    let is_trusted = is_trusted_proxy(request, peer.address.ip());
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let forwarded = if is_trusted {
        header("x-forwarded-for")
    } else {
        None
    };
    // The last entry is the one that our proxy wrote.
    let ip = forwarded.and_then(|f| f.rsplit(',').next()?.trim().parse().ok());
    let is_https = is_trusted && header("x-forwarded-proto").is_some_and(|p| p.eq_ignore_ascii_case("https"));
    Client {
        ip: ip.unwrap_or_else(|| peer.address.ip().to_canonical()),
        is_secure: peer.is_tls || is_https,
        is_behind_proxy: is_trusted,
    }
}

fn is_trusted_proxy(request: &HttpRequest, ip: IpAddr) -> bool {
    let house = request.app_data::<HouseData>();
    house.is_some_and(|h| h.options.trusted_proxies.iter().any(|n| n.contains(ip)))
}
