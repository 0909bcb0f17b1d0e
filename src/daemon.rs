//! The server: opens the store, opens the doors, starts the workers, and ends cleanly.

mod accept;
mod bell;
mod dispatch;
mod plain;
mod privilege;
mod routes;
mod sockets;

use crate::appliance::tls::CertificateFiles;
use crate::appliance::{Tls, setup};
use crate::backup::Runs;
use crate::backup::past::Days;
use crate::base::{Error, Result, SystemClock};
use crate::delivery::{self, PostRoom};
use crate::directory::passwords::Passwords;
use crate::identity::{self, Ctx, Doorkeeper, accounts, domains, removal};
use crate::jobs;
use crate::mail::bulk::Jobs;
use crate::moving::bundles::Bundles;
use crate::moving::jobs::Moves;
use crate::protocols::http::{HouseData, base_path};
use crate::protocols::limits::{ConnectionLimit, RateLimit};
use crate::protocols::{House, Options, graph};
use crate::store::layout::ServerLock;
use crate::store::{self, Store};
use sd_notify::NotifyState;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use accept::Door;
pub use privilege::{RunAs, become_user, is_root};
use sockets::Socket;
pub use sockets::passed;

/// Everything the server is told at its start.
pub struct Config {
    pub data: PathBuf,
    /// To be opened.
    pub listeners: Vec<(Door, SocketAddr)>,
    /// Opened by who starts the server, see [`passed`].
    pub passed: Vec<(Door, SocketAddr, TcpListener)>,
    /// Once the ports are open, and before anything is read or written.
    pub run_as: Option<RunAs>,
    pub certificate: Option<CertificateFiles>,
    pub doors: Options,
    pub post_room: delivery::Options,
    /// Where files say that the office's directory has changed.
    pub directory_hints: Option<PathBuf>,
    /// Where a copy of everything is made each night.
    pub nightly_copy: Option<PathBuf>,
    pub store: store::Options,
    /// Connections in all, and of one peer.
    pub connections: (usize, usize),
    pub received_per_minute: u32,
    /// Of a program to a mailbox.
    pub requests_per_10_minutes: u32,
    pub sent_per_hour: u32,
}

/// Runs until it is told to stop. `ready` is called once all doors are open.
/// The set-up code is given while the office is not set up.
pub fn run(mut config: Config, ready: impl FnOnce(Option<String>) -> Result<()>) -> Result<()> {
    keep_memory_small();
    let mut sockets: Vec<(Door, SocketAddr, Socket)> = std::mem::take(&mut config.passed)
        .into_iter()
        .map(|(door, address, listener)| (door, address, Socket::Passed(listener)))
        .collect();
    for (door, address) in &config.listeners {
        sockets.push((*door, *address, sockets::bind(*address)?));
    }
    if let Some(user) = &config.run_as {
        become_user(user, &config.data)?;
    }
    actix_rt::System::with_tokio_rt(runtime).block_on(serve(config, sockets, ready))
}

/// One for each thread. Work that blocks (reading the store, packing, hashing) waits for one of few threads:
/// more would not be faster on the cores of a NAS, and each keeps memory.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .thread_keep_alive(Duration::from_secs(5))
        .thread_stack_size(1 << 20)
        .build()
        .unwrap_or_else(|e| panic!("the runtime cannot be started: {e}"))
}

/// glibc gives each thread an arena of its own by default, and what one has freed no other can use.
fn keep_memory_small() {
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt only sets a parameter, and nothing else runs yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 4);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 20);
        // Pieces of a FETCH are larger than the default: each would be mapped and given back anew.
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20);
    }
}

