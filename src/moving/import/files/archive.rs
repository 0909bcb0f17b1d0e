//! Archives (zip, tar, tgz), as Takeout and backups come: unpacked into a folder of their own, with what can be moved in them.

use crate::base::{Error, Result};
use crate::identity::Ctx;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

/// Entries that one archive may have.
const MOST_ENTRIES: usize = 5_000_000;
const PIECE: usize = 256 << 10;

pub fn is_archive(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    path.is_file()
        && [".zip", ".tgz", ".tar.gz", ".tar"]
            .iter()
            .any(|e| name.ends_with(e))
}

/// Errors: Invalid, when it is damaged; OverQuota, when the disk has no room for what is in it.
pub fn unpack(ctx: &Ctx, archive: &Path, to: &Path) -> Result<()> {
    let name = archive.to_string_lossy().to_lowercase();
    let file = File::open(archive)?;
    if name.ends_with(".zip") {
        unpack_zip(ctx, file, archive, to)
    } else if name.ends_with(".tar") {
        unpack_tar(ctx, file, archive, to)
    } else {
        unpack_tar(ctx, flate2::read::GzDecoder::new(file), archive, to)
    }
}

fn damaged(archive: &Path, e: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::invalid(format!("{} is damaged: {e}", archive.display())).caused_by(e)
}

fn unpack_zip(ctx: &Ctx, file: File, archive: &Path, to: &Path) -> Result<()> {
    let mut zip = zip::ZipArchive::new(std::io::BufReader::new(file)).map_err(|e| damaged(archive, e))?;
    if zip.len() > MOST_ENTRIES {
        return Err(Error::invalid(format!(
            "{} has too many entries",
            archive.display()
        )));
    }
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).map_err(|e| damaged(archive, e))?;
        let is_file = entry.is_file();
        let path = entry.enclosed_name();
        if let Some(path) = path.filter(|_| is_file) {
            let modified = None;
            write_file(ctx, &mut entry, &to.join(path), modified).map_err(|e| named(archive, e))?;
        }
    }
    Ok(())
}

fn unpack_tar(ctx: &Ctx, reader: impl Read, archive: &Path, to: &Path) -> Result<()> {
    let mut tar = tar::Archive::new(reader);
    for (count, entry) in tar.entries().map_err(|e| damaged(archive, e))?.enumerate() {
        if count > MOST_ENTRIES {
            return Err(Error::invalid(format!(
                "{} has too many entries",
                archive.display()
            )));
        }
        let mut entry = entry.map_err(|e| damaged(archive, e))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().map_err(|e| damaged(archive, e))?.into_owned();
        let modified = entry.header().mtime().ok();
        if let Some(path) = plain(&path) {
            write_file(ctx, &mut entry, &to.join(path), modified).map_err(|e| named(archive, e))?;
        }
    }
    Ok(())
}

/// A path that stays below where it is put.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (out.components().next().is_some()).then_some(out)
}

fn named(archive: &Path, e: Error) -> Error {
    Error::new(e.kind(), format!("{}: {}", archive.display(), e.message())).caused_by(e)
}

/// Checks the disk as it goes on: what an archive says of its sizes may be wrong.
fn write_file(ctx: &Ctx, from: &mut impl Read, path: &Path, modified_s: Option<u64>) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut out = File::create(path)?;
    let mut piece = vec![0; PIECE];
    let mut since_check = 0;
    ctx.store.check_room(0)?;
    loop {
        let n = from.read(&mut piece)?;
        if n == 0 {
            break;
        }
        since_check += n;
        if since_check > 64 << 20 {
            since_check = 0;
            ctx.store.check_room(0)?;
        }
        out.write_all(&piece[..n])?;
    }
    if let Some(seconds) = modified_s {
        out.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_elsewhere() {
        assert_eq!(plain(Path::new("./a/b")), Some(PathBuf::from("a/b")));
        for bad in ["/etc/x", "../x", "a/../../x", ""] {
            assert_eq!(plain(Path::new(bad)), None, "{bad}");
        }
    }
}
