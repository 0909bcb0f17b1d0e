//! A folder of this machine: a share of the NAS, a disk that is plugged in.

use super::{Place, Stream};
use crate::base::{Error, Result};
use crate::store::disk;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A folder of this machine.
pub struct Folder(PathBuf);

impl Folder {
    /// Errors: NotFound, when it is not there: a disk that is not plugged in must not become a folder in its place.
    pub fn open(path: &Path) -> Result<Folder> {
        match path.is_dir() {
            true => Ok(Folder(path.to_path_buf())),
            false => Err(Error::not_found(format!(
                "the folder {} is not there; is the disk plugged in, is the share mounted?",
                path.display()
            ))),
        }
    }

    fn gone(&self, what: &Path, e: io::Error) -> Error {
        match e.kind() {
            io::ErrorKind::NotFound => {
                Error::not_found(format!("{} is missing from the backup", what.display())).caused_by(e)
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::over_quota(format!(
                "{} is full; make room or keep fewer backups",
                self.0.display()
            ))
            .caused_by(e),
            _ => Error::unavailable(format!("{} cannot be used: {e}", what.display())).caused_by(e),
        }
    }
}

impl Place for Folder {
    fn waiting_room(&self) -> PathBuf {
        self.0.join("unfinished")
    }

    fn put(&self, file: &Path, name: &str) -> Result<()> {
        let target = self.0.join(name);
        let folder = target.parent().unwrap_or(&self.0);
        // A folder that comes into being has a name that is to stay as well.
        let made: Vec<PathBuf> = folder
            .ancestors()
            .take_while(|f| f.starts_with(&self.0) && !f.is_dir())
            .filter_map(|f| f.parent().map(Path::to_path_buf))
            .collect();
        let done = || -> io::Result<()> {
            File::open(file)?.sync_all()?;
            fs::create_dir_all(folder)?;
            fs::rename(file, &target)
        };
        done().map_err(|e| self.gone(&target, e))?;
        disk::sync_folder(folder)?;
        made.iter().try_for_each(|f| disk::sync_folder(f))
    }

    fn open(&self, name: &str) -> Result<Box<dyn Stream>> {
        let path = self.0.join(name);
        let file = File::open(&path).map_err(|e| self.gone(&path, e))?;
        Ok(Box::new(file))
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        let mut out = Vec::new();
        let mut folders = vec![self.0.join(folder)];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(|e| self.gone(&folder, e))?,
            };
            for entry in entries {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if let Some(name) = entry.path().strip_prefix(&self.0).ok().and_then(Path::to_str) {
                    out.push((name.to_owned(), entry.metadata()?.len()));
                }
            }
        }
        Ok(out)
    }

    fn remove(&self, name: &str) -> Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(|e| self.gone(&self.0.join(name), e)),
        }
    }

    fn name(&self) -> String {
        self.0.display().to_string()
    }
}
