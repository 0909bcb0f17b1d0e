//! `hauspost domain ...`

use super::output::{print_done, print_list};
use super::{DataFolder, Form, with_store};
use crate::base::Result;
use crate::identity::domains::{add_domain, list_domains, remove_domain};
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Subcommand)]
pub enum Domain {
    /// Take mail for a domain
    Add(One),
    /// All domains
    List(List),
    /// Take no more mail for a domain
    Remove(One),
}

#[derive(Args)]
pub struct One {
    /// Domain, such as example.org
    name: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Domain {
    pub fn run(self) -> Result<()> {
        match self {
            Domain::Add(c) => with_store(&c.data, async |ctx| {
                let is_new = add_domain(&ctx, &c.name).await?;
                let text = if is_new { "added" } else { "was there already" };
                print_done(
                    &c.form,
                    &json!({"name": c.name, "isNew": is_new}),
                    &format!("{} {text}", c.name),
                )
            }),
            Domain::List(c) => with_store(&c.data, async |ctx| {
                let all = list_domains(&ctx).await?;
                print_list(&c.form, &["DOMAIN", "DKIM SELECTOR"], &all, |d| {
                    vec![d.name.clone(), d.dkim_selector.clone().unwrap_or_default()]
                })
            }),
            Domain::Remove(c) => with_store(&c.data, async |ctx| {
                remove_domain(&ctx, &c.name).await?;
                print_done(&c.form, &json!({"name": c.name}), &format!("{} removed", c.name))
            }),
        }
    }
}
