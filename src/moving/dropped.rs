//! The folder that is watched for imports (`DATA/import/<address>/`): files that come into it over the page, and where what was
//! given for an account lies afterwards.

use crate::base::{Error, Result, random};
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
use crate::mail::intake::check_room;
use crate::moving::export::account_folder;
use crate::store::disk;
use crate::store::layout::Layout;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Longer names are no names.
const LONGEST_NAME: usize = 200;

/// Nothing of it is left when it is dropped before its end.
pub struct Arriving {
    ctx: Ctx,
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl Arriving {
    /// `name`: of the file, as the browser calls it. Errors: Invalid; Exists, when one of that name has not been looked at yet;
    /// NotFound (the account); Forbidden.
    pub async fn begin(ctx: &Ctx, account: &str, name: &str) -> Result<Arriving> {
        ctx.require_admin()?;
        let account = find_account(ctx, account).await?;
        let name = name.trim();
        let is_bad = |c: char| c == '/' || c == '\\' || c.is_control();
        if name.is_empty() || name.starts_with('.') || name.len() > LONGEST_NAME || name.contains(is_bad) {
            return Err(Error::invalid(
                "this file has a name that cannot be used; give it a plain one",
            ));
        }
        let layout = ctx.store.layout();
        let folder = place(layout).join(account_folder(&account.address));
        fs::create_dir_all(&folder)?;
        let target = folder.join(name);
        if target.exists() {
            return Err(on_its_way(&target));
        }
        let path = layout.temporary().join(random::short_id());
        Ok(Arriving {
            ctx: ctx.clone(),
            file: File::create_new(&path)?,
            path,
            target,
        })
    }

    /// Errors: OverQuota, when the disk is nearly full.
    pub fn write(&mut self, piece: &[u8]) -> Result<()> {
        check_room(&self.ctx, piece.len() as u64)?;
        Ok(self.file.write_all(piece)?)
    }

    /// It is all there, on the disk: within a minute it is looked at. Errors: Exists, when another of that name has come meanwhile.
    pub async fn finish(self) -> Result<()> {
        let done = tokio::task::spawn_blocking(move || self.put_in_place());
        done.await
            .map_err(|e| Error::internal("the file was not put in its place").caused_by(e))?
    }

    /// What drops afterwards is the name that it came under.
    fn put_in_place(self) -> Result<()> {
        self.file.sync_all()?;
        // A rename would replace what is there.
        fs::hard_link(&self.path, &self.target).map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists => on_its_way(&self.target),
            _ => e.into(),
        })?;
        disk::sync_folder(self.target.parent().unwrap_or(&self.target))
    }
}

fn on_its_way(target: &Path) -> Error {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    Error::exists(format!("»{name}« is on its way already"))
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn place(layout: &Layout) -> PathBuf {
    layout.root().join("import")
}

/// A folder of files that were given for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    pub path: PathBuf,
    /// `waiting`, `aside`, or when it was moved in.
    pub name: String,
    pub bytes: u64,
}

/// Every one that there is. Blocks.
pub fn dropped_files(layout: &Layout, address: &str) -> Result<Vec<Dropped>> {
    let (place, named) = (place(layout), account_folder(address));
    let mut found = vec![
        (place.join(&named), "waiting".to_owned()),
        (place.join("aside").join(&named), "aside".to_owned()),
    ];
    for entry in fs::read_dir(place.join("done")).into_iter().flatten() {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let at = name.strip_prefix(&named).and_then(|rest| rest.strip_prefix('-'));
        // Addresses may have dashes in them, times are told by their first letters and their length.
        if let Some(at) = at.filter(|at| is_time(at)) {
            found.push((entry.path(), format!("done-{at}")));
        }
    }
    found.retain(|(path, _)| path.is_dir());
    found
        .into_iter()
        .map(|(path, name)| {
            let bytes = size_of(&path)?;
            Ok(Dropped { path, name, bytes })
        })
        .collect()
}

/// `2026-11-23T221530Z`, as the folders of what is done end.
fn is_time(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape.starts_with("0000-00-00T000000") && shape.ends_with('Z')
}

fn size_of(folder: &Path) -> Result<u64> {
    let (mut bytes, mut open) = (0, vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => open.push(entry.path()),
                false => bytes += entry.metadata()?.len(),
            }
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::ScratchFolder;

    #[test]
    fn files_of_an_account_are_told_from_those_of_others() {
        let folder = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        let layout = Layout::prepare(folder.path(), true).unwrap();
        let at = "2026-11-23T221530Z";
        for (path, bytes) in [
            ("a@b.test", 1),
            ("aside/a@b.test", 2),
            (&format!("done/a@b.test-{at}"), 4),
            (&format!("done/a@b.test-x-{at}"), 8),
            ("aside/a@b.test-x", 16),
            ("done/other@b.test", 32),
        ] {
            let inner = place(&layout).join(path).join("inner");
            fs::create_dir_all(&inner).unwrap();
            fs::write(inner.join("file"), vec![0; bytes]).unwrap();
        }
        let found = dropped_files(&layout, "a@b.test").unwrap();
        let names: Vec<(&str, u64)> = found.iter().map(|d| (d.name.as_str(), d.bytes)).collect();
        assert_eq!(names, [("waiting", 1), ("aside", 2), (&format!("done-{at}"), 4)]);
        assert_eq!(dropped_files(&layout, "a@b.test-x").unwrap().len(), 2);
    }
}
