//! `hauspost deleted ...`: what somebody has deleted in the last thirty days, and getting it back.

use super::output::{print_done, print_list};
use super::{DataFolder, Form, with_store};
use crate::backup::deleted::{MOST, list_deleted, restore_deleted};
use crate::base::clock::rfc3339;
use crate::base::text::one_line;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
use crate::model::{Account, FolderKind, ItemId};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum Deleted {
    /// What was deleted for good, the last first
    List(List),
    /// Bring something back
    Restore(Restore),
}

#[derive(Args)]
pub struct List {
    /// Address of the account
    address: String,
    /// Only what has this in its title, sender or folder
    #[arg(long, value_name = "TEXT")]
    find: Option<String>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Restore {
    /// Address of the account
    address: String,
    /// Ids as `hauspost deleted list` shows them
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Deleted {
    pub fn run(self) -> Result<()> {
        match self {
            Deleted::List(c) => list(c),
            Deleted::Restore(c) => restore(c),
        }
    }
}

fn list(c: List) -> Result<()> {
    with_store(&c.data, async |ctx| {
        let account = find_account(&ctx, &c.address).await?;
        let wanted = c.find.as_deref().map(str::to_lowercase);
        let all = gather(&ctx, &account, wanted.as_deref(), c.limit).await?;
        let text = |v: &Value, name: &str| match &v[name] {
            Value::String(s) => one_line(s),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        print_list(
            &c.form,
            &["ID", "DELETED", "KIND", "FOLDER", "FROM", "TITLE"],
            &all,
            |v| {
                ["id", "deletedAt", "kind", "folder", "from", "title"]
                    .map(|n| text(v, n))
                    .to_vec()
            },
        )
    })
}

async fn gather(ctx: &Ctx, account: &Account, wanted: Option<&str>, limit: usize) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    let mut after = None;
    loop {
        let page = list_deleted(ctx, account.id, after, MOST).await?;
        after = page.last().map(|d| (d.deleted_at_ms, d.id));
        for d in &page {
            let fits = |text: &str| wanted.is_none_or(|w| text.to_lowercase().contains(w));
            if fits(&d.title) || fits(&d.folder) || d.sender.as_deref().is_some_and(fits) {
                out.push(json!({
                    "id": d.id.0, "deletedAt": rfc3339(d.deleted_at_ms), "kind": kind(d.kind), "folder": d.folder,
                    "from": d.sender, "title": d.title, "sizeBytes": d.size_bytes,
                }));
            }
            if out.len() >= limit {
                return Ok(out);
            }
        }
        if page.len() < MOST {
            return Ok(out);
        }
    }
}

fn kind(kind: FolderKind) -> &'static str {
    match kind {
        FolderKind::Mail => "message",
        FolderKind::Calendar | FolderKind::ScheduleInbox => "event",
        FolderKind::TaskList => "task",
        FolderKind::AddressBook => "contact",
    }
}

fn restore(c: Restore) -> Result<()> {
    with_store(&c.data, async |ctx| {
        let account = find_account(&ctx, &c.address).await?;
        let (mut back, mut failed) = (Vec::new(), Vec::new());
        for id in &c.ids {
            match restore_deleted(&ctx, account.id, ItemId(*id)).await {
                Ok(folder) => back.push(json!({"id": id, "folder": folder})),
                Err(e) => failed.push(format!("{id}: {}", e.message())),
            }
        }
        let said: Vec<String> = back
            .iter()
            .map(|b| {
                format!(
                    "{} is in »{}« again",
                    b["id"],
                    b["folder"].as_str().unwrap_or_default()
                )
            })
            .collect();
        print_done(&c.form, &json!({"restored": back}), &said.join("\n"))?;
        match failed.is_empty() {
            true => Ok(()),
            false => Err(Error::not_found(failed.join("; "))),
        }
    })
}
