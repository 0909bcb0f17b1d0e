//! Where this box's backups go and when, and how the last ones went.

use super::keep::Keep;
use super::place::{Folder, Place};
use super::rehearse::{Rehearsal, rehearse};
use super::run::{Done, Limits, back_up};
use super::seal::Key;
use super::snapshot::read_snapshot;
use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use crate::store::layout::Layout;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const TARGETS: &str = "backup_targets";
const STATUS: &str = "backup_status";
/// How often a restore is proven.
const REHEARSE_EACH_MS: TimeMs = 7 * 24 * 3600 * 1000;

/// A place that is backed up to each night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    pub folder: PathBuf,
    /// When, in minutes after midnight in the box's time zone.
    pub at_minute: u16,
    pub keep: Keep,
}

/// How it goes with a target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub last_try_at_ms: Option<TimeMs>,
    pub last_done_at_ms: Option<TimeMs>,
    /// None after a good run.
    pub last_error: Option<String>,
    pub bodies: u64,
    pub new_bytes: u64,
    /// The last one, whatever came of it.
    #[serde(default)]
    pub rehearsal: Option<Rehearsal>,
}

impl Status {
    /// Whether it is time to prove that the backups can be restored.
    pub fn is_to_be_rehearsed(&self, now_ms: TimeMs) -> bool {
        let last = self.rehearsal.as_ref().map_or(0, |r| r.at_ms);
        self.last_done_at_ms.is_some() && now_ms - last >= REHEARSE_EACH_MS
    }
}

/// The box's recovery key, which is made when there is none.
pub fn box_key(layout: &Layout) -> Result<Key> {
    Key::of_box(&layout.keys().join("backup.key"))
}

/// The box's recovery key, for an administrator who keeps it elsewhere; that it was shown is noted. Errors: Forbidden.
pub async fn show_key(ctx: &Ctx) -> Result<Key> {
    ctx.require_admin()?;
    let key = box_key(ctx.store.layout())?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| d.note_audit(now_ms, &actor, "backup.key", &serde_json::json!({})))
        .await?;
    Ok(key)
}

/// Targets with how it goes. Errors: Forbidden.
pub async fn status(ctx: &Ctx) -> Result<Vec<(Target, Status)>> {
    ctx.require_admin()?;
    let (targets, mut known) = ctx
        .store
        .directory()
        .read(|d| {
            let targets: Option<Vec<Target>> = d.setting(TARGETS)?;
            let known: Option<BTreeMap<PathBuf, Status>> = d.setting(STATUS)?;
            Ok((targets.unwrap_or_default(), known.unwrap_or_default()))
        })
        .await?;
    let with_status = |t: Target| {
        let status = known.remove(&t.folder).unwrap_or_default();
        (t, status)
    };
    Ok(targets.into_iter().map(with_status).collect())
}

/// Adds a target, or changes the one of the same folder. Errors: NotFound, when the folder is not there; Invalid, when it is
/// inside the data folder; Forbidden.
pub async fn put_target(ctx: &Ctx, mut target: Target) -> Result<Target> {
    ctx.require_admin()?;
    Folder::open(&target.folder)?;
    target.folder = target.folder.canonicalize()?;
    if target
        .folder
        .starts_with(ctx.store.layout().root().canonicalize()?)
    {
        return Err(Error::invalid(
            "a backup inside the data folder is lost together with it; choose another disk or a share",
        ));
    }
    let stored = target.clone();
    change(ctx, "backup.put", move |all| {
        all.retain(|t| t.folder != stored.folder);
        all.push(stored.clone());
        Ok(())
    })
    .await?;
    box_key(ctx.store.layout())?;
    Ok(target)
}

/// What lies there stays there. Errors: NotFound, Forbidden.
pub async fn remove_target(ctx: &Ctx, folder: &Path) -> Result<()> {
    ctx.require_admin()?;
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    change(ctx, "backup.remove", move |all| {
        let before = all.len();
        all.retain(|t| t.folder != folder);
        match all.len() < before {
            true => Ok(()),
            false => Err(Error::not_found(format!(
                "nothing is backed up to {}",
                folder.display()
            ))),
        }
    })
    .await
}

