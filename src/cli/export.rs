//! `hauspost export`

use super::output::print_done;
use super::report::Signed;
use super::{DataFolder, Form, with_store};
use crate::base::{Error, Kind, Result};
use crate::identity::Ctx;
use crate::identity::accounts::{find_account, list_accounts};
use crate::model::Account;
use crate::moving::export::{self, Checked, Summary, export_account, verify_export};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kinds {
    /// A file for each message, in folders; Dovecot and many programs read it
    Maildir,
    /// A file for each folder; for disks that do not take the names of a Maildir
    Mbox,
}

#[derive(Args)]
pub struct Export {
    /// Folder to write to; made when it is missing. An export that was broken off goes on where it was
    #[arg(value_name = "FOLDER")]
    target: PathBuf,
    /// Only this account; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    account: Vec<String>,
    /// How it is written
    #[arg(long = "as", value_enum, value_name = "FORM", default_value = "maildir")]
    kind: Kinds,
    /// Read everything back afterwards and compare
    #[arg(long)]
    verify: bool,
    /// Write nothing: only check an export that is there
    #[arg(long, conflicts_with_all = ["verify", "kind"])]
    check: bool,
    #[command(flatten)]
    signed: Signed,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Export {
    pub fn run(self) -> Result<()> {
        if self.check {
            return self.check_only();
        }
        with_store(&self.data, async |ctx| {
            let mut summaries = Vec::new();
            for account in self.accounts(&ctx).await? {
                summaries.push(self.export(&ctx, &account).await?);
            }
            let checked = if self.verify {
                let addresses: Vec<String> = summaries.iter().map(|s| s.address.clone()).collect();
                verify_export(&self.target, &addresses)?
            } else {
                Vec::new()
            };
            self.report(&summaries, &checked)
        })
    }

    async fn accounts(&self, ctx: &Ctx) -> Result<Vec<Account>> {
        if self.account.is_empty() {
            return list_accounts(ctx).await;
        }
        let mut found: Vec<Account> = Vec::new();
        for address in &self.account {
            let account = find_account(ctx, address).await?;
            if !found.iter().any(|a| a.id == account.id) {
                found.push(account);
            }
        }
        Ok(found)
    }

    async fn export(&self, ctx: &Ctx, account: &Account) -> Result<Summary> {
        let form = match self.kind {
            Kinds::Maildir => export::Form::Maildir,
            Kinds::Mbox => export::Form::Mbox,
        };
        export_account(ctx, account, &self.target, form)
            .await
            .map_err(|e| match e.kind() {
                Kind::OverQuota => Error::over_quota(format!(
                    "the disk of {} is full; make room and run the same command again, it goes on where it was",
                    self.target.display()
                )),
                _ => e,
            })
    }

    fn check_only(&self) -> Result<()> {
        let addresses: Vec<String> = self.account.iter().map(|a| a.to_lowercase()).collect();
        self.report(&[], &verify_export(&self.target, &addresses)?)
    }

    fn report(&self, written: &[Summary], checked: &[Checked]) -> Result<()> {
        let mut lines = Vec::new();
        for s in written {
            let mb = s.bytes.div_ceil(1 << 20);
            let at = s.folder.display();
            lines.push(format!(
                "{}: {} messages, {mb} MB, {} events, tasks and contacts, in {at}",
                s.address, s.messages, s.objects
            ));
            lines.extend(s.problems.iter().map(|p| format!("  not exported: {p}")));
        }
        for c in checked {
            let found = match c.findings.len() {
                0 => "all as they were".to_owned(),
                n => format!("{n} findings"),
            };
            lines.push(format!(
                "{}: {} messages, {} events, tasks and contacts checked, {found}",
                c.address, c.messages, c.objects
            ));
            lines.extend(c.findings.iter().map(|f| format!("  {f}")));
        }
        let both = json!({"exported": written, "checked": checked});
        self.signed.write(&self.data, "export", &both)?;
        print_done(&self.form, &both, &lines.join("\n"))?;
        let bad =
            written.iter().any(|s| !s.problems.is_empty()) || checked.iter().any(|c| !c.findings.is_empty());
        if bad {
            return Err(Error::unavailable(
                "not everything is in the export as it should be; hauspost doctor checks the data itself",
            ));
        }
        Ok(())
    }
}
