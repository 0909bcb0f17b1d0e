//! A consistent copy of the whole data folder, while others may write: each file as of one moment, large bodies as
//! further names of the same files. The copy is a data folder itself.

use super::disk;
use super::file::connect;
use super::layout::Layout;
use crate::base::{Error, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Bytes that a copy needs; large bodies need none.
fn copy_bytes(from: &Layout) -> Result<u64> {
    let mut all = file_bytes(&from.directory()) + file_bytes(&from.queue());
    for id in from.account_ids()? {
        all += file_bytes(&from.account_file(id));
    }
    Ok(all)
}

/// Copies everything into `target`, which must be on the same disk and not exist. Nothing is migrated: that is what the
/// copy is for. Blocks. Errors: OverQuota, when it would not leave `reserve_bytes` on the disk; Exists.
pub fn copy_data(from: &Layout, target: &Path, reserve_bytes: u64) -> Result<()> {
    disk::check_room(from.root(), copy_bytes(from)?, reserve_bytes)?;
    if target.exists() {
        return Err(Error::exists(format!(
            "there is already a copy {}",
            target.display()
        )));
    }
    let unfinished = target.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    let copy = Layout::prepare(&unfinished, true)?;
    fs::copy(from.root().join("format"), unfinished.join("format"))?;
    copy_file(&from.directory(), &copy.directory(), None)?;
    let blobs = (from.queue_blobs(), copy.queue_blobs());
    copy_file(&from.queue(), &copy.queue(), Some(blobs))?;
    for id in from.account_ids()? {
        fs::create_dir_all(copy.account_blobs(id))?;
        let blobs = (from.account_blobs(id), copy.account_blobs(id));
        copy_file(&from.account_file(id), &copy.account_file(id), Some(blobs))?;
    }
    copy_folder(&from.keys(), &copy.keys())?;
    copy_folder(&from.tls(), &copy.tls())?;
    disk::sync_disk(&unfinished)?;
    fs::rename(&unfinished, target)?;
    disk::sync_folder(target.parent().unwrap_or(target))
}

/// A file with its large bodies. They are linked before, because what the rows name could be removed meanwhile, and again
/// after, because it could have come meanwhile.
fn copy_file(from: &Path, to: &Path, blobs: Option<(PathBuf, PathBuf)>) -> Result<()> {
    if let Some((from, to)) = &blobs {
        link_folder(from, to)?;
    }
    // An account that was never made to its end has none.
    if from.exists() {
        copy_database(from, to)?;
    }
    if let Some((from, to)) = &blobs {
        link_folder(from, to)?;
    }
    Ok(())
}

/// With what waits in the log beside it.
fn file_bytes(path: &Path) -> u64 {
    let size = |p: PathBuf| fs::metadata(p).map_or(0, |m| m.len());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    size(path.to_path_buf()) + size(log.into())
}

/// As of one moment, without holding up writers, as a file without a log. Nothing is migrated. Blocks.
pub fn copy_database(from: &Path, to: &Path) -> Result<()> {
    let to = to
        .to_str()
        .ok_or_else(|| Error::invalid("the data folder's name is not UTF-8"))?;
    connect(from)?.execute("VACUUM INTO ?1", [to])?;
    Ok(())
}

/// Every file below as a further name; what vanishes meanwhile belongs to a row that has gone.
fn link_folder(from: &Path, to: &Path) -> Result<()> {
    for_files(from, to, &mut |from, to| match fs::hard_link(from, to) {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => Ok(()),
        other => Ok(other?),
    })
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for_files(from, to, &mut |from, to| Ok(fs::copy(from, to).map(drop)?))
}

fn for_files(from: &Path, to: &Path, each: &mut dyn FnMut(&Path, &Path) -> Result<()>) -> Result<()> {
    let entries = match fs::read_dir(from) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&to)?;
            for_files(&entry.path(), &to, each)?;
        } else {
            each(&entry.path(), &to)?;
        }
    }
    Ok(())
}
