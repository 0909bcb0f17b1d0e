//! Where this box's backups go and when, and how the last ones went.

use super::keep::Keep;
use super::place::{self, Address, Folder};
use super::rehearse::{Rehearsal, rehearse};
use super::run::{Done, Limits, back_up};
use super::seal::Key;
use super::snapshot::read_snapshot;
use crate::base::{Error, Result, TimeMs};
use crate::delivery::Dialer;
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use crate::store::layout::Layout;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

const TARGETS: &str = "backup_targets";
const SECRETS: &str = "backup_secrets";
const STATUS: &str = "backup_status";
/// How often a restore is proven.
const REHEARSE_EACH_MS: TimeMs = 7 * 24 * 3600 * 1000;

/// A place that is backed up to each night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    #[serde(rename = "folder")]
    pub place: Address,
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
    /// The last run made its backup; why it could not let old ones go.
    #[serde(default)]
    pub problem: Option<String>,
    pub bodies: u64,
    pub new_bytes: u64,
    /// The last one, whatever came of it.
    #[serde(default)]
    pub rehearsal: Option<Rehearsal>,
}

impl Status {
    /// Whether it is time to prove that the backups can be restored.
    pub fn is_to_be_rehearsed(&self, now_ms: TimeMs) -> bool {
        // One of the future was made while the clock was wrong.
        let is_lately = |r: &Rehearsal| (0..REHEARSE_EACH_MS).contains(&(now_ms - r.at_ms));
        self.last_done_at_ms.is_some() && !self.rehearsal.as_ref().is_some_and(is_lately)
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
            let known: Option<BTreeMap<Address, Status>> = d.setting(STATUS)?;
            Ok((targets.unwrap_or_default(), known.unwrap_or_default()))
        })
        .await?;
    let with_status = |t: Target| {
        let status = known.remove(&t.place).unwrap_or_default();
        (t, status)
    };
    Ok(targets.into_iter().map(with_status).collect())
}

/// Adds a target, or changes the one of the same place; a place on the network is tried. `secret`: of a place that wants one;
/// None keeps the one that is known. Errors: NotFound, when a folder is not there; Invalid, when it is inside the data
/// folder; Forbidden; what the place says.
pub async fn put_target(
    ctx: &Ctx,
    dialer: &Arc<Dialer>,
    mut target: Target,
    secret: Option<String>,
) -> Result<Target> {
    ctx.require_admin()?;
    if let Address::Folder(folder) = &mut target.place {
        Folder::open(folder)?;
        *folder = folder.canonicalize()?;
        if folder.starts_with(ctx.store.layout().root().canonicalize()?) {
            return Err(Error::invalid(
                "a backup inside the data folder is lost together with it; choose another disk or a share",
            ));
        }
    } else {
        let known = Destination::known(ctx, &target.place, dialer).await?;
        let to = Destination {
            secret: secret.clone().or(known.secret),
            ..known
        };
        blocking(move || to.open()?.list("snapshots").map(drop)).await?;
    }
    let stored = target.clone();
    change(ctx, "backup.put", move |all, secrets| {
        all.retain(|t| t.place != stored.place);
        all.push(stored.clone());
        if let Some(secret) = &secret {
            secrets.insert(stored.place.clone(), secret.clone());
        }
        Ok(())
    })
    .await?;
    box_key(ctx.store.layout())?;
    Ok(target)
}

/// Of a place that is backed up to. Errors: Forbidden.
pub async fn secret_of(ctx: &Ctx, place: &Address) -> Result<Option<String>> {
    ctx.require_admin()?;
    if !place.wants_secret() {
        return Ok(None);
    }
    let secrets: Option<BTreeMap<Address, String>> =
        ctx.store.directory().read(|d| d.setting(SECRETS)).await?;
    Ok(secrets.and_then(|mut all| all.remove(place)))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("a defect broke the backup off").caused_by(e))
        .flatten()
}

/// What lies there stays there. Errors: NotFound, Forbidden.
pub async fn remove_target(ctx: &Ctx, place: &Address) -> Result<()> {
    ctx.require_admin()?;
    let place = canonical(place);
    change(ctx, "backup.remove", move |all, secrets| {
        let before = all.len();
        all.retain(|t| t.place != place);
        secrets.remove(&place);
        match all.len() < before {
            true => Ok(()),
            false => Err(Error::not_found(format!("nothing is backed up to {place}"))),
        }
    })
    .await
}

/// As it is known by, whatever way somebody writes it.
fn canonical(place: &Address) -> Address {
    match place {
        Address::Folder(folder) => Address::Folder(folder.canonicalize().unwrap_or_else(|_| folder.clone())),
        other => other.clone(),
    }
}

type Secrets = BTreeMap<Address, String>;

