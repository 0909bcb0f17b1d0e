//! `hauspost doctor` and `hauspost verify`.

use super::output::print_done;
use super::{DataFolder, Form, with_store};
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use crate::mail::doctor::{Finding, check_account, check_office, rebuild_account};
use crate::{calendar, contacts};
use clap::Args;
use serde_json::{Value, json};

#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
    /// Compute again what can be computed: lists, structure, index, counters
    #[arg(long)]
    rebuild: bool,
}

#[derive(Args)]
pub struct Verify {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

/// Whose file, and what is wrong there.
type Findings = Vec<(String, Finding)>;

async fn check_all(ctx: &Ctx) -> Result<Findings> {
    let mut all: Findings = check_office(ctx)
        .await?
        .into_iter()
        .map(|f| ("office".to_owned(), f))
        .collect();
    for account in list_accounts(ctx).await? {
        match check_account(ctx, account.id).await {
            Ok(found) => all.extend(found.into_iter().map(|f| (account.address.clone(), f))),
            Err(e) => all.push((
                account.address.clone(),
                Finding {
                    what: format!("the account's file cannot be read: {e:?}"),
                    is_repairable: false,
                },
            )),
        }
    }
    Ok(all)
}

fn report(form: &Form, accounts: usize, all: &Findings) -> Result<()> {
    let list: Vec<Value> = all
        .iter()
        .map(|(place, f)| json!({"where": place, "what": f.what, "repairable": f.is_repairable}))
        .collect();
    let mut text = String::new();
    for (place, f) in all {
        let hint = if f.is_repairable {
            " (doctor --rebuild repairs it)"
        } else {
            ""
        };
        text.push_str(&format!("{place}: {}{hint}\n", f.what));
    }
    text.push_str(&match all.len() {
        0 => format!("{accounts} accounts checked, nothing found"),
        n => format!("{accounts} accounts checked, {n} findings"),
    });
    print_done(form, &json!({"accounts": accounts, "findings": list}), &text)?;
    if all.is_empty() {
        Ok(())
    } else {
        Err(Error::unavailable("the data is not as it should be"))
    }
}

impl Doctor {
    pub fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let accounts = list_accounts(&ctx).await?;
            if self.rebuild {
                for account in &accounts {
                    rebuild_account(&ctx, account.id).await?;
                    calendar::rebuild(&ctx, account.id).await?;
                    contacts::rebuild(&ctx, account.id).await?;
                }
            }
            report(&self.form, accounts.len(), &check_all(&ctx).await?)
        })
    }
}

impl Verify {
    /// Opening the store has checked versions and migrated; here every file is read once.
    pub fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let accounts = list_accounts(&ctx).await?;
            report(&self.form, accounts.len(), &check_all(&ctx).await?)
        })
    }
}
