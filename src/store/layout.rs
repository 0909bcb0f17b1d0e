//! Where things lie in the data folder, its format version and its lock.

use super::{disk, rollback};
use crate::base::{Error, Kind, Result};
use crate::model::AccountId;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a program that was killed may still hold its lock while the kernel takes it down.
const ENDING: Duration = Duration::from_secs(2);

/// Rises when an older program could no longer read the folder.
pub const FORMAT: u32 = 1;

#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The places below a folder, whatever is in it.
    pub(in crate::store) fn at(root: &Path) -> Layout {
        Layout {
            root: root.to_path_buf(),
        }
    }

    /// Makes the folders that are missing and checks the format version and the kind of disk.
    pub fn prepare(root: &Path, allow_network_disk: bool) -> Result<Layout> {
        let layout = Layout::at(root);
        rollback::check_finished(&layout)?;
        for folder in [
            layout.root.clone(),
            layout.accounts(),
            layout.queue_blobs(),
            layout.keys(),
            layout.tls(),
            layout.temporary(),
            layout.uploads(),
            layout.bell(),
            layout.root.join("import"),
            layout.backups(),
        ] {
            make_private_folder(&folder)?;
        }
        if !allow_network_disk {
            disk::refuse_network_disk(root)?;
        }
        layout.check_format()?;
        Ok(layout)
    }

    fn check_format(&self) -> Result<()> {
        let path = self.root.join("format");
        let found = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return disk::write_file(&path, format!("{FORMAT}\n").as_bytes());
            }
            Err(e) => return Err(e.into()),
        };
        match found.trim().parse::<u32>() {
            Ok(n) if n <= FORMAT => Ok(()),
            Ok(n) => Err(Error::unavailable(format!(
                "the data in {} was written by a newer Hauspost (format {n}, this program knows {FORMAT}); \
                 install the newer program again, or restore a backup made before the upgrade",
                self.root.display()
            ))),
            Err(_) => Err(Error::unavailable(format!(
                "{} does not hold a format number; is {} a Hauspost data folder?",
                path.display(),
                self.root.display()
            ))),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
    pub fn directory(&self) -> PathBuf {
        self.root.join("directory.db")
    }
    pub fn queue(&self) -> PathBuf {
        self.root.join("queue.db")
    }
    pub fn queue_blobs(&self) -> PathBuf {
        self.root.join("queue-blobs")
    }
    pub fn accounts(&self) -> PathBuf {
        self.root.join("accounts")
    }
    pub fn account_folder(&self, id: AccountId) -> PathBuf {
        self.accounts().join(id.to_string())
    }
    pub fn account_file(&self, id: AccountId) -> PathBuf {
        self.account_folder(id).join("account.db")
    }
    pub fn account_blobs(&self, id: AccountId) -> PathBuf {
        self.account_folder(id).join("blobs")
    }
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }
    pub fn tls(&self) -> PathBuf {
        self.root.join("tls")
    }
    /// Other processes that changed something touch a file in it; the server watches it.
    pub fn bell(&self) -> PathBuf {
        self.root.join("bell")
    }
    /// Copies of the whole folder.
    pub fn backups(&self) -> PathBuf {
        self.root.join("backups")
    }
    /// Bodies on their way in; on the same disk, so that they can be linked into place.
    pub fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }
    pub fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// The ids of the accounts that have data.
    pub fn account_ids(&self) -> Result<Vec<AccountId>> {
        let mut ids: Vec<AccountId> = fs::read_dir(self.accounts())?
            .filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok().map(AccountId))
            .collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// Removes bodies that were on their way in when the program ended; nobody was told they are stored.
    pub fn clear_temporary(&self) -> Result<()> {
        for entry in fs::read_dir(self.temporary())? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }
}

/// Whether a data folder may be here, or where it is to be made; makes nothing.
/// Errors: Unavailable, with what to do.
pub fn check_place(root: &Path) -> Result<()> {
    let mut place = root;
    while !place.exists() {
        place = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
    }
    if !place.is_dir() {
        return Err(Error::unavailable(format!(
            "{} is no folder; choose another one for the data",
            place.display()
        )));
    }
    disk::refuse_network_disk(place)?;
    let layout = Layout::at(root);
    if root.join("format").exists() {
        layout.check_format()?;
    }
    Ok(())
}

/// Only the program's own user may look into the data folder.
fn make_private_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|e| {
            Error::unavailable(format!("the folder {} cannot be made: {e}", path.display())).caused_by(e)
        })?;
    // A folder that was there already, as packages and containers make it, may be open to everybody.
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0
        && let Err(e) = fs::set_permissions(path, fs::Permissions::from_mode(0o700))
    {
        tracing::warn!(folder = %path.display(), error = %e, "others may look into the data folder");
    }
    Ok(())
}

/// Held while a server uses the folder; the kernel lets go of it when the process ends, however it ends.
pub struct ServerLock(#[allow(dead_code, reason = "holds the lock until it is dropped")] fs::File);

impl ServerLock {
    /// Waits a moment for one that is just ending. Blocks. Errors: Unavailable when another server runs on the same folder.
    pub fn take(layout: &Layout) -> Result<ServerLock> {
        let until = Instant::now() + ENDING;
        loop {
            match Self::try_take(layout) {
                Err(e) if e.kind() == Kind::Unavailable && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                other => return other,
            }
        }
    }

    /// As [`ServerLock::take`], without waiting: whether a server runs.
    pub fn try_take(layout: &Layout) -> Result<ServerLock> {
        let taken = try_lock(layout, "lock")?;
        taken.map(ServerLock).ok_or_else(|| {
            Error::unavailable(format!(
                "another hauspost already serves {}; stop it first",
                layout.root.display()
            ))
        })
    }
}

/// Held while one process, the server or a command, makes the accounts what another system says: two at once would
/// take half of each other's work for the truth.
pub struct ComparisonLock(#[allow(dead_code, reason = "holds the lock until it is dropped")] fs::File);

impl ComparisonLock {
    /// None: somebody else has it.
    pub fn try_take(layout: &Layout) -> Result<Option<ComparisonLock>> {
        Ok(try_lock(layout, "comparison.lock")?.map(ComparisonLock))
    }
}

fn try_lock(layout: &Layout, name: &str) -> Result<Option<fs::File>> {
    let file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(layout.root.join(name))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(e)) => Err(e.into()),
    }
}
