//! The handshake: whoever is to be called says that they want it, by giving a token back.

use crate::base::{Error, Kind, random};
use crate::delivery::PostRoom;
use crate::protocols::graph::error::GraphError;
use std::time::Duration;
use url::Url;

const WITHIN: Duration = Duration::from_secs(10);

/// Errors: ValidationError, which says what was wrong with the answer; 429 when too many are tried at once.
pub async fn shake_hands(room: &PostRoom, url: &Url) -> Result<(), GraphError> {
    let _turn = room
        .handshakes
        .try_acquire()
        .map_err(|_| Error::busy("too many addresses are being tried; wait and try again"))?;
    let failed = |why: &str| {
        let host = url.host_str().unwrap_or_default();
        GraphError::bad(
            "ValidationError",
            format!("Subscription validation request failed: {host}: {why}"),
        )
    };
    // A colon in it: who gives it back without decoding is told so.
    let token = format!("Validation:{}", random::uuid());
    let mut asked = url.clone();
    asked.query_pairs_mut().append_pair("validationToken", &token);
    let reply = match room
        .post(&asked, "text/plain; charset=utf-8", Vec::new(), WITHIN)
        .await
    {
        Ok(reply) => reply,
        Err(e) if e.kind() == Kind::Internal => return Err(e.into()),
        Err(e) => return Err(failed(e.message())),
    };
    if reply.status != 200 {
        return Err(failed(&format!(
            "it answered with the status {}, not 200",
            reply.status.as_u16()
        )));
    }
    if reply.content_type != "text/plain" {
        return Err(failed(&format!(
            "it answered with »{}«, not with text/plain",
            reply.content_type
        )));
    }
    // Some write a line.
    if reply.body.trim_ascii() != token.as_bytes() {
        return Err(failed("its answer is not the value of validationToken, decoded"));
    }
    Ok(())
}
