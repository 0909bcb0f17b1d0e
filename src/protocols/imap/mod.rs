//! IMAP: mail programs read, file and move mail.
//!
//! IMAP4rev1 (RFC 3501) and, after ENABLE, IMAP4rev2 (RFC 9051), with the extensions of [`view::CAPABILITIES`].
//! A connection is a [`session::Session`]; what it knows of the open folder is [`selected::Selected`]; each command
//! is a file of `commands`, with its row in the table there.

mod commands;
mod error;
mod fetch;
mod news;
mod selected;
mod session;
mod view;
mod wire;

use super::{House, Visitor};
use std::sync::Arc;

/// Leads the conversation to its end.
pub async fn serve(house: Arc<House>, visitor: Visitor) {
    let Some(_ticket) = house.connections.enter(visitor.peer.ip()) else {
        session::turn_away(&house, visitor).await;
        return;
    };
    session::Session::new(house, visitor).run().await;
}
