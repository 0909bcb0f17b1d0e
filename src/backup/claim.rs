//! What says whose backups a place holds, and that one run at a time works on them.

use super::place::Place;
use super::seal::Key;
use crate::base::{Error, Kind, Result};
use crate::store::Store;
use crate::store::layout::Layout;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

/// What says that a place holds backups of this box.
const SIGN: &str = "hauspost-backup.json";
/// Rises when an older program must not even add something to what is there.
const FORMAT: u32 = 1;
const LONGEST_SIGN: u64 = 1 << 16;

#[derive(Serialize, Deserialize)]
struct Sign {
    format: u32,
    /// Whom everything is encrypted to.
    recipient: String,
}

/// One run of a box at a time; the kernel lets go of it when the process ends.
pub(super) fn take_lock(store: &Store) -> Result<fs::File> {
    let file = fs::File::create(lock_file(store.layout()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::conflict(
            "a backup is being made already; let it come to its end",
        )),
        Err(fs::TryLockError::Error(e)) => Err(e.into()),
    }
}

/// Whether a backup is being made just now, by whatever process.
pub fn is_running(layout: &Layout) -> Result<bool> {
    match fs::File::open(lock_file(layout)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        other => Ok(other?.try_lock().is_err()),
    }
}

fn lock_file(layout: &Layout) -> PathBuf {
    layout.backups().join("lock")
}

/// What a run that was broken off has left half written.
pub(super) fn clear_waiting_room(place: &dyn Place) -> Result<()> {
    let left = match fs::read_dir(place.waiting_room()) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for file in left {
        let file = file?;
        match file.file_type()?.is_dir() {
            true => fs::remove_dir_all(file.path())?,
            false => fs::remove_file(file.path())?,
        }
    }
    Ok(())
}

/// The place's sign, which is put up when there is none. Errors: as [`check_sign`].
pub(super) fn claim(place: &dyn Place, key: &Key) -> Result<()> {
    match check_sign(place, key)? {
        true => Ok(()),
        false => put_sign(place, key),
    }
}

/// Returns whether there is a sign. Errors: Conflict, when it is another key's or of a newer program; Unavailable, when it is
/// damaged.
pub(super) fn check_sign(place: &dyn Place, key: &Key) -> Result<bool> {
    let damaged = || {
        Error::unavailable(format!(
            "{SIGN} in {} is damaged; remove it, and the next backup writes it again",
            place.name()
        ))
    };
    let mut text = Vec::new();
    match place.open(SIGN) {
        Ok(file) => file.take(LONGEST_SIGN).read_to_end(&mut text)?,
        Err(e) if e.kind() == Kind::NotFound => return Ok(false),
        Err(e) => return Err(e),
    };
    let sign: Sign = serde_json::from_slice(&text).map_err(|e| damaged().caused_by(e))?;
    if sign.format == 0 {
        return Err(damaged());
    }
    if sign.format > FORMAT {
        return Err(Error::conflict(format!(
            "the backups in {} are of a newer Hauspost",
            place.name()
        )));
    }
    match sign.recipient == key.recipient() {
        true => Ok(true),
        false => Err(Error::conflict(format!(
            "{} holds backups for another recovery key; choose an empty folder",
            place.name()
        ))),
    }
}

fn put_sign(place: &dyn Place, key: &Key) -> Result<()> {
    let sign = Sign {
        format: FORMAT,
        recipient: key.recipient(),
    };
    let text = serde_json::to_vec_pretty(&sign).map_err(|e| Error::internal("no sign").caused_by(e))?;
    fs::create_dir_all(place.waiting_room())?;
    let path = place.waiting_room().join("sign");
    fs::File::create(&path)?.write_all(&text)?;
    place.put(&path, SIGN)
}
