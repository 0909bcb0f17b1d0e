//! Files that somebody drops into `DATA/import/<address>/`: they become that account's, whatever they are. When everything has come,
//! they lie in `DATA/import/done/`, with a report; what could not be moved is named in it.

use crate::base::clock::rfc3339;
use crate::base::{Error, Kind, Result};
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use crate::model::Account;
use crate::moving::export::account_folder;
use crate::moving::import::files::{Files, Kind as FileKind, bring_settings};
use crate::moving::import::{Options, import_account};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often it looks.
const EACH: Duration = Duration::from_secs(15);
/// What was written to less than so long ago is still being copied.
const QUIET: Duration = Duration::from_secs(10);

/// Runs until the program ends, on a thread of its own: reading files would hold up everybody else. It has a clock and no
/// sockets.
pub fn start(ctx: Ctx) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    std::thread::Builder::new().name("imports".into()).spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::time::sleep(EACH).await;
                if let Err(e) = import_dropped(&ctx).await {
                    tracing::warn!(error = ?e, "what was dropped into the folder for imports could not be looked at");
                }
            }
        });
    })?;
    Ok(())
}

async fn import_dropped(ctx: &Ctx) -> Result<()> {
    let place = ctx.store.layout().root().join("import");
    let folders: Vec<PathBuf> = std::fs::read_dir(&place)?
        .filter_map(|e| Some(e.ok()?.path()))
        .collect();
    let named: Vec<&PathBuf> = folders
        .iter()
        .filter(|f| f.is_dir() && name(f).contains('@'))
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    let accounts = list_accounts(ctx).await?;
    for folder in named {
        let account = accounts
            .iter()
            .find(|a| account_folder(&a.address).eq_ignore_ascii_case(&name(folder)));
        if let Some(account) = account.filter(|_| is_quiet(folder)) {
            import_folder(ctx, account, folder, &place).await?;
        }
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Whether something is in it, and nothing of it was written to a moment ago.
fn is_quiet(folder: &Path) -> bool {
    let mut newest: Option<SystemTime> = None;
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else { return false };
            if meta.is_dir() {
                open.push(entry.path());
            }
            // When it came here, whatever date the file has kept.
            let changed = std::os::unix::fs::MetadataExt::ctime(&meta);
            let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(changed).unwrap_or(0));
            newest = newest.max(Some(changed));
        }
    }
    newest.is_some_and(|n| n.elapsed().is_ok_and(|age| age >= QUIET))
}

/// Each thing in it by itself, so that one that is damaged does not hold up the others.
async fn import_folder(ctx: &Ctx, account: &Account, folder: &Path, place: &Path) -> Result<()> {
    let done = place.join("done").join(format!(
        "{}-{}",
        account_folder(&account.address),
        rfc3339(ctx.now_ms()).replace(':', "")
    ));
    std::fs::create_dir_all(&done)?;
    let mut lines = Vec::new();
    let entries: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(|e| Some(e.ok()?.path()))
        .collect();
    for path in entries {
        let imported = async {
            let mut files = Files::open(ctx, &path, FileKind::Any)?;
            let mut report = import_account(ctx, account, &mut files, &Options::default()).await?;
            if let Some(export) = files.export() {
                bring_settings(ctx, account, export, &Options::default(), &mut report).await?;
            }
            let problems: Vec<String> = files
                .problems()
                .iter()
                .map(|p| format!("  not moved: {p}"))
                .collect();
            Ok::<_, Error>([report.lines(), problems].concat())
        };
        match imported.await {
            Ok(said) => lines.extend(said),
            // It may be better later: no room, for example.
            Err(e) if !matches!(e.kind(), Kind::Invalid | Kind::NotFound | Kind::TooLarge) => return Err(e),
            Err(e) => lines.push(format!("{}: {}", name(&path), e.message())),
        }
        std::fs::rename(&path, done.join(name(&path)))?;
    }
    std::fs::write(done.join("report.txt"), lines.join("\n") + "\n")?;
    tracing::info!(account = account.address, report = %done.display(), "what was dropped has been imported");
    Ok(())
}
