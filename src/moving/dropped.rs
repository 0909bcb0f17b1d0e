//! A file that comes over the page, on its way into the folder that is watched for imports (`DATA/import/<address>/`).

use crate::base::{Error, Result, random};
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
use crate::mail::intake::check_room;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

/// Longer names are no names.
const LONGEST_NAME: usize = 200;

/// Gone again when it is dropped before its end.
pub struct Arriving {
    ctx: Ctx,
    file: File,
    path: PathBuf,
    target: PathBuf,
    is_done: bool,
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
        let folder = layout.root().join("import").join(&account.address);
        fs::create_dir_all(&folder)?;
        let target = folder.join(name);
        if target.exists() {
            return Err(Error::exists(format!("»{name}« is on its way already")));
        }
        let path = layout.temporary().join(random::short_id());
        Ok(Arriving {
            ctx: ctx.clone(),
            file: File::create_new(&path)?,
            path,
            target,
            is_done: false,
        })
    }

    /// Errors: OverQuota, when the disk is nearly full.
    pub fn write(&mut self, piece: &[u8]) -> Result<()> {
        check_room(&self.ctx, piece.len() as u64)?;
        Ok(self.file.write_all(piece)?)
    }

    /// It is all there: within a minute it is looked at.
    pub fn finish(mut self) -> Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        self.is_done = true;
        Ok(())
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.path);
        }
    }
}
