//! The disk below the store: free room, what kind it is, and writes that stay written.

use crate::base::{Error, Result, random};
use std::ffi::CString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Makes the names in a folder durable.
pub fn sync_folder(path: &Path) -> Result<()> {
    File::open(path)?.sync_all()?;
    Ok(())
}

/// Makes everything durable that was written to the disk of `folder`.
pub fn sync_disk(folder: &Path) -> Result<()> {
    use std::os::fd::AsRawFd;
    let file = File::open(folder)?;
    // SAFETY: the descriptor is open as long as `file`.
    if unsafe { libc::syncfs(file.as_raw_fd()) } != 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    Ok(())
}

/// Replaces a small file as a whole: the old or the new content is there, whatever happens. Mode 0600.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let folder = path
        .parent()
        .ok_or_else(|| Error::internal("a file without a folder"))?;
    let temporary = folder.join(format!(".{}", random::short_id()));
    let mut file = fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&temporary)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if let Err(e) = written.and_then(|()| fs::rename(&temporary, path)) {
        let _ = fs::remove_file(&temporary);
        return Err(e.into());
    }
    sync_folder(folder)
}

const SCRATCH: &str = "hauspost-scratch-";

/// A private folder that goes, with everything in it, when it is dropped. A file beside it is locked as long as it is used.
pub struct ScratchFolder(PathBuf, File);

/// One that is being made is not taken for one that was left,
const BEING_MADE: Duration = Duration::from_secs(60);
/// nor, before so long, one without a lock.
const WITHOUT_LOCK: Duration = Duration::from_secs(24 * 3600);

impl ScratchFolder {
    /// Below `parent`, under a name of its own. Those that a power cut or a kill has left there go.
    pub fn make_in(parent: &Path) -> Result<ScratchFolder> {
        use std::os::unix::fs::DirBuilderExt;
        for entry in fs::read_dir(parent)?.flatten() {
            let is_scratch = entry.file_name().to_string_lossy().starts_with(SCRATCH);
            let at = entry.metadata().and_then(|m| m.modified());
            let age = at.ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
            if is_scratch && age > BEING_MADE {
                remove_if_left(&entry.path(), age);
            }
        }
        let path = parent.join(format!("{SCRATCH}{}", random::short_id()));
        let lock = File::create(lock_of(&path))?;
        lock.try_lock().map_err(std::io::Error::from)?;
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(ScratchFolder(path, lock))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A name that nothing has yet.
    pub fn new_file(&self) -> PathBuf {
        self.0.join(random::short_id())
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        let _ = fs::remove_file(lock_of(&self.0));
        let _ = self.1.unlock();
    }
}

fn lock_of(folder: &Path) -> PathBuf {
    folder.with_extension("lock")
}

/// A scratch folder, or the lock of one, that nobody uses. What cannot be removed, as others' folders cannot, stays.
fn remove_if_left(path: &Path, age: Duration) {
    let lock = lock_of(path);
    let is_free = match File::open(&lock) {
        Ok(file) => file.try_lock().is_ok(),
        Err(e) => e.kind() == std::io::ErrorKind::NotFound && age > WITHOUT_LOCK,
    };
    if is_free {
        let _ = fs::remove_dir_all(path.with_extension(""));
        let _ = fs::remove_file(&lock);
    }
}

/// Bytes that an unprivileged program may still write on the disk of `path`.
pub fn free_bytes(path: &Path) -> Result<u64> {
    let path =
        CString::new(path.as_os_str().as_bytes()).map_err(|_| Error::invalid("a path with a zero byte"))?;
    // SAFETY: `path` is zero-terminated and `out` is a plain C struct that the call fills.
    let out = unsafe {
        let mut out: libc::statvfs = std::mem::zeroed();
        if libc::statvfs(path.as_ptr(), &mut out) != 0 {
            return Err(std::io::Error::last_os_error().into());
        }
        out
    };
    #[allow(clippy::useless_conversion, reason = "the field types differ between libcs")]
    Ok(u64::from(out.f_bavail) * u64::from(out.f_frsize))
}

/// Errors: OverQuota when `bytes` more would leave less than `reserve_bytes`.
pub fn check_room(path: &Path, bytes: u64, reserve_bytes: u64) -> Result<()> {
    if free_bytes(path)? < reserve_bytes.saturating_add(bytes) {
        return Err(Error::over_quota(
            "the disk of the mail server is nearly full; new mail has to wait",
        ));
    }
    Ok(())
}

/// SQLite's write-ahead log needs shared memory and locks that NFS and SMB do not give (sqlite.org/wal.html).
pub fn refuse_network_disk(path: &Path) -> Result<()> {
    let c_path =
        CString::new(path.as_os_str().as_bytes()).map_err(|_| Error::invalid("a path with a zero byte"))?;
    // SAFETY: as in `free_bytes`.
    let magic = unsafe {
        let mut out: libc::statfs = std::mem::zeroed();
        if libc::statfs(c_path.as_ptr(), &mut out) != 0 {
            return Err(std::io::Error::last_os_error().into());
        }
        out.f_type as i64 as u32
    };
    let Some(name) = network_file_system(magic) else {
        return Ok(());
    };
    Err(Error::unavailable(format!(
        "{} is on a network disk ({name}). Mail could be lost there, so Hauspost does not start. \
         Choose a folder on a disk of this machine, and use the network disk for backups",
        path.display()
    )))
}

/// Magic numbers of statfs(2).
fn network_file_system(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0x517b => Some("SMB"),
        0xff53_4d42 => Some("CIFS"),
        0xfe53_4d42 => Some("SMB2"),
        0x0102_1997 => Some("9P"),
        0x7375_7245 => Some("Coda"),
        0x5346_414f => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_network_disks() {
        assert_eq!(network_file_system(0x6969), Some("NFS"));
        assert_eq!(network_file_system(0xff53_4d42), Some("CIFS"));
        assert_eq!(network_file_system(0xef53), None, "ext4");
    }

    #[test]
    fn scratch_folders_that_a_kill_has_left_go_and_those_in_use_stay() {
        let parent = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        let long_ago = std::time::SystemTime::now() - WITHOUT_LOCK * 2;
        let in_use = ScratchFolder::make_in(parent.path()).unwrap();
        let left = ScratchFolder::make_in(parent.path()).unwrap();
        fs::write(left.path().join("rows"), b"private").unwrap();
        let [left_path, used_path] = [&left, &in_use].map(|f| f.path().to_path_buf());
        for path in [&left_path, &used_path] {
            File::open(path).unwrap().set_modified(long_ago).unwrap();
            File::open(lock_of(path)).unwrap().set_modified(long_ago).unwrap();
        }
        // As a kill does it: the kernel lets go of the lock.
        left.1.unlock().unwrap();
        std::mem::forget(left);
        drop(ScratchFolder::make_in(parent.path()).unwrap());
        assert!(used_path.exists(), "in use for days");
        assert!(!left_path.exists() && !lock_of(&left_path).exists());
        drop(in_use);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn refuses_when_the_reserve_would_be_touched() {
        let here = Path::new(".");
        assert!(check_room(here, 1, 1).is_ok());
        let e = check_room(here, u64::MAX / 4, 1).unwrap_err();
        assert_eq!(e.kind(), crate::base::Kind::OverQuota);
    }
}
