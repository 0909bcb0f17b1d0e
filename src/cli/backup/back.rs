//! Getting things back out of backups: `hauspost backup rehearse|revive|bring-back`, `hauspost restore`.

use super::super::output::print_done;
use super::super::{DataFolder, Form, with_store};
use super::source::{PLACE, Reach, key_of, read};
use crate::backup::{
    Address, Key, Place, Rehearsal, Snapshot, Wanted, bring_back, read_snapshot, rehearse_target,
    restore_box, revive_account,
};
use crate::base::clock::rfc3339;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Which backup, for who has the box.
#[derive(Args)]
struct OneBackup {
    /// A backup, by its name or the beginning of it
    #[arg(value_name = "BACKUP", default_value = "latest")]
    id: String,
    /// Where the backups are
    #[arg(long, value_name = PLACE)]
    from: Address,
    #[command(flatten)]
    reach: Reach,
    /// File with the recovery key; without it, the key of this box is taken
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl OneBackup {
    /// The place, its key and the list.
    async fn open(&self, ctx: &Ctx) -> Result<(Box<dyn Place>, Key, Snapshot)> {
        let key = key_of(self.key.as_deref(), ctx)?;
        let place = self.reach.with_box(ctx, &self.from).await?.open()?;
        let snapshot = read_snapshot(&*place, &key, &self.id)?;
        Ok((place, key, snapshot))
    }
}

#[derive(Args)]
pub struct Rehearse {
    /// Where the backups are
    #[arg(long, value_name = PLACE)]
    from: Address,
    #[command(flatten)]
    reach: Reach,
    /// This account; without it, one that chance names
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct BringBack {
    #[arg(value_name = "ADDRESS")]
    address: String,
    #[command(flatten)]
    backup: OneBackup,
    /// Only this mail folder, calendar, task list or address book
    #[arg(long = "folder", value_name = "NAME")]
    only: Option<String>,
    /// Only this item, as hauspost backup ls BACKUP ADDRESS shows it; may be repeated
    #[arg(long = "item", value_name = "ITEM")]
    items: Vec<i64>,
    /// Put messages below this mail folder instead of where they were
    #[arg(long, value_name = "FOLDER")]
    into: Option<String>,
    /// What this account had then, which may be gone from the box
    #[arg(long, value_name = "ADDRESS")]
    of: Option<String>,
    /// What has changed since becomes what it was then, too: events, tasks, contacts, the marks of messages
    #[arg(long)]
    over: bool,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Revive {
    #[arg(value_name = "ADDRESS")]
    address: String,
    #[command(flatten)]
    backup: OneBackup,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Restore {
    /// A backup, by its name or the beginning of it
    #[arg(value_name = "BACKUP", default_value = "latest")]
    id: String,
    /// Where the backups are
    #[arg(long, value_name = PLACE)]
    from: Address,
    #[command(flatten)]
    reach: Reach,
    /// File with the recovery key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

/// How a command ends: all that is not well was listed, and whoever runs it from a script is to notice.
pub fn require_none(listed: &[String], words: &str) -> Result<()> {
    match listed.len() {
        0 => Ok(()),
        n => Err(Error::unavailable(format!("{n} {words}"))),
    }
}

impl Rehearse {
    pub fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let from = self.reach.with_box(&ctx, &self.from).await?;
            let done = rehearse_target(&ctx, from, self.address.as_deref()).await?;
            let mut lines = vec![proven(&done)];
            lines.extend(done.differences.iter().map(|d| format!("  {d}")));
            print_done(&self.form, &json!(done), &lines.join("\n"))?;
            require_none(
                &done.differences,
                "differences: look at hauspost backup verify, then make a new backup",
            )
        })
    }
}

/// One line.
pub fn proven(r: &Rehearsal) -> String {
    format!(
        "restored at {}: {} with {} items of {}, {} compared with the box, {} differences",
        rfc3339(r.at_ms),
        r.address,
        r.items,
        r.id,
        r.compared,
        r.differences.len()
    )
}

impl BringBack {
    pub fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let (place, key, mut snapshot) = self.backup.open(&ctx).await?;
            snapshot.know_owners(&*place, &key)?;
            let account = find_account(&ctx, &self.address).await?;
            let wanted = Wanted {
                folder: self.only,
                items: self.items,
                into: self.into,
                over: self.over,
                ..Wanted::default()
            };
            let stored = match &self.of {
                Some(of) => snapshot.account(of)?,
                None => snapshot.past_of(&account)?,
            };
            let from = (snapshot.id.as_str(), stored, None);
            let brought = bring_back(&ctx, (&*place, &key), from, &account, &wanted).await?;
            let mut lines = vec![format!(
                "{}: {} messages, {} events, tasks and contacts of the backup {} are back; {} were there; {} are again what they were",
                brought.address,
                brought.messages,
                brought.objects,
                brought.id,
                brought.present,
                brought.replaced
            )];
            lines.extend(brought.lost.iter().map(|l| format!("  lost: {l}")));
            print_done(&self.form, &json!(brought), &lines.join("\n"))?;
            require_none(
                &brought.lost,
                "items are damaged in the backup; all others are back",
            )
        })
    }
}

impl Revive {
    pub fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let (place, key, snapshot) = self.backup.open(&ctx).await?;
            let revived = revive_account(&ctx, (&*place, &key), &snapshot, &self.address).await?;
            let mut lines = vec![format!(
                "{}: is here again with {} items and {} rights, as of {}. Give it a password: hauspost account set {} --password-stdin",
                revived.address, revived.bodies, revived.rights, revived.id, revived.address
            )];
            lines.extend(revived.left_out.iter().map(|l| format!("  left out: {l}")));
            lines.extend(revived.lost.iter().map(|l| format!("  lost: {l}")));
            print_done(&self.form, &json!(revived), &lines.join("\n"))?;
            require_none(
                &revived.lost,
                "items are damaged in the backup; all others are there",
            )
        })
    }
}

impl Restore {
    pub fn run(self) -> Result<()> {
        super::super::start_log("warn");
        let key = Key::parse(&read(&self.key)?)?;
        let place = self.reach.open(&self.from)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::internal("no runtime").caused_by(e))?;
        let snapshot = read_snapshot(&*place, &key, &self.id)?;
        let restored = runtime.block_on(restore_box(&*place, &key, &snapshot, &self.data.folder))?;
        let mut lines = vec![format!(
            "{}: {} accounts with {} items, {} MB, are in {}",
            restored.id,
            restored.accounts,
            restored.bodies,
            restored.bytes >> 20,
            self.data.folder.display()
        )];
        if restored.held > 0 {
            lines.push(format!(
                "{} recipients of mail that waited to leave: look at hauspost queue list, then retry or drop",
                restored.held
            ));
        }
        lines.extend(restored.lost.iter().map(|l| format!("  lost: {l}")));
        print_done(&self.form, &json!(restored), &lines.join("\n"))?;
        require_none(
            &restored.lost,
            "items are damaged in the backup; all others are there",
        )
    }
}
