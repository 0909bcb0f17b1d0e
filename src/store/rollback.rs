//! Going back to a copy of the data folder that was made before an upgrade. What there is now is put aside whole, never
//! removed. Everything is renamed within one disk, and a note says how far it came: what a power cut broke off is
//! finished by the same call, and until then nobody opens the folder.

use super::disk;
use super::layout::{Layout, ServerLock};
use crate::base::{Error, Result, TimeMs};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

const NOTE: &str = "going-back.json";
/// What stays where it is: the copies themselves, and what a running server holds.
const STAYING: [&str; 2] = ["backups", "lock"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    PuttingAside,
    TakingBack,
}

/// From where, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// The copy that becomes the data.
    pub copy: PathBuf,
    /// What has been the data until now; a data folder itself.
    pub aside: PathBuf,
    step: Step,
}

/// Errors: Unavailable, when going back was broken off: nobody may open the folder before it is finished.
pub(in crate::store) fn check_finished(layout: &Layout) -> Result<()> {
    match layout.backups().join(NOTE).exists() {
        false => Ok(()),
        true => Err(Error::unavailable(format!(
            "going back to a copy of {} was broken off; finish it with: hauspost rollback",
            layout.root().display()
        ))),
    }
}

/// The one that was broken off, if one was.
pub fn unfinished(root: &Path) -> Result<Option<Rollback>> {
    match fs::read(Layout::at(root).backups().join(NOTE)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e.into()),
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|e| Error::internal(format!("{NOTE} cannot be read")).caused_by(e)),
    }
}

/// Makes `copy` the data, or finishes what was begun. Blocks; the format of what there is now does not matter.
/// Errors: NotFound, when the copy is none; Unavailable, when a server runs.
pub fn roll_back(root: &Path, copy: &Path, now_ms: TimeMs) -> Result<Rollback> {
    let layout = Layout::at(root);
    let _lock = ServerLock::take(&layout)?;
    let mut work = match unfinished(root)? {
        Some(begun) => begun,
        None => Rollback {
            copy: whole_copy(copy)?,
            aside: layout.backups().join(format!("replaced-{now_ms}")),
            step: Step::PuttingAside,
        },
    };
    note(&layout, &work)?;
    if work.step == Step::PuttingAside {
        fs::create_dir_all(&work.aside)?;
        move_entries(root, &work.aside)?;
        work.step = Step::TakingBack;
        note(&layout, &work)?;
    }
    if work.copy.exists() {
        move_entries(&work.copy, root)?;
        let _ = fs::remove_file(work.copy.join("lock"));
        // A copy has a folder for copies of its own, which is empty.
        let _ = fs::remove_dir(work.copy.join("backups"));
        fs::remove_dir(&work.copy)?;
    }
    fs::remove_file(layout.backups().join(NOTE))?;
    disk::sync_folder(&layout.backups())?;
    Ok(work)
}

fn whole_copy(copy: &Path) -> Result<PathBuf> {
    let is_whole = ["format", "directory.db", "accounts"]
        .iter()
        .all(|name| copy.join(name).exists());
    let is_finished = copy.extension().is_none_or(|e| e != "unfinished");
    match is_whole && is_finished {
        true => Ok(copy.to_path_buf()),
        false => Err(Error::not_found(format!(
            "{} is no whole copy of a data folder",
            copy.display()
        ))),
    }
}

fn note(layout: &Layout, work: &Rollback) -> Result<()> {
    let text = serde_json::to_vec(work).map_err(|e| Error::internal("no JSON of a note").caused_by(e))?;
    disk::write_file(&layout.backups().join(NOTE), &text)?;
    disk::sync_folder(&layout.backups())
}

/// What was moved by an earlier run is not there any more.
fn move_entries(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        if STAYING.iter().all(|s| name != *s) {
            fs::rename(from.join(&name), to.join(&name))?;
        }
    }
    disk::sync_folder(to)?;
    disk::sync_folder(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random;

    /// A data folder whose files say `now`, and a copy whose files say `then`.
    fn fixture() -> (PathBuf, PathBuf) {
        let root = std::env::temp_dir().join(format!("hauspost-rollback-{}", random::short_id()));
        let copy = root.join("backups/before-upgrade-1");
        for (folder, text) in [(&root, "now"), (&copy, "then")] {
            fs::create_dir_all(folder.join("accounts/1")).unwrap();
            fs::create_dir_all(folder.join("backups")).unwrap();
            for name in ["format", "directory.db", "accounts/1/account.db"] {
                fs::write(folder.join(name), text).unwrap();
            }
        }
        fs::write(root.join("only-now"), "now").unwrap();
        (root, copy)
    }

    fn read(path: PathBuf) -> String {
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    fn check(root: &Path, work: &Rollback) {
        for name in ["format", "directory.db", "accounts/1/account.db"] {
            assert_eq!(read(root.join(name)), "then", "{name}");
            assert_eq!(read(work.aside.join(name)), "now", "{name}");
        }
        assert!(!root.join("only-now").exists() && work.aside.join("only-now").exists());
        assert!(!work.copy.exists());
        check_finished(&Layout::at(root)).unwrap();
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn the_copy_takes_the_place_of_the_data_which_is_kept() {
        let (root, copy) = fixture();
        let work = roll_back(&root, &copy, 7).unwrap();
        assert_eq!(work.aside, root.join("backups/replaced-7"));
        check(&root, &work);
    }

    #[test]
    fn wherever_it_is_broken_off_it_is_finished() {
        for (step, moved) in [
            (Step::PuttingAside, vec![]),
            (Step::PuttingAside, vec!["format", "accounts"]),
            (
                Step::TakingBack,
                vec!["format", "accounts", "directory.db", "only-now"],
            ),
        ] {
            for taken in [0, 1, 2, 3] {
                if step == Step::PuttingAside && taken > 0 {
                    continue;
                }
                let (root, copy) = fixture();
                let layout = Layout::at(&root);
                let aside = root.join("backups/replaced-7");
                fs::create_dir_all(&aside).unwrap();
                let work = Rollback {
                    copy: copy.clone(),
                    aside,
                    step,
                };
                note(&layout, &work).unwrap();
                for name in &moved {
                    fs::rename(root.join(name), work.aside.join(name)).unwrap();
                }
                for name in ["directory.db", "format", "accounts"].iter().take(taken) {
                    fs::rename(copy.join(name), root.join(name)).unwrap();
                }
                assert!(
                    Layout::prepare(&root, true)
                        .unwrap_err()
                        .message()
                        .contains("hauspost rollback")
                );
                let done = roll_back(&root, Path::new("/whatever"), 9).unwrap();
                check(&root, &done);
            }
        }
    }

    #[test]
    fn what_is_no_copy_changes_nothing() {
        let (root, copy) = fixture();
        fs::remove_file(copy.join("directory.db")).unwrap();
        assert!(
            roll_back(&root, &copy, 7)
                .unwrap_err()
                .message()
                .contains("no whole copy")
        );
        assert_eq!(read(root.join("format")), "now");
        check_finished(&Layout::at(&root)).unwrap();
        fs::remove_dir_all(root).unwrap();
    }
}
