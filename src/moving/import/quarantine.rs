//! What cannot be read: kept as it came, in `DATA/import/aside/<address>/`, under its hash, and listed in every report until
//! it is cleared away.

use super::report::{Kept, Report};
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::moved::{Moved, State};
use crate::model::{Account, Flags, FolderKind};
use crate::store::disk;
use std::path::PathBuf;

fn folder(ctx: &Ctx, account: &Account) -> PathBuf {
    let place = ctx.store.layout().root().join("import").join("aside");
    place.join(crate::moving::export::account_folder(&account.address))
}

fn file_name(hash: &[u8; 32], kind: FolderKind) -> String {
    let extension = match kind {
        FolderKind::Mail => "eml",
        FolderKind::AddressBook => "vcf",
        _ => "ics",
    };
    format!("{}.{extension}", crate::base::text::hex(&hash[..16]))
}

/// Writes it to the disk for good. Returns its row of the ledger, which is to be stored then. Blocks.
pub fn keep(
    ctx: &Ctx,
    account: &Account,
    kind: FolderKind,
    name: &str,
    raw: &[u8],
    reason: &str,
) -> Result<Moved> {
    let folder = folder(ctx, account);
    std::fs::create_dir_all(&folder)?;
    let hash = *blake3::hash(raw).as_bytes();
    let file = file_name(&hash, kind);
    let path = folder.join(&file);
    if !path.exists() {
        disk::write_file(&path, raw)?;
    }
    Ok(Moved {
        name: name.to_owned(),
        item_id: None,
        hash,
        state: State::Aside,
        flags: Flags::NONE,
        tag: format!("{file} {reason}"),
    })
}

/// Puts everything that lies aside into the report.
pub async fn list(ctx: &Ctx, account: &Account, source: &str, report: &mut Report) -> Result<()> {
    let file = ctx.store.account(account.id)?;
    let source = source.to_owned();
    let place = folder(ctx, account);
    for (folder, row) in file.read(move |s| s.moved_aside(&source)).await? {
        let (file, reason) = row.tag.split_once(' ').unwrap_or((&row.tag, ""));
        report.aside.push(Kept {
            folder,
            name: row.name.clone(),
            reason: reason.to_owned(),
            file: place.join(file).display().to_string(),
        });
    }
    Ok(())
}
