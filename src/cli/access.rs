//! `hauspost access ...`: who may use whose mailbox.

use super::output::{print_done, print_list};
use super::{DataFolder, Form, with_store};
use crate::base::Result;
use crate::identity::access::{list_access, set_access};
use crate::model::access::AccessLevel;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Subcommand)]
pub enum Access {
    /// Let somebody into a mailbox
    Set(Set),
    /// Let somebody in no more
    Remove(Pair),
    /// Who may use a mailbox
    List(List),
}

#[derive(Args)]
pub struct Pair {
    /// Address of the mailbox
    mailbox: String,
    /// Address of the one who may use it
    who: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Set {
    #[command(flatten)]
    pair: Pair,
    /// read, edit (also change and move), or full (also send as the mailbox)
    #[arg(long, value_name = "LEVEL", default_value = "edit")]
    level: String,
}

#[derive(Args)]
pub struct List {
    /// Address of the mailbox
    mailbox: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Access {
    pub fn run(self) -> Result<()> {
        match self {
            Access::Set(c) => {
                let level = AccessLevel::parse(&c.level)?;
                change(&c.pair, Some(level))
            }
            Access::Remove(pair) => change(&pair, None),
            Access::List(c) => with_store(&c.data, async |ctx| {
                let all: Vec<_> = list_access(&ctx, &c.mailbox)
                    .await?
                    .into_iter()
                    .map(|(a, level)| json!({"address": a.address, "level": level}))
                    .collect();
                let text =
                    |v: &serde_json::Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
                print_list(&c.form, &["WHO", "ACCESS"], &all, |v| {
                    vec![text(v, "address"), text(v, "level")]
                })
            }),
        }
    }
}

fn change(pair: &Pair, level: Option<AccessLevel>) -> Result<()> {
    with_store(&pair.data, async |ctx| {
        set_access(&ctx, &pair.mailbox, &pair.who, level).await?;
        let said = match level {
            Some(level) => format!("{} may use {} ({})", pair.who, pair.mailbox, level.as_str()),
            None => format!("{} may not use {} any more", pair.who, pair.mailbox),
        };
        print_done(
            &pair.form,
            &json!({"mailbox": pair.mailbox, "who": pair.who, "level": level}),
            &said,
        )
    })
}
