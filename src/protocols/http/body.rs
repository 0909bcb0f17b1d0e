//! Bodies of requests that are not wanted, and of answers that lie in the store.

use crate::mail::stored_part::StoredPart;
use actix_web::web::{Bytes, Payload};
use futures_util::{Stream, StreamExt};

/// The pieces as they are sent. One that cannot be read breaks the connection off, so that nobody takes a part for all.
pub fn pieces(part: StoredPart) -> impl Stream<Item = std::io::Result<Bytes>> {
    futures_util::stream::try_unfold(part, |mut part| async move {
        let work = move || part.next_piece().map(|piece| (part, piece));
        let read = tokio::task::spawn_blocking(work).await?;
        let (part, piece) = read.map_err(std::io::Error::other)?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), part)))
    })
}

/// Who is still sending does not hear an answer: a body of usual size is read to its end first.
pub async fn drain(payload: &mut Payload) {
    const MOST: usize = 64 << 20;
    let mut read = 0;
    while let Some(Ok(piece)) = payload.next().await {
        read += piece.len();
        if read > MOST {
            return;
        }
    }
}