async fn change(
    ctx: &Ctx,
    what: &'static str,
    f: impl Fn(&mut Vec<Target>) -> Result<()> + Send + 'static,
) -> Result<()> {
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            let mut all: Vec<Target> = d.setting(TARGETS)?.unwrap_or_default();
            f(&mut all)?;
            d.put_setting(TARGETS, &all)?;
            d.note_audit(now_ms, &actor, what, &serde_json::json!({"targets": all.len()}))
        })
        .await
}

/// Makes a backup in a folder, and remembers how it went when it is one of the targets. Errors: see [`back_up`]; Forbidden.
pub async fn run_target(
    ctx: &Ctx,
    folder: PathBuf,
    keep: Keep,
    limits: Limits,
    progress: impl FnMut(u64, u64) + Send + 'static,
) -> Result<Done> {
    ctx.require_admin()?;
    let accounts = list_accounts(ctx).await?;
    let (store, place) = (ctx.store.clone(), folder.clone());
    let began_ms = ctx.now_ms();
    let done = tokio::task::spawn_blocking(move || {
        let key = box_key(store.layout())?;
        let place = Folder::open(&place)?;
        let mut progress = progress;
        back_up(&store, &accounts, &place, &key, (keep, limits), &mut progress)
    })
    .await
    .map_err(|e| Error::internal("a defect broke the backup off").caused_by(e))
    .flatten();
    remember(ctx, folder, began_ms, &done).await?;
    done
}

/// Restores an account of the newest backup to a scratch place and compares it; remembers how that went. `address`: None is
/// one that chance names. Errors: NotFound, OverQuota, Forbidden, what the place says.
pub async fn rehearse_target(ctx: &Ctx, folder: &Path, address: Option<&str>) -> Result<Rehearsal> {
    ctx.require_admin()?;
    let key = box_key(ctx.store.layout())?;
    let place = Folder::open(folder)?;
    let tried = match read_snapshot(&place, &key, "latest") {
        Ok(snapshot) => rehearse(ctx, (&place, &key), &snapshot, address).await,
        Err(e) => Err(e),
    };
    let kept = match &tried {
        Ok(done) => done.clone(),
        Err(e) => Rehearsal {
            at_ms: ctx.now_ms(),
            place: place.name(),
            differences: vec![e.message().to_owned()],
            ..Rehearsal::default()
        },
    };
    let folder = folder.to_path_buf();
    with_status(ctx, folder, move |status| status.rehearsal = Some(kept)).await?;
    tried
}

async fn remember(ctx: &Ctx, folder: PathBuf, began_ms: TimeMs, done: &Result<Done>) -> Result<()> {
    let now_ms = ctx.now_ms();
    let went = match done {
        Ok(done) => Ok((done.bodies, done.new_bytes)),
        Err(e) => Err(e.message().to_owned()),
    };
    with_status(ctx, folder, move |status| {
        status.last_try_at_ms = Some(began_ms);
        status.last_error = went.as_ref().err().cloned();
        if let Ok((bodies, new_bytes)) = went {
            status.last_done_at_ms = Some(now_ms);
            (status.bodies, status.new_bytes) = (bodies, new_bytes);
        }
    })
    .await
}

/// Changes what is known of a target; of a folder that is none, nothing is kept.
async fn with_status(
    ctx: &Ctx,
    folder: PathBuf,
    change: impl FnOnce(&mut Status) + Send + 'static,
) -> Result<()> {
    ctx.store
        .directory()
        .write(move |d| {
            let targets: Vec<Target> = d.setting(TARGETS)?.unwrap_or_default();
            if !targets.iter().any(|t| t.folder == folder) {
                return Ok(());
            }
            let mut all: BTreeMap<PathBuf, Status> = d.setting(STATUS)?.unwrap_or_default();
            all.retain(|known, _| targets.iter().any(|t| t.folder == *known));
            change(all.entry(folder).or_default());
            d.put_setting(STATUS, &all)
        })
        .await
}
