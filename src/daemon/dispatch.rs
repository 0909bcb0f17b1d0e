//! From a fresh connection to its door. On the one port the first byte tells TLS from plain HTTP; inside TLS, ALPN
//! decides, then the name the client asked for, then whether it speaks first.

use super::accept::{Door, http_worker};
use super::plain;
use crate::appliance::tls::{ALPN_ACME, ALPN_HTTP};
use crate::base::stream::BoxStream;
use crate::base::{Error, Result};
use crate::protocols::http::{HttpStream, Peer};
use crate::protocols::limits::Ticket;
use crate::protocols::smtp::{self, Purpose};
use crate::protocols::{House, Visitor, imap};
use rustls::ServerConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A client that speaks first has done so by now; an IMAP client waits for us.
const SILENCE: Duration = Duration::from_millis(700);
/// First byte of a TLS record that holds a handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 22;

pub async fn serve(house: Arc<House>, stream: TcpStream, peer: SocketAddr, door: Door) {
    if let Err(e) = lead(house, stream, peer, door).await {
        tracing::debug!(%peer, ?door, error = ?e, "a connection ended early");
    }
}

async fn lead(house: Arc<House>, stream: TcpStream, peer: SocketAddr, door: Door) -> Result<()> {
    let visitor = |stream: BoxStream, is_tls| Visitor { stream, peer, is_tls };
    // Doors count their visitors themselves; until then a peer could hold any number of handshakes.
    let Some(arrival) = house.arrivals.enter(peer.ip()) else {
        return Err(Error::busy("too many new connections of one peer"));
    };
    match door {
        Door::One => return one_port(house, stream, peer, arrival).await,
        Door::Smtp => {
            drop(arrival);
            smtp::serve(house, visitor(Box::new(stream), false), Purpose::Relay).await;
        }
        Door::Submission => {
            drop(arrival);
            smtp::serve(house, visitor(Box::new(stream), false), Purpose::Submission).await;
        }
        Door::Submissions => {
            let stream = handshake(&house, house.tls.single.clone(), stream).await?;
            drop(arrival);
            smtp::serve(house, visitor(Box::new(stream), true), Purpose::Submission).await;
        }
        Door::Imap => {
            drop(arrival);
            imap::serve(house, visitor(Box::new(stream), false)).await;
        }
        Door::Imaps => {
            let stream = handshake(&house, house.tls.single.clone(), stream).await?;
            drop(arrival);
            imap::serve(house, visitor(Box::new(stream), true)).await;
        }
    }
    Ok(())
}

async fn handshake(
    house: &House,
    config: Arc<ServerConfig>,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>> {
    let longest = house.options.patience.handshake;
    let accepted = tokio::time::timeout(longest, TlsAcceptor::from(config).accept(stream)).await;
    Ok(accepted.map_err(|_| Error::unavailable("the TLS handshake takes too long"))??)
}

async fn one_port(house: Arc<House>, stream: TcpStream, peer: SocketAddr, arrival: Ticket) -> Result<()> {
    let mut first = [0];
    let peeked = tokio::time::timeout(house.options.patience.handshake, stream.peek(&mut first)).await;
    if peeked.map_err(|_| Error::unavailable("nothing was said"))?? == 0 {
        return Ok(());
    }
    if first[0] != TLS_HANDSHAKE {
        return plain(house, stream, peer, arrival).await;
    }
    let mut stream = handshake(&house, house.tls.one_port.clone(), stream).await?;
    drop(arrival);
    let (_, connection) = stream.get_ref();
    let alpn = connection.alpn_protocol().map(<[u8]>::to_vec);
    let name = connection.server_name().unwrap_or_default().to_ascii_lowercase();
    match alpn.as_deref() {
        // The handshake was all it came for.
        Some(protocol) if protocol == ALPN_ACME => return Ok(stream.shutdown().await?),
        Some(protocol) if protocol == ALPN_HTTP => return http(house, Box::new(stream), peer, true).await,
        Some(_) => {
            imap::serve(
                house,
                Visitor {
                    stream: Box::new(stream),
                    peer,
                    is_tls: true,
                },
            )
            .await;
            return Ok(());
        }
        None => {}
    }
    let visitor = |stream: BoxStream| Visitor {
        stream,
        peer,
        is_tls: true,
    };
    if name.starts_with("imap.") {
        imap::serve(house, visitor(Box::new(stream))).await;
    } else if name.starts_with("smtp.") || name.starts_with("submission.") {
        smtp::serve(house, visitor(Box::new(stream)), Purpose::Submission).await;
    } else {
        let mut begun = Vec::with_capacity(1024);
        match tokio::time::timeout(SILENCE, stream.read_buf(&mut begun)).await {
            Ok(read) => {
                read?;
                let stream = Rewound {
                    begun: std::io::Cursor::new(begun),
                    stream,
                };
                return http(house, Box::new(stream), peer, true).await;
            }
            Err(_) => imap::serve(house, visitor(Box::new(stream))).await,
        }
    }
    Ok(())
}

/// Plain HTTP: for a trusted proxy in front of us; everybody else is sent to TLS.
async fn plain(house: Arc<House>, stream: TcpStream, peer: SocketAddr, arrival: Ticket) -> Result<()> {
    if house
        .options
        .trusted_proxies
        .iter()
        .any(|n| n.contains(peer.ip()))
    {
        drop(arrival);
        return http(house, Box::new(stream), peer, false).await;
    }
    plain::answer(&house, stream).await
}

async fn http(house: Arc<House>, stream: BoxStream, address: SocketAddr, is_tls: bool) -> Result<()> {
    let worker = http_worker(&house).await?;
    let Some(_ticket) = house.connections.enter(address.ip()) else {
        return Err(Error::busy("too many connections of one peer"));
    };
    worker
        .serve(HttpStream::new(
            stream,
            Peer { address, is_tls },
            house.options.patience,
        ))
        .await;
    Ok(())
}

/// A stream with the bytes put back that were read to find out what it is.
struct Rewound {
    begun: std::io::Cursor<Vec<u8>>,
    stream: TlsStream<TcpStream>,
}

impl tokio::io::AsyncRead for Rewound {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        let at = self.begun.position() as usize;
        let rest = self.begun.get_ref().get(at..).unwrap_or_default();
        if rest.is_empty() {
            return std::pin::Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let n = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..n]);
        self.begun.set_position((at + n) as u64);
        std::task::Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Rewound {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::pin::Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
