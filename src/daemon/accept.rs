//! Listening sockets, and the threads on which connections live.

use super::sockets::Socket;
use super::{dispatch, routes};
use crate::base::Result;
use crate::protocols::House;
use crate::protocols::http::{HouseData, HttpWorker};
use actix_rt::Arbiter;
use std::cell::OnceCell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everything on one port, told apart by the first bytes.
    One,
    Smtp,
    /// With STARTTLS.
    Submission,
    /// With TLS from the first byte.
    Submissions,
    /// With STARTTLS.
    Imap,
    Imaps,
}

/// Open listeners; dropping this closes them, connections go on.
pub struct Acceptors {
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Acceptors {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Threads that carry connections; each connection stays on its thread.
struct Workers {
    arbiters: Vec<Arbiter>,
    next: AtomicUsize,
}

thread_local! {
    static HTTP: OnceCell<HttpWorker> = const { OnceCell::new() };
}

/// Errors: Unavailable, when a port cannot be had, with what to do.
pub fn open(house: &Arc<House>, sockets: Vec<(Door, SocketAddr, Socket)>) -> Result<Acceptors> {
    let count = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .clamp(1, 4);
    let workers = Arc::new(Workers {
        arbiters: (0..count)
            .map(|_| Arbiter::with_tokio_rt(super::runtime))
            .collect(),
        next: AtomicUsize::new(0),
    });
    let mut tasks = Vec::new();
    for (door, address, socket) in sockets {
        let listener = socket.listen(address)?;
        tracing::info!(?door, %address, "listening");
        tasks.push(tokio::spawn(accept(
            listener,
            door,
            house.clone(),
            workers.clone(),
        )));
    }
    Ok(Acceptors { tasks })
}

async fn accept(listener: TcpListener, door: Door, house: Arc<House>, workers: Arc<Workers>) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(connection) => connection,
            Err(e) => {
                // Out of descriptors, mostly: others must end before there is room again.
                tracing::error!(error = %e, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let house = house.clone();
        let arbiter =
            &workers.arbiters[workers.next.fetch_add(1, Ordering::Relaxed) % workers.arbiters.len()];
        let Ok(stream) = stream.into_std() else { continue };
        arbiter.spawn_fn(move || {
            actix_rt::spawn(async move {
                let prepared = stream
                    .set_nodelay(true)
                    .and_then(|()| tokio::net::TcpStream::from_std(stream));
                match prepared {
                    Ok(stream) => dispatch::serve(house, stream, peer, door).await,
                    Err(e) => tracing::debug!(%peer, error = %e, "a connection was gone at once"),
                }
            });
        });
    }
}

/// The HTTP service of this thread.
pub async fn http_worker(house: &Arc<House>) -> std::io::Result<HttpWorker> {
    if let Some(worker) = HTTP.with(|slot| slot.get().cloned()) {
        return Ok(worker);
    }
    let made = HttpWorker::start(HouseData::from(house.clone()), routes::configure).await?;
    Ok(HTTP.with(|slot| slot.get_or_init(|| made).clone()))
}
