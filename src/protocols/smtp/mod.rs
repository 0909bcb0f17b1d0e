//! SMTP: other servers hand mail over (port 25), and mail programs submit it (587, 465).
//!
//! RFC 5321, 6409 (submission), 3207 (STARTTLS), 4954 (AUTH), 2920 (PIPELINING), 1870 (SIZE), 6152 (8BITMIME),
//! 6531 (SMTPUTF8), 3030 (CHUNKING, not BINARYMIME), 2034 (ENHANCEDSTATUSCODES), 3461 (DSN).

mod auth;
pub mod data;
mod envelope;
mod error;
pub mod lines;
mod session;
mod transaction;

use super::{House, Visitor};
use std::sync::Arc;

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// From other servers, for people of ours.
    Relay,
    /// From people of ours, after they signed in.
    Submission,
}

/// Leads the conversation to its end.
pub async fn serve(house: Arc<House>, visitor: Visitor, purpose: Purpose) {
    let Some(_ticket) = house.connections.enter(visitor.peer.ip()) else {
        session::turn_away(&house, visitor).await;
        return;
    };
    session::Session::new(house, visitor, purpose).run().await;
}