async fn serve(
    config: Config,
    sockets: Vec<(Door, SocketAddr, Socket)>,
    ready: impl FnOnce(Option<String>) -> Result<()>,
) -> Result<()> {
    let store = Store::open(&config.data, config.store, Arc::new(SystemClock))?;
    let _lock = ServerLock::take(store.layout())?;
    store.layout().clear_temporary()?;
    let ctx = Ctx::system(&store);
    let names = certificate_names(&ctx, &config.doors).await?;
    let tls = Tls::prepare(store.layout(), config.certificate, &names, ctx.now_ms())?;
    tls.watch()?;
    let post_room = PostRoom::new(store.clone(), config.post_room);
    let doorkeeper = Doorkeeper::new(store.clone());
    doorkeeper.ask_elsewhere(Passwords::new(post_room.clone()));
    let house = Arc::new(House {
        doorkeeper,
        post_room: post_room.clone(),
        tls,
        options: config.doors,
        connections: ConnectionLimit::new(config.connections.0, config.connections.1),
        arrivals: ConnectionLimit::new(config.connections.0, config.connections.1),
        sent: RateLimit::new(config.sent_per_hour, Duration::from_secs(3600)),
        requests: RateLimit::new(config.requests_per_10_minutes, Duration::from_secs(600)),
        claims: RateLimit::new(10, Duration::from_secs(60)),
        outside: RateLimit::new(30, Duration::from_secs(60)),
        received: RateLimit::new(config.received_per_minute, Duration::from_secs(60)),
        backups: Runs::default(),
        past: Days::default(),
        moves: Moves::default(),
        bundles: Bundles::default(),
        bulk: Jobs::default(),
    });
    base_path::tell(&house.options.base_path);
    let stop = StopSignals::listen()?;
    let acceptors = accept::open(&house, sockets)?;
    bell::watch(store.layout(), &post_room)?;
    // Before anybody is told: its runtime holds a socket from now on.
    jobs::moves::start(ctx.clone(), post_room.clone(), house.moves.clone())?;
    ready(setup::code(&ctx).await?)?;
    tell_manager(NotifyState::Ready);
    accounts::complete_creations(&ctx).await?;
    if let Err(e) = removal::complete_removals(&ctx).await {
        tracing::error!(error = ?e, "what is left of a removed account could not be removed");
    }
    tokio::spawn(identity::stay::run(house.doorkeeper.clone()));
    tokio::spawn(delivery::outbox::run(post_room.clone()));
    tokio::spawn(delivery::queue::run(post_room.clone()));
    actix_rt::spawn(graph::subscription::worker::run(HouseData::from(house.clone())));
    tokio::spawn(jobs::backups::run(post_room.clone()));
    tokio::spawn(jobs::checks::run(post_room.clone(), house.tls.clone()));
    tokio::spawn(jobs::certificates::run(post_room.clone(), house.tls.clone()));
    tokio::spawn(delivery::feed::run(post_room.clone()));
    tokio::spawn(jobs::nightly::run(ctx.clone(), config.nightly_copy));
    tokio::spawn(jobs::directory::run(post_room.clone(), config.directory_hints));
    tokio::spawn(delivery::collect::run(post_room.clone()));
    tokio::spawn(jobs::indexing::run(ctx.clone()));
    jobs::imports::start(ctx.clone())?;
    tokio::spawn(jobs::pruning::run(ctx));
    stop.wait().await;
    tracing::info!("stopping");
    tell_manager(NotifyState::Stopping);
    drop(acceptors);
    // What was begun may be finished: a message that is being taken, an answer that is being written.
    house.connections.wait_until_quiet(Duration::from_secs(5)).await;
    Ok(())
}

/// A service manager that waits for it (sd_notify(3)); nobody, mostly.
fn tell_manager(state: NotifyState<'_>) {
    if let Err(e) = sd_notify::notify(&[state]) {
        tracing::warn!(error = %e, "the service manager could not be told");
    }
}

/// Names that the own certificate is for: this machine's, and the usual ones of each mail domain.
async fn certificate_names(ctx: &Ctx, doors: &Options) -> Result<Vec<String>> {
    let mut names = vec![
        doors.host_name.clone(),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ];
    names.extend(doors.also_named.iter().cloned());
    for domain in domains::list_domains(ctx).await? {
        names.push(domain.name.clone());
        for host in ["mail", "imap", "smtp", "autoconfig", "autodiscover"] {
            names.push(format!("{host}.{}", domain.name));
        }
    }
    names.dedup();
    let mut seen = std::collections::HashSet::new();
    names.retain(|n| seen.insert(n.clone()));
    Ok(names)
}

/// What asks the server to stop. Listened to before anybody is told that it is ready: a stop that comes at once is an
/// orderly one too.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> Result<StopSignals> {
        let listen =
            |kind| signal(kind).map_err(|e| Error::internal("signals cannot be received").caused_by(e));
        Ok(StopSignals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
