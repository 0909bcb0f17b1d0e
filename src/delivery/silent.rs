//! Servers that let us wait in vain. For a while they are not tried again: a turn in the queue is held up once by such a
//! server, not once by each message for it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Shorter than the wait before a second attempt.
const REMEMBERED: Duration = Duration::from_secs(60);
/// What takes less holds nobody up.
const LONG: Duration = Duration::from_secs(2);

#[derive(Default)]
pub struct Silent(Mutex<HashMap<SocketAddr, (Instant, String)>>);

impl Silent {
    /// Why the server is not to be tried now.
    pub fn why(&self, server: SocketAddr) -> Option<String> {
        let found = self.lock().get(&server).cloned();
        found
            .filter(|(at, _)| at.elapsed() < REMEMBERED)
            .map(|(_, why)| why)
    }

    /// An attempt that began at `since` came to nothing.
    pub fn note(&self, server: SocketAddr, since: Instant, why: &str) {
        if since.elapsed() < LONG {
            return;
        }
        let mut all = self.lock();
        all.retain(|_, (at, _)| at.elapsed() < REMEMBERED);
        all.insert(server, (Instant::now(), why.to_owned()));
    }

    /// Somebody wants it to be tried now.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, (Instant, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
