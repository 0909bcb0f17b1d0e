//! Compares the accounts with the office's LDAP directory: at the start, each quarter of an hour, and when somebody leaves a
//! hint: a file in a folder that is named at the start. What is in the file does not matter, the directory is the truth.

use crate::base::{Error, Kind, Result};
use crate::delivery::PostRoom;
use crate::directory::settings::get_ldap;
use crate::directory::sync::sync_ldap;
use crate::model::directory::SyncReport;
use notify::{RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const EACH: Duration = Duration::from_secs(15 * 60);
const AFTER_TROUBLE: Duration = Duration::from_secs(60);
/// Hints come in swarms.
const GATHER: Duration = Duration::from_secs(2);
/// Where nothing can be watched, the folder is looked at this often.
const LOOK: Duration = Duration::from_secs(30);

/// Runs until the program ends. `hints`: the folder; its files are removed once they have been followed.
pub async fn run(room: Arc<PostRoom>, hints: Option<PathBuf>) {
    let bell = Arc::new(Notify::new());
    if let Some(folder) = &hints {
        watch(folder, bell.clone());
    }
    loop {
        let files = hints.as_deref().map(list).unwrap_or_default();
        let went_well = match sync(&room).await {
            Ok(report) => {
                tell(report.as_ref());
                remove(&files);
                true
            }
            Err(e) => {
                tracing::warn!(error = ?e, "the accounts could not be compared with the directory");
                false
            }
        };
        let pause = if went_well { EACH } else { AFTER_TROUBLE };
        wait(pause, &bell, hints.as_deref(), went_well).await;
    }
}

/// None: there is no directory.
async fn sync(room: &PostRoom) -> Result<Option<SyncReport>> {
    match get_ldap(&room.ctx()).await? {
        Some(_) => sync_ldap(room).await.map(Some),
        None => Ok(None),
    }
}

/// `takes_hints`: not after trouble, where the same hints would be there again at once.
async fn wait(longest: Duration, bell: &Notify, hints: Option<&Path>, takes_hints: bool) {
    let hinted = async {
        loop {
            let _ = tokio::time::timeout(LOOK, bell.notified()).await;
            if takes_hints && hints.is_some_and(|folder| !list(folder).is_empty()) {
                tokio::time::sleep(GATHER).await;
                return;
            }
        }
    };
    let _ = tokio::time::timeout(longest, hinted).await;
}

fn watch(folder: &Path, bell: Arc<Notify>) {
    let rung = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|e| !e.kind.is_access()) {
            bell.notify_one();
        }
    };
    let watched = notify::recommended_watcher(rung).and_then(|mut watcher| {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    match watched {
        // It lives as long as the program.
        Ok(watcher) => std::mem::forget(watcher),
        Err(e) => {
            tracing::warn!(folder = %folder.display(), error = %e, "hints of the directory are seen late");
        }
    }
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|e| e.file_type().is_ok_and(|t| t.is_file()));
    files.map(|e| e.path()).collect()
}

fn remove(files: &[PathBuf]) {
    for file in files {
        match std::fs::remove_file(file).map_err(Error::from) {
            Err(e) if e.kind() != Kind::NotFound => {
                tracing::warn!(file = %file.display(), error = ?e, "a hint of the directory cannot be removed");
            }
            _ => {}
        }
    }
}

fn tell(report: Option<&SyncReport>) {
    let Some(report) = report else { return };
    let changes = [
        &report.made,
        &report.taken_over,
        &report.changed,
        &report.disabled,
        &report.enabled,
    ];
    if changes.iter().any(|list| !list.is_empty()) {
        tracing::info!(?report, "the accounts follow the directory");
    }
    for remark in &report.remarks {
        tracing::warn!(%remark, "the directory and the accounts differ");
    }
}