async fn change(
    ctx: &Ctx,
    what: &'static str,
    f: impl Fn(&mut Vec<Target>, &mut Secrets) -> Result<()> + Send + 'static,
) -> Result<()> {
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            let mut all: Vec<Target> = d.setting(TARGETS)?.unwrap_or_default();
            let mut secrets: Secrets = d.setting(SECRETS)?.unwrap_or_default();
            f(&mut all, &mut secrets)?;
            d.put_setting(TARGETS, &all)?;
            d.put_setting(SECRETS, &secrets)?;
            d.note_audit(now_ms, &actor, what, &serde_json::json!({"targets": all.len()}))
        })
        .await
}

/// A place to back up to, and how it is reached.
#[derive(Clone)]
pub struct Destination {
    pub place: Address,
    /// Of a place that wants one; None: the one that is known.
    pub secret: Option<String>,
    pub dialer: Arc<Dialer>,
}

impl Destination {
    /// With the secret that is kept for it. Errors: Forbidden.
    pub async fn known(ctx: &Ctx, place: &Address, dialer: &Arc<Dialer>) -> Result<Destination> {
        Ok(Destination {
            place: canonical(place),
            secret: secret_of(ctx, &canonical(place)).await?,
            dialer: dialer.clone(),
        })
    }

    /// Blocks for a place on the network. Errors: as [`place::open`].
    pub fn open(&self) -> Result<Box<dyn place::Place>> {
        place::open(&self.place, self.secret.as_deref(), &self.dialer)
    }
}

/// Makes a backup at a place, and remembers how it went when it is one of the targets. Errors: see [`back_up`]; Forbidden.
pub async fn run_target(
    ctx: &Ctx,
    to: Destination,
    keep: Keep,
    limits: Limits,
    progress: impl FnMut(u64, u64) + Send + 'static,
) -> Result<Done> {
    ctx.require_admin()?;
    let accounts = list_accounts(ctx).await?;
    let (store, name) = (ctx.store.clone(), to.place.clone());
    let began_ms = ctx.now_ms();
    let done = blocking(move || {
        let key = box_key(store.layout())?;
        let place = to.open()?;
        let mut progress = progress;
        back_up(&store, &accounts, &*place, &key, (keep, limits), &mut progress)
    })
    .await;
    remember(ctx, name, began_ms, &done).await?;
    done
}

/// Restores an account of the newest backup to a scratch place and compares it; remembers how that went. `address`: None is
/// one that chance names. Errors: NotFound, OverQuota, Forbidden, what the place says.
pub async fn rehearse_target(ctx: &Ctx, from: Destination, address: Option<&str>) -> Result<Rehearsal> {
    ctx.require_admin()?;
    let key = box_key(ctx.store.layout())?;
    let name = from.place.clone();
    let (work, address) = (ctx.clone(), address.map(str::to_owned));
    let runtime = tokio::runtime::Handle::current();
    // Places make whoever asks wait.
    let tried = blocking(move || {
        let place = from.open()?;
        let mut snapshot = read_snapshot(&*place, &key, "latest")?;
        snapshot.know_owners(&*place, &key)?;
        runtime.block_on(rehearse(&work, (&*place, &key), &snapshot, address.as_deref()))
    })
    .await;
    let kept = match &tried {
        Ok(done) => done.clone(),
        Err(e) => Rehearsal {
            at_ms: ctx.now_ms(),
            place: name.to_string(),
            differences: vec![e.message().to_owned()],
            ..Rehearsal::default()
        },
    };
    with_status(ctx, name, move |status| status.rehearsal = Some(kept)).await?;
    tried
}

async fn remember(ctx: &Ctx, place: Address, began_ms: TimeMs, done: &Result<Done>) -> Result<()> {
    let now_ms = ctx.now_ms();
    let went = match done {
        Ok(done) => Ok((done.bodies, done.new_bytes, done.problem.clone())),
        Err(e) => Err(e.message().to_owned()),
    };
    with_status(ctx, place, move |status| {
        status.last_try_at_ms = Some(began_ms);
        status.last_error = went.as_ref().err().cloned();
        if let Ok((bodies, new_bytes, problem)) = went {
            (status.last_done_at_ms, status.problem) = (Some(now_ms), problem);
            (status.bodies, status.new_bytes) = (bodies, new_bytes);
        }
    })
    .await
}

/// Changes what is known of a target; of a place that is none, nothing is kept.
async fn with_status(
    ctx: &Ctx,
    place: Address,
    change: impl FnOnce(&mut Status) + Send + 'static,
) -> Result<()> {
    ctx.store
        .directory()
        .write(move |d| {
            let targets: Vec<Target> = d.setting(TARGETS)?.unwrap_or_default();
            if !targets.iter().any(|t| t.place == place) {
                return Ok(());
            }
            let mut all: BTreeMap<Address, Status> = d.setting(STATUS)?.unwrap_or_default();
            all.retain(|known, _| targets.iter().any(|t| t.place == *known));
            change(all.entry(place).or_default());
            d.put_setting(STATUS, &all)
        })
        .await
}
