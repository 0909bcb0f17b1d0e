//! What is done around an upgrade of the program: a copy to go back to, and bringing every file to the new form.

use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::store::Options;
use crate::store::copy::copy_data;
use crate::store::layout::{Layout, ServerLock};
use crate::store::rollback::{self, Rollback};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Older ones are removed once a new one is complete.
const COPIES_KEPT: usize = 2;
const PREFIX: &str = "before-upgrade-";

/// Copies the whole data folder into one below `backups/`, with which an older program can be started as it is. The data is
/// only read, so either program may make it. Blocks. Errors: OverQuota, when the disk has no room for it.
pub fn copy_before_upgrade(root: &Path, now_ms: TimeMs) -> Result<PathBuf> {
    let layout = Layout::prepare(root, false)?;
    let target = layout.backups().join(format!("{PREFIX}{now_ms}"));
    copy_data(&layout, &target, Options::default().reserve_bytes)?;
    for old in copies(&layout.backups())?.into_iter().rev().skip(COPIES_KEPT) {
        fs::remove_dir_all(old)?;
    }
    Ok(target)
}

/// A copy of the whole data folder at `to`, which may be on another disk: made beside the data, where large bodies cost nothing,
/// then brought there. The one that is there is replaced once the new one is whole. Blocks. Errors: OverQuota, Unavailable.
pub fn copy_nightly(root: &Path, to: &Path) -> Result<()> {
    let layout = Layout::prepare(root, false)?;
    let made = layout.backups().join("nightly-made");
    let (new, old) = (to.with_extension("new"), to.with_extension("old"));
    for left in [&made, &new, &old] {
        if left.exists() {
            fs::remove_dir_all(left)?;
        }
    }
    copy_data(&layout, &made, Options::default().reserve_bytes)?;
    match fs::rename(&made, &new) {
        Err(e) if e.kind() == ErrorKind::CrossesDevices => {
            copy_tree(&made, &new)?;
            fs::remove_dir_all(&made)?;
        }
        done => done?,
    }
    if to.exists() {
        fs::rename(to, &old)?;
    }
    fs::rename(&new, to)?;
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    Ok(())
}

/// Files and folders, each synced.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_tree(&entry.path(), &target)?,
            false => {
                fs::copy(entry.path(), &target)?;
                fs::File::open(&target)?.sync_all()?;
            }
        }
    }
    Ok(())
}

/// The newest copy that was made before an upgrade.
pub fn newest_copy(ctx: &Ctx) -> Result<Option<PathBuf>> {
    Ok(copies(&ctx.store.layout().backups())?.pop())
}

/// Every copy that was made before an upgrade, with the time it was made, the oldest first. Whatever the form of the data.
pub fn copies_before_upgrade(root: &Path) -> Result<Vec<(PathBuf, TimeMs)>> {
    let backups = root.join("backups");
    if !backups.exists() {
        return Err(Error::not_found(format!("{} is no data folder", root.display())));
    }
    Ok(copies(&backups)?
        .into_iter()
        .map(|p| {
            let at = made_at_ms(&p);
            (p, at)
        })
        .collect())
}

/// Makes a copy the data again, the newest when none is named, or finishes what was broken off. Blocks.
/// Errors: NotFound, when there is no copy; Unavailable, when a server runs.
pub fn roll_back_to(root: &Path, copy: Option<&Path>, now_ms: TimeMs) -> Result<Rollback> {
    let copy = match (copy, rollback::unfinished(root)?) {
        (_, Some(begun)) => begun.copy,
        (Some(copy), None) => copy.to_path_buf(),
        (None, None) => {
            let newest = copies_before_upgrade(root)?.pop();
            let none = || Error::not_found("there is no copy to go back to; one is made before each upgrade");
            newest.ok_or_else(none)?.0
        }
    };
    rollback::roll_back(root, &copy, now_ms)
}

fn made_at_ms(copy: &Path) -> TimeMs {
    let name = copy.to_string_lossy();
    name.rsplit_once('-')
        .and_then(|(_, at)| at.parse().ok())
        .unwrap_or(0)
}

/// Complete ones, the oldest first.
fn copies(backups: &Path) -> Result<Vec<PathBuf>> {
    let mut all: Vec<PathBuf> = fs::read_dir(backups)?
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| {
            let name = p.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            name.starts_with(PREFIX) && !name.ends_with(".unfinished")
        })
        .collect();
    all.sort_by_key(|p| made_at_ms(p));
    Ok(all)
}

/// Opens every file, which brings it to this program's form. Returns how many accounts there are.
/// Errors: what opening says.
pub async fn migrate_all(ctx: &Ctx) -> Result<usize> {
    ctx.require_admin()?;
    let store = ctx.store.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let ids = store.layout().account_ids()?;
        for id in &ids {
            store.account(*id)?.read_blocking(|s| s.modseq())?;
        }
        Ok(ids.len())
    });
    opened
        .await
        .map_err(|e| Error::internal("bringing the files to their new form was broken off").caused_by(e))?
}

/// Errors: Busy, when a server works on the data.
pub fn require_stopped(ctx: &Ctx) -> Result<()> {
    match ServerLock::take(ctx.store.layout()) {
        Ok(_) => Ok(()),
        Err(e) => Err(Error::busy(format!(
            "the server still runs on {}; wait until it has stopped",
            ctx.store.layout().root().display()
        ))
        .caused_by(e)),
    }
}
