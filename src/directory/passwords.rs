//! The password of somebody whom the directory knows: right or wrong, asked each time, remembered nowhere.

use super::connection::Connection;
use super::people::filter_of;
use super::settings::require_ldap;
use crate::base::{Error, Result, random};
use crate::delivery::PostRoom;
use crate::identity::elsewhere::{Asking, Elsewhere};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Each is a connection of its own.
const AT_ONCE: usize = 8;
/// From the beginning to the answer; a mail program waits for longer.
const PATIENCE: Duration = Duration::from_secs(12);

pub struct Passwords {
    room: Arc<PostRoom>,
    at_once: Semaphore,
}

impl Passwords {
    pub fn new(room: Arc<PostRoom>) -> Arc<Passwords> {
        Arc::new(Passwords {
            room,
            at_once: Semaphore::new(AT_ONCE),
        })
    }

    async fn ask(&self, id: Option<&str>, password: &str) -> Result<bool> {
        let _turn = self.at_once.acquire().await.map_err(|_| no_answer())?;
        let settings = require_ldap(&self.room.ctx()).await?;
        // Nobody has this one: whom we do not know is looked for like whom we know.
        let id = id.map_or_else(random::uuid, str::to_owned);
        let mut connection = Connection::open(&self.room, &settings).await?;
        connection.bind_as_service(&settings).await?;
        let filter = filter_of(&settings, &id);
        // No attributes (RFC 4511 §4.5.1.8): the name is enough.
        let found = connection.search(&settings.base, &filter, &["1.1"]).await?;
        let is_right = match &found[..] {
            [one] => connection.bind(&one.dn, password).await?,
            _ => false,
        };
        connection.close().await;
        Ok(is_right)
    }
}

impl Elsewhere for Passwords {
    fn check<'a>(&'a self, id: Option<&'a str>, password: &'a str) -> Asking<'a> {
        Box::pin(async move {
            let asked = tokio::time::timeout(PATIENCE, self.ask(id, password)).await;
            asked.unwrap_or_else(|_| Err(no_answer())).map_err(|e| {
                tracing::warn!(error = ?e, "the directory could not be asked for a password");
                no_answer().caused_by(e)
            })
        })
    }
}

/// The same for everybody, whatever is wrong with the directory.
fn no_answer() -> Error {
    Error::unavailable(
        "passwords cannot be checked just now: the office's directory does not answer; try again in a minute",
    )
}
