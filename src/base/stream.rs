//! A connection of any kind as one type, so that a protocol does not care what is below it.

use super::{Pace, Result};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub type BoxStream = Box<dyn Stream>;

/// Reads more into `buf`; grows it only as far as needed. Returns false at the end of the stream.
/// Errors: Unavailable after `patience` without a byte.
pub async fn read_more<S: AsyncRead + Unpin>(
    stream: &mut S,
    buf: &mut Vec<u8>,
    patience: Duration,
) -> Result<bool> {
    if buf.capacity() - buf.len() < 512 {
        buf.reserve(buf.capacity().clamp(1024, 64 << 10));
    }
    let n = tokio::time::timeout(patience, stream.read_buf(buf))
        .await
        .map_err(|_| super::Error::unavailable("the other side is silent"))??;
    Ok(n > 0)
}

/// As [`read_more`], for the next piece of something that has to come at a pace.
pub async fn read_paced<S: AsyncRead + Unpin>(
    stream: &mut S,
    buf: &mut Vec<u8>,
    pace: &mut Pace,
) -> Result<bool> {
    let before = buf.len();
    let more = read_more(stream, buf, pace.left()?).await?;
    pace.note(buf.len() - before);
    Ok(more)
}
