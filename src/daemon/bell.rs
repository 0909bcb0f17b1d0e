//! Hears what other processes changed: the command line touches a file, the server watches its folder.

use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::store::layout::Layout;
use notify::{RecursiveMode, Watcher};
use std::sync::Arc;

/// Watches until the program ends. Where nothing can be watched, the workers' own clocks notice it later.
pub fn watch(layout: &Layout, room: &Arc<PostRoom>) -> Result<()> {
    let room = room.clone();
    let rung = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|e| !e.kind.is_access()) {
            room.silent.forget();
            room.queue_bell.notify_one();
            room.collect_bell.notify_one();
            room.certificate_bell.notify_one();
            room.store.sign_in_bell().notify_one();
            room.store.subscription_bell().notify_one();
        }
    };
    let watched = notify::recommended_watcher(rung).and_then(|mut watcher| {
        watcher.watch(&layout.bell(), RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    match watched {
        // It lives as long as the program.
        Ok(watcher) => std::mem::forget(watcher),
        Err(e) => {
            tracing::warn!(error = ?Error::unavailable("no watching").caused_by(e), "changes by the command line are seen late")
        }
    }
    Ok(())
}
