//! What the workers of the post room share, and how they wake each other.

use super::authentic::Unanswered;
use super::dialer::Dialer;
use super::held::Timers;
use super::remote_image::RemoteImages;
use super::resolver::is_private;
use super::schedule::Schedule;
use super::silent::Silent;
use super::smtp_client::Client;
use crate::base::{Patience, Result, TimeMs};
use crate::identity::Ctx;
use crate::mail::Prepared;
use crate::model::AccountId;
use crate::model::outgoing::Envelope;
use crate::store::Store;
use crate::store::blob::Staged;
use crate::store::queue::NewOutgoing;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, Semaphore};

/// At once; each may take ten seconds.
const HANDSHAKES: usize = 16;

/// How the post room works.
#[derive(Clone, Debug)]
pub struct Options {
    /// What we call ourselves towards other servers; also in Received lines.
    pub host_name: String,
    pub max_message_bytes: u64,
    /// What is larger stays at the provider.
    pub max_collected_bytes: u64,
    pub schedule: Schedule,
    pub patience: Patience,
    /// PEM of further certificate authorities that are trusted when we connect to others.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Name servers; empty: those of the system.
    pub name_servers: Vec<SocketAddr>,
    /// Connect to private addresses when a stranger's DNS names them (only sensible in tests).
    pub allow_private_hosts: bool,
    /// Hosts and networks that programs may be called at although they are not on the Internet.
    pub notify_allowed: Vec<super::webhook::Allowed>,
    /// The port of other servers' SMTP; 25 except in tests.
    pub smtp_port: u16,
}

pub struct PostRoom {
    pub store: Arc<Store>,
    pub options: Options,
    /// How others are reached.
    pub dialer: Arc<Dialer>,
    /// The queue has something new, or the settings have changed.
    pub queue_bell: Notify,
    /// Collection accounts have changed.
    pub collect_bell: Notify,
    /// Another certificate is wanted.
    pub certificate_bell: Notify,
    /// Somebody has subscribed to a calendar elsewhere.
    pub feed_bell: Notify,
    /// Servers that are not worth a try just now.
    pub silent: Silent,
    /// Domains whose policy for mail in their name could not be read.
    pub unanswered: Unanswered,
    /// Addresses of programs that are tried before they are believed.
    pub handshakes: Semaphore,
    /// Pictures of messages that were fetched lately.
    pub images: RemoteImages,
    pub held_timers: Timers,
    handed_over: HandedOver,
}

impl PostRoom {
    pub fn new(store: Arc<Store>, options: Options) -> Arc<PostRoom> {
        let (name_servers, extra_ca_pem) = (&options.name_servers, options.extra_ca_pem.clone());
        let dialer = Arc::new(Dialer::new(name_servers, extra_ca_pem, options.patience));
        Arc::new(PostRoom {
            store,
            dialer,
            options,
            queue_bell: Notify::new(),
            collect_bell: Notify::new(),
            certificate_bell: Notify::new(),
            feed_bell: Notify::new(),
            silent: Silent::default(),
            unanswered: Unanswered::default(),
            handshakes: Semaphore::new(HANDSHAKES),
            images: RemoteImages::default(),
            held_timers: Timers::default(),
            handed_over: HandedOver::default(),
        })
    }

    pub fn ctx(&self) -> Ctx {
        Ctx::system(&self.store)
    }

    /// Whether an address that the DNS names is looked at: none within private networks, but in tests.
    pub fn may_connect(&self, ip: std::net::IpAddr) -> bool {
        self.options.allow_private_hosts || !is_private(ip)
    }

    /// How we hand mail over to others.
    pub fn smtp_client(&self) -> Client<'_> {
        Client {
            host_name: &self.options.host_name,
            extra_ca_pem: self.options.extra_ca_pem.as_deref(),
            patience: self.options.patience,
        }
    }

    /// Puts a message into the queue and wakes its worker; the same `source` again changes nothing.
    /// `since_ms`: when it was accepted, from which the retries count.
    pub async fn enqueue(
        &self,
        source: String,
        account_id: Option<AccountId>,
        envelope: Envelope,
        body: Staged,
        since_ms: TimeMs,
    ) -> Result<()> {
        self.store
            .queue()
            .write(move |q| {
                let new = NewOutgoing {
                    source: &source,
                    account_id,
                    envelope: &envelope,
                    body: &body,
                    now_ms: since_ms,
                };
                q.enqueue(&new).map(drop)
            })
            .await?;
        self.queue_bell.notify_one();
        Ok(())
    }

    /// Spares the outbox worker to read again what was submitted a moment ago.
    pub fn hand_over(&self, account: AccountId, row: i64, prepared: Prepared) {
        self.handed_over.put((account, row), prepared);
    }

    pub fn take_handed_over(&self, account: AccountId, row: i64) -> Option<Prepared> {
        self.handed_over.take(&(account, row))
    }
}

/// Bytes of messages that are kept in memory between submission and the outbox worker.
const MOST_BYTES: u64 = 16 << 20;

#[derive(Default)]
struct HandedOver(Mutex<HashMap<(AccountId, i64), Prepared>>);

impl HandedOver {
    fn put(&self, key: (AccountId, i64), prepared: Prepared) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held: u64 = all.values().map(Prepared::size_bytes).sum();
        if held + prepared.size_bytes() > MOST_BYTES {
            // What the worker was quicker to read itself would stay for good.
            all.clear();
        }
        if prepared.size_bytes() <= MOST_BYTES {
            all.insert(key, prepared);
        }
    }

    fn take(&self, key: &(AccountId, i64)) -> Option<Prepared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }
}
