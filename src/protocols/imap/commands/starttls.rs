//! STARTTLS (RFC 9051 §6.2.1).

use super::Reply;
use crate::base::Error;
use crate::protocols::imap::error::{Lost, Stop};
use crate::protocols::imap::session::Session;
use tokio_rustls::TlsAcceptor;

pub async fn starttls(s: &mut Session, tag: &str) -> Result<Reply, Stop> {
    if s.is_tls {
        return Err(Stop::Bad("TLS is active already"));
    }
    s.wire.say(&format!("{tag} OK go ahead"));
    s.wire.flush().await?;
    let accept = TlsAcceptor::from(s.house.tls.single.clone()).accept(s.wire.take_stream());
    let stream = tokio::time::timeout(s.house.options.patience.handshake, accept)
        .await
        .map_err(|_| Lost(Error::unavailable("the TLS handshake takes too long")))?
        .map_err(Lost::from)?;
    s.wire.put_stream(Box::new(stream));
    s.is_tls = true;
    Ok(Reply::Answered)
}
